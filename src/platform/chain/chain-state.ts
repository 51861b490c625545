// The development chain's state on disk: asked from the node, written whole beside the old one, and put in its place.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Logger } from '../logger.ts';
import { callRpc } from './json-rpc.ts';

const DUMP_WITHIN_ms = 60_000;
const SAVE_EVERY_ms = 3_000;
/** A state grows with the chain (1.6 KB a block): saving it may take one part in so many of the time. */
const SAVING_SHARE = 10;

export class ChainState {
  readonly #file: string;
  #url = '';
  #savedBlock = -1;
  #saving: Promise<void> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** What the node must be started with to have the saved state. */
  arguments(): string[] {
    return existsSync(this.#file) ? ['--load-state', this.#file] : [];
  }

  /** The node whose state is to be saved, newly started. */
  follow(url: string): void {
    this.#url = url;
    this.#savedBlock = -1;
  }

  /** Saves where there were transactions since the last time; empty blocks alone aren't worth the writing. */
  save(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  /** Saves again and again. @returns what ends it */
  keepSaving(logger: Logger): () => void {
    let timer: NodeJS.Timeout;
    const saveAfter = (pause_ms: number): void => {
      timer = setTimeout(async () => {
        const began_ms = performance.now();
        await this.save().catch((error: Error) =>
          logger.warn({ why: error.message }, 'the chain state was not saved this time'),
        );
        if (!ended) saveAfter(Math.max(SAVE_EVERY_ms, (performance.now() - began_ms) * SAVING_SHARE));
      }, pause_ms);
    };
    let ended = false;
    saveAfter(SAVE_EVERY_ms);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  async #save(): Promise<void> {
    const newest = Number(await callRpc(this.#url, 'eth_blockNumber'));
    if (!(await this.#hasTransactionsUpTo(newest))) return;
    const dump = (await callRpc(this.#url, 'anvil_dumpState', [], DUMP_WITHIN_ms)) as string;
    writeDurably(this.#file, await promisify(gunzip)(Buffer.from(dump.slice(2), 'hex')));
    this.#savedBlock = newest;
  }

  async #hasTransactionsUpTo(newest: number): Promise<boolean> {
    if (this.#savedBlock < 0 || newest < this.#savedBlock) return true;
    for (let block = this.#savedBlock + 1; block <= newest; block += 1) {
      const count = await callRpc(this.#url, 'eth_getBlockTransactionCountByNumber', [`0x${block.toString(16)}`]);
      if (Number(count) > 0) return true;
      // Seen to be empty: not asked again.
      this.#savedBlock = block;
    }
    return false;
  }
}

/** Either the old content or the new is there after a crash, never a part. */
function writeDurably(file: string, content: Buffer): void {
  const unfinished = `${file}.new`;
  const handle = openSync(unfinished, 'w', 0o600);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(handle, content, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(unfinished, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

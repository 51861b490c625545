// A development chain of our own (anvil): made at first start, its state saved as it grows, supervised while we run.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { computeAddress, parseEther, toQuantity } from 'ethers';
import { commandLine, endProcess, isAlive } from '../child-process.ts';
import { freePort } from '../free-port.ts';
import type { Logger } from '../logger.ts';
import { problem } from '../problem.ts';
import { type Random, systemRandom } from '../random.ts';
import { SupervisedProcess } from '../supervised-process.ts';
import { anvilProgram } from './anvil-program.ts';
import { ChainState } from './chain-state.ts';
import { callRpc } from './json-rpc.ts';

const CHAIN_ID = 31_337;
const READY_WITHIN_ms = 30_000;
const BLOCK_TIME_s = 1;
const STOP_SIGNALS: [NodeJS.Signals, number][] = [
  ['SIGTERM', 3_000],
  ['SIGKILL', 5_000],
];

export interface EmbeddedChain {
  readonly url: string;
  readonly port: number;
  readonly chainId: number;
  /** Private key, `0x` and 64 hexadecimal digits, of an account made for this chain alone, with play money on it. */
  readonly committerKey: string;
  readonly pid: () => number | undefined;
  /** Saves the state now, where it has new transactions. */
  save(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the chain, with what an earlier run saved. A node that a killed run left behind gives up its state and is stopped
 * first, so that nothing is lost; where node and run were killed both, what is lost is at most what came since the last
 * save.
 *
 * @param directory absolute folder for everything of the chain; created where absent
 * @param port wanted TCP port on 127.0.0.1; the next free one is taken where it is held
 * @throws START_FAILED in one sentence, where the folder can't be used or the node doesn't come up
 */
export async function startEmbeddedChain(
  directory: string,
  port: number,
  logger: Logger,
  random: Random = systemRandom,
): Promise<EmbeddedChain> {
  prepareFolder(directory);
  const runFile = join(directory, 'node.json');
  const state = new ChainState(join(directory, 'state.json'));
  await stopOrphan(runFile, directory, state);
  const committerKey = ownKey(join(directory, 'committer-key'), random);
  const chosenPort = await freePort(port);
  const url = `http://127.0.0.1:${chosenPort}`;
  const node = new SupervisedProcess(
    {
      name: 'chain node',
      program: anvilProgram(join(directory, 'anvil')),
      arguments: () => [
        ...['--host', '127.0.0.1', '--port', String(chosenPort), '--chain-id', String(CHAIN_ID)],
        // No accounts of its own (their keys are known to everybody), and no pages of other sites.
        ...['--accounts', '0', '--no-cors', '--quiet'],
        // Without old states, which would cost 40 KB of memory a block; blocks, transactions and receipts stay.
        ...['--block-time', String(BLOCK_TIME_s), '--prune-history'],
        // Also tells an orphan of ours from anybody else's anvil.
        ...['--cache-path', join(directory, 'cache')],
        ...state.arguments(),
      ],
      logFile: join(directory, 'node.log'),
      account: null,
      stopSignals: STOP_SIGNALS,
      isReady: () => isReady(url),
      readyWithin_ms: READY_WITHIN_ms,
      started: (pid) => {
        writeFileSync(runFile, JSON.stringify({ pid, url }), { mode: 0o600 });
        state.follow(url);
      },
    },
    logger,
  );
  await node.start();
  await callRpc(url, 'anvil_setBalance', [computeAddress(committerKey), toQuantity(parseEther('1000000'))]);
  // From here on there is a saved state, so that a node started again has the balance too.
  await state.save();
  const endSaving = state.keepSaving(logger);
  return {
    url,
    port: chosenPort,
    chainId: CHAIN_ID,
    committerKey,
    pid: () => node.pid(),
    save: () => state.save(),
    async stop() {
      endSaving();
      await state.save().catch((error: Error) => logger.warn({ why: error.message }, 'the chain state was not saved'));
      await node.stop();
      rmSync(runFile, { force: true });
    },
  };
}

function prepareFolder(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, 'node.log'), '', { flag: 'a', mode: 0o600 });
  } catch (error) {
    throw problem(
      'START_FAILED',
      `The chain's folder ${directory} can't be written (${(error as Error).message}); choose another with --data-dir.`,
    );
  }
}

function ownKey(file: string, random: Random): string {
  if (!existsSync(file)) {
    writeFileSync(file, `0x${Buffer.from(random.bytes(32)).toString('hex')}`, { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}

async function stopOrphan(runFile: string, directory: string, state: ChainState): Promise<void> {
  if (!existsSync(runFile)) return;
  const { pid, url } = readRun(runFile);
  if (pid > 0 && isAlive(pid) && commandLine(pid).includes(directory)) {
    state.follow(url);
    // A node that hangs has no more to give than what was saved.
    await state.save().catch(() => {});
    await endProcess(pid, STOP_SIGNALS);
    if (isAlive(pid))
      throw problem(
        'START_FAILED',
        `A chain node of an earlier run (process ${pid}) doesn't stop; end it and start again.`,
      );
  }
  rmSync(runFile, { force: true });
}

function readRun(runFile: string): { pid: number; url: string } {
  try {
    return JSON.parse(readFileSync(runFile, 'utf8')) as { pid: number; url: string };
  } catch {
    return { pid: 0, url: '' };
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return Number(await callRpc(url, 'eth_chainId', [], 1_000)) === CHAIN_ID;
  } catch {
    return false;
  }
}

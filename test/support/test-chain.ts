// A bare chain node for a test: mines a block for each transaction at once, and more only when told to.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { computeAddress } from 'ethers';
import { anvilProgram } from '../../src/platform/chain/anvil-program.ts';
import { callRpc } from '../../src/platform/chain/json-rpc.ts';
import { waitForExit } from '../../src/platform/child-process.ts';
import { freePort } from '../../src/platform/free-port.ts';

const READY_WITHIN_ms = 20_000;

export interface TestChain {
  readonly url: string;
  readonly chainId: number;
  /** Private key of an account with money. */
  readonly key: string;
  rpc(method: string, ...parameters: unknown[]): Promise<unknown>;
  /** Money for another key. */
  fund(key: string): Promise<void>;
  mine(blocks: number): Promise<void>;
  /** Ends the node: it answers no more. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing on it. */
  restartEmpty(): Promise<void>;
  /** All that the node holds now, for `restartFrom`. */
  saveState(): Promise<ChainStateFile>;
  /** Starts it again on the same port as it was when the state was saved: what came later is lost. */
  restartFrom(state: ChainStateFile): Promise<void>;
}

type ChainStateFile = Buffer;

export async function startTestChain(chainId = 31_337): Promise<TestChain> {
  const directory = mkdtempSync(join(tmpdir(), 'naru-anvil-'));
  const port = await freePort(0);
  const url = `http://127.0.0.1:${port}`;
  const key = `0x${randomBytes(32).toString('hex')}`;
  let node: ChildProcess | undefined;

  const fund = async (of: string): Promise<void> => {
    await callRpc(url, 'anvil_setBalance', [computeAddress(of), '0xd3c21bcecceda1000000']);
  };
  const start = async (more: string[] = []): Promise<void> => {
    const options = ['--port', String(port), '--chain-id', String(chainId), '--accounts', '0', '--quiet', ...more];
    node = spawn(anvilProgram(join(directory, 'anvil')), options, { stdio: 'ignore', cwd: '/' });
    for (let waited_ms = 0; waited_ms < READY_WITHIN_ms; waited_ms += 50) {
      if (
        await fund(key).then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(50);
    }
    throw new Error('the test chain did not start');
  };
  await start();
  return {
    url,
    chainId,
    key,
    rpc: (method, ...parameters) => callRpc(url, method, parameters),
    fund,
    mine: async (blocks) => {
      await callRpc(url, 'anvil_mine', [`0x${blocks.toString(16)}`]);
    },
    async kill() {
      const pid = node?.pid;
      node?.kill('SIGKILL');
      if (pid !== undefined) await waitForExit(pid, 5_000);
      rmSync(directory, { recursive: true, force: true });
    },
    restartEmpty: () => start(),
    async saveState() {
      return promisify(gunzip)(Buffer.from(String(await callRpc(url, 'anvil_dumpState')).slice(2), 'hex'));
    },
    async restartFrom(state) {
      mkdirSync(directory, { recursive: true });
      const file = join(directory, 'state.json');
      writeFileSync(file, state);
      await start(['--load-state', file]);
    },
  };
}

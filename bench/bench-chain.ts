// A chain node for gas figures: mines at once, takes blocks of any size, and sends for any account without its key.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress } from 'ethers';
import { anvilProgram } from '../src/platform/chain/anvil-program.ts';
import { callRpc } from '../src/platform/chain/json-rpc.ts';
import { freePort } from '../src/platform/free-port.ts';

const READY_WITHIN_ms = 20_000;
const ANSWER_WITHIN_ms = 120_000;
const CHAIN_ID = 31_337;

export interface BenchChain {
  url: string;
  chainId: number;
  /** Private key of an account with money. */
  key: string;
  rpc(method: string, ...parameters: unknown[]): Promise<unknown>;
  stop(): void;
}

export async function startBenchChain(): Promise<BenchChain> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-bench-chain-'));
  const port = await freePort(0);
  const url = `http://127.0.0.1:${port}`;
  const key = `0x${randomBytes(32).toString('hex')}`;
  const options = [
    '--port',
    `${port}`,
    '--chain-id',
    `${CHAIN_ID}`,
    '--accounts',
    '0',
    '--quiet',
    '--auto-impersonate',
  ];
  // No base fee, so that accounts without money may send; room in a block for all that is sent at once.
  const free = ['--base-fee', '0', '--gas-limit', '3000000000', '--disable-min-priority-fee'];
  const node = spawn(anvilProgram(join(folder, 'anvil')), [...options, ...free], { stdio: 'ignore', cwd: '/' });
  const rpc = (method: string, ...parameters: unknown[]) => callRpc(url, method, parameters, ANSWER_WITHIN_ms);
  for (let waited_ms = 0; ; waited_ms += 50) {
    try {
      await rpc('anvil_setBalance', computeAddress(key), '0xd3c21bcecceda1000000');
      break;
    } catch (error) {
      if (waited_ms > READY_WITHIN_ms) throw error;
      await sleep(50);
    }
  }
  return {
    ...{ url, chainId: CHAIN_ID, key, rpc },
    stop() {
      node.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

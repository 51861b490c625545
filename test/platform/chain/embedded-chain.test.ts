import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonRpcProvider, Wallet } from 'ethers';
import { afterEach, describe, expect, test } from 'vitest';
import { type EmbeddedChain, startEmbeddedChain } from '../../../src/platform/chain/embedded-chain.ts';
import { callRpc } from '../../../src/platform/chain/json-rpc.ts';
import { waitForExit } from '../../../src/platform/child-process.ts';
import { createLogger } from '../../../src/platform/logger.ts';

const logger = createLogger('silent');
const RECEIVER = '0x00000000000000000000000000000000000000aa';
const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'naru-chain-'));
  cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'chain');
}

async function start(directory: string, port = 0): Promise<EmbeddedChain> {
  const chain = await startEmbeddedChain(directory, port, logger);
  cleanUps.push(() => chain.stop());
  return chain;
}

/** @returns hash of a mined transaction that gives RECEIVER `wei` */
async function pay(chain: EmbeddedChain, wei: number): Promise<string> {
  const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, pollingInterval: 100 });
  try {
    const sent = await new Wallet(chain.committerKey, provider).sendTransaction({ to: RECEIVER, value: wei });
    await sent.wait();
    return sent.hash;
  } finally {
    provider.destroy();
  }
}

const balance = async (chain: EmbeddedChain): Promise<number> =>
  Number(await callRpc(chain.url, 'eth_getBalance', [RECEIVER, 'latest']));
const receipt = (chain: EmbeddedChain, hash: string): Promise<unknown> =>
  callRpc(chain.url, 'eth_getTransactionReceipt', [hash]);
const pidOf = (chain: EmbeddedChain): number => chain.pid() as number;

describe('the built-in chain', () => {
  test('keeps its state, its transactions and its key over a stop and a start', async () => {
    const directory = folder();
    const first = await start(directory);
    const hash = await pay(first, 7);
    const before = await receipt(first, hash);
    await first.stop();
    const second = await start(directory);
    expect(second.committerKey).toBe(first.committerKey);
    expect(await balance(second)).toBe(7);
    expect(await receipt(second, hash)).toEqual(before);
    const block = (before as { blockNumber: string }).blockNumber;
    expect(await callRpc(second.url, 'eth_getBlockByNumber', [block, false])).toMatchObject({ transactions: [hash] });
    await pay(second, 1);
    expect(await balance(second)).toBe(8);
  });

  test('takes over from the node that a killed run left behind, with all it had', async () => {
    const directory = folder();
    const orphan = await start(directory);
    const hash = await pay(orphan, 8);
    const pid = pidOf(orphan);
    const next = await start(directory);
    expect(await waitForExit(pid, 5_000)).toBe(true);
    expect(await balance(next)).toBe(8);
    expect(await receipt(next, hash)).toMatchObject({ status: '0x1' });
  });

  test('is started again from what was saved when its node is killed', async () => {
    const chain = await start(folder());
    const hash = await pay(chain, 9);
    await chain.save();
    const killed = pidOf(chain);
    process.kill(killed, 'SIGKILL');
    await waitForExit(killed, 5_000);
    await expect.poll(() => balance(chain).catch(() => null), { timeout: 60_000 }).toBe(9);
    expect(await receipt(chain, hash)).toMatchObject({ status: '0x1' });
    await pay(chain, 1);
  });

  test('goes on growing in blocks of a second', async () => {
    const chain = await start(folder());
    await expect
      .poll(async () => Number(await callRpc(chain.url, 'eth_blockNumber')), { timeout: 60_000 })
      .toBeGreaterThan(1);
  });

  test('takes the next free port where the wanted one is held', async () => {
    const first = await start(folder());
    const second = await start(folder(), first.port);
    expect(second.port).toBeGreaterThan(first.port);
  });

  test('keeps its key to its own account, and off the command line', async () => {
    const directory = folder();
    const chain = await start(directory);
    expect(statSync(join(directory, 'committer-key')).mode & 0o777).toBe(0o600);
    expect(chain.committerKey).toMatch(/^0x[0-9a-f]{64}$/);
    expect(readFileSync(join(directory, 'node.log'), 'utf8')).not.toContain(chain.committerKey.slice(2));
    expect(await callRpc(chain.url, 'eth_accounts')).toEqual([]);
  });

  test('says in one sentence that a folder cannot be used', async () => {
    await expect(startEmbeddedChain('/dev/null/naru', 0, logger)).rejects.toMatchObject({
      code: 'START_FAILED',
      detail: expect.stringMatching(/^The chain's folder \/dev\/null\/naru can't be written.*--data-dir\.$/),
    });
  });
});

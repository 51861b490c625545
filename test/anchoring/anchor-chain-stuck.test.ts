import { Wallet } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import {
  AnchoringFixture,
  anchorOf,
  STUCK_AFTER_ms,
  statusOf,
  untilIncluded,
  WAIT,
} from '../support/anchoring-fixture.ts';
import { testDatabase } from '../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);

interface Sent {
  transaction: string;
  nonce: number;
  max_fee_wei: string;
  refused: boolean;
}

async function sentFor(epoch: number): Promise<Sent[]> {
  const { rows } = await fixture.pool.query(
    `SELECT '0x' || encode(transaction, 'hex') AS transaction, nonce, max_fee_wei, refused
     FROM anchoring.sending WHERE epoch = $1 ORDER BY max_fee_wei`,
    [epoch],
  );
  return rows as Sent[];
}

const untilSent = (epoch: number, count: number) =>
  expect.poll(async () => (await sentFor(epoch)).length, WAIT).toBe(count);

const stopMining = () => fixture.chain.rpc('evm_setAutomine', false);

async function resumeMining(): Promise<void> {
  await fixture.chain.mine(1);
  await fixture.chain.rpc('evm_setAutomine', true);
}

/** Transactions of our account that are in a block. */
async function minedCount(): Promise<number> {
  const address = new Wallet(fixture.chain.key).address;
  return Number(await fixture.chain.rpc('eth_getTransactionCount', address, 'latest'));
}

describe('a transaction that is in no block', () => {
  test('gets a higher fee under the same nonce, and one of them becomes the anchor', async () => {
    const one = await fixture.start();
    const before = await minedCount();
    await stopMining();
    await fixture.set(1, 1);
    await untilSent(1, 1);
    fixture.passTime(STUCK_AFTER_ms);
    await untilSent(1, 2);
    const [first, second] = (await sentFor(1)) as [Sent, Sent];
    expect(second.nonce).toBe(first.nonce);
    expect(BigInt(second.max_fee_wei) * 1000n).toBeGreaterThanOrEqual(BigInt(first.max_fee_wei) * 1125n);
    await resumeMining();
    await fixture.untilFinal(one, 1);
    const anchor = (await anchorOf(one, 1)) as Anchor;
    expect(anchor.transaction).toBe(second.transaction);
    expect(await fixture.isAnchoredOnChain(anchor)).toBe(true);
    expect(await minedCount()).toBe(before + 1);
  });

  test('keeps its fee while it is not late', async () => {
    const one = await fixture.start();
    await stopMining();
    await fixture.set(1, 1);
    await untilSent(1, 1);
    fixture.passTime(STUCK_AFTER_ms - 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await sentFor(1)).toHaveLength(1);
    await resumeMining();
    await untilIncluded(one, 1);
  });

  test('is followed by the next start, and not made a second time', async () => {
    const first = await fixture.start();
    await stopMining();
    await fixture.set(1, 1);
    await untilSent(1, 1);
    await fixture.stop(first);
    const second = await fixture.start();
    fixture.passTime(STUCK_AFTER_ms);
    await untilSent(1, 2);
    expect(new Set((await sentFor(1)).map(({ nonce }) => nonce)).size).toBe(1);
    await resumeMining();
    await untilIncluded(second, 1);
  });

  test('is sent again as it is when the node has dropped it', async () => {
    const one = await fixture.start();
    await stopMining();
    await fixture.set(1, 1);
    await untilSent(1, 1);
    const [{ transaction }] = (await sentFor(1)) as [Sent];
    await expect.poll(() => fixture.chain.rpc('eth_getTransactionByHash', transaction), WAIT).not.toBeNull();
    await fixture.chain.rpc('anvil_dropTransaction', transaction);
    await expect.poll(() => fixture.chain.rpc('eth_getTransactionByHash', transaction), WAIT).not.toBeNull();
    await resumeMining();
    await untilIncluded(one, 1);
    expect((await anchorOf(one, 1))?.transaction).toBe(transaction);
    expect(await sentFor(1)).toHaveLength(1);
  });

  test('is trouble where the ceiling allows no higher fee, and is anchored all the same when it is mined', async () => {
    const one = await fixture.start({ maxFee_gwei: 3 });
    await stopMining();
    await fixture.set(1, 1);
    await untilSent(1, 1);
    for (let n = 0; n < 8; n += 1) {
      fixture.passTime(STUCK_AFTER_ms);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_FEE_CEILING');
    for (const { max_fee_wei } of await sentFor(1)) expect(BigInt(max_fee_wei)).toBeLessThanOrEqual(3_000_000_000n);
    await resumeMining();
    await untilIncluded(one, 1);
    await expect.poll(() => one.trouble(), WAIT).toBeNull();
  });
});

describe("another tool's transaction of the same account", () => {
  const foreign = async (nonce: number): Promise<string> => {
    const signed = await new Wallet(fixture.chain.key).signTransaction({
      ...{ type: 2, chainId: fixture.chain.chainId, nonce, to: `0x${'0d'.repeat(20)}`, gasLimit: 21_000 },
      ...{ maxFeePerGas: 4_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
    });
    return (await fixture.chain.rpc('eth_sendRawTransaction', signed)) as string;
  };

  test('behind a gap is let through by the commit that fills the gap', async () => {
    const one = await fixture.start();
    const lowest = await minedCount();
    await foreign(lowest + 1);
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    expect((await sentFor(1)).map(({ nonce }) => nonce)).toEqual([lowest]);
    await expect.poll(minedCount, WAIT).toBe(lowest + 2);
  });

  test('under the next nonce is waited for, then replaced', async () => {
    const one = await fixture.start();
    const lowest = await minedCount();
    await stopMining();
    const other = await foreign(lowest);
    await fixture.set(1, 1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await sentFor(1)).toEqual([]);
    fixture.passTime(STUCK_AFTER_ms);
    await expect.poll(async () => (await sentFor(1)).some(({ refused }) => !refused), WAIT).toBe(true);
    await expect.poll(() => fixture.chain.rpc('eth_getTransactionByHash', other), WAIT).toBeNull();
    await resumeMining();
    await untilIncluded(one, 1);
    expect(await minedCount()).toBe(lowest + 1);
  });
});

describe('two copies on one database and one chain', () => {
  test('make one transaction for each epoch, also when the lock is lost with its connection', async () => {
    const copies = await Promise.all([fixture.start(), fixture.start()]);
    const before = await minedCount();
    for (let n = 1; n <= 6; n += 1) {
      fixture.passTime();
      await fixture.set(n, n);
      await fixture.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      await expect.poll(() => statusOf(copies[0], n), WAIT).toBe('included');
    }
    const { rows } = await fixture.pool.query(
      'SELECT epoch, count(*)::int AS n FROM anchoring.sending WHERE epoch IS NOT NULL GROUP BY epoch ORDER BY epoch',
    );
    expect(rows).toEqual([1, 2, 3, 4, 5, 6].map((epoch) => ({ epoch, n: 1 })));
    expect(await minedCount()).toBe(before + 6);
  });
});

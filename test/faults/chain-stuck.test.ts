// The chain does not take an epoch's transaction: no blocks are made, or it pays less than blocks ask for.
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress, Wallet } from 'ethers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onNode, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, metric, PATIENCE } from '../support/city.ts';

const settings = { CHAIN_CONFIRMATIONS: '1', CHAIN_STUCK_AFTER_S: '2' };
const FEE_BUMPS = 'naru_anchor_fee_bumps_total';
const BLOCK_EVERY_ms = 700;
const BLOCKS_MAX = 40;

interface Waiting {
  hash: string;
  nonce: number;
  maxFee_wei: bigint;
}

let city: City;
let instance: Instance;

beforeEach(async () => {
  city = await City.open();
  instance = await city.start(settings);
  await city.ledger.untilSettled(instance.url);
  await city.mineNothing();
});

afterEach(() => city?.close());

/** The committer's transactions that the node holds and no block does. */
async function waiting(): Promise<Waiting[]> {
  type Pooled = Record<string, Record<string, { hash: string; nonce: string; maxFeePerGas: string }>>;
  const pool = (await city.chain.rpc('txpool_content')) as { pending: Pooled; queued: Pooled };
  return [pool.pending, pool.queued]
    .flatMap((accounts) => Object.values(accounts).flatMap((byNonce) => Object.values(byNonce)))
    .map(({ hash, nonce, maxFeePerGas }) => ({ hash, nonce: Number(nonce), maxFee_wei: BigInt(maxFeePerGas) }));
}

async function untilWaiting(): Promise<Waiting> {
  await expect.poll(async () => (await waiting()).length, PATIENCE).toBe(1);
  const [one] = await waiting();
  if (one === undefined) throw new Error('it is not waiting any more');
  return one;
}

async function expectOneCommit(did: string, nonce: number): Promise<void> {
  const { epoch } = (await city.ledger.anchorOf(instance.url, did)) ?? {};
  const all = await transactionsOf(city.chain, computeAddress(city.chain.key));
  expect(all.filter((each) => each.epoch === epoch)).toEqual([expect.objectContaining({ nonce, succeeded: true })]);
  expect(all.map((each) => each.nonce)).toEqual(all.map((_, index) => index));
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 1, missing: [], twice: [] });
}

test('while no blocks are made it replaces the transaction under the same nonce at a higher fee [faults 50]', async () => {
  const did = await city.ledger.register(instance.url);
  const first = await untilWaiting();
  await expect.poll(async () => (await waiting())[0]?.hash, PATIENCE).not.toBe(first.hash);
  const second = await untilWaiting();
  expect(second.nonce).toBe(first.nonce);
  expect(second.maxFee_wei).toBeGreaterThanOrEqual((first.maxFee_wei * 110n) / 100n);
  expect((await city.ledger.anchorOf(instance.url, did))?.status).toBe('pending');
  await expect.poll(() => metric(instance, FEE_BUMPS), PATIENCE).toBeGreaterThanOrEqual(1);

  await city.chain.rpc('evm_setAutomine', true);
  await city.chain.mine(1);
  await city.untilStatus(instance, did, 'final');
  await expectOneCommit(did, first.nonce);
}, 120_000);

test('where blocks ask for more than the transaction would pay, it pays more under the same nonce [faults 50]', async () => {
  const did = await city.ledger.register(instance.url);
  const first = await untilWaiting();
  const baseFee = `0x${(first.maxFee_wei * 3n).toString(16)}`;
  for (let block = 0; block < BLOCKS_MAX; block += 1) {
    await city.chain.rpc('anvil_setNextBlockBaseFeePerGas', baseFee);
    await city.chain.mine(1);
    if ((await city.ledger.anchorOf(instance.url, did))?.status === 'final') break;
    await sleep(BLOCK_EVERY_ms);
  }
  await city.untilStatus(instance, did, 'final');
  await expectOneCommit(did, first.nonce);
}, 120_000);

test('an epoch whose nonce another transaction of its key took is sent again under the next one [faults 50, 51]', async () => {
  const did = await city.ledger.register(instance.url);
  const first = await untilWaiting();
  await onNode(city.chain, async (provider) => {
    const wallet = new Wallet(city.chain.key, provider);
    const rival = {
      ...{ to: wallet.address, value: 0n, gasLimit: 21_000n, nonce: first.nonce },
      ...{ maxFeePerGas: first.maxFee_wei * 20n, maxPriorityFeePerGas: first.maxFee_wei * 10n },
    };
    await provider.broadcastTransaction(await wallet.signTransaction(await wallet.populateTransaction(rival)));
  });
  await city.chain.mine(1);
  await city.chain.rpc('evm_setAutomine', true);
  await city.chain.mine(1);
  await city.untilStatus(instance, did, 'final');
  await expectOneCommit(did, first.nonce + 1);
}, 120_000);

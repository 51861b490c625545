// Blocks that held an epoch leave the chain: by a re-org, and by a development chain that comes back as it was before.
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress } from 'ethers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commitsIn, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, PATIENCE } from '../support/city.ts';
import { watchStatus } from '../support/status-watch.ts';

const CONFIRMATIONS = 5;
/** Several rounds of the worker: what it would do wrongly it has done by then. */
const ROUNDS_ms = 2_000;
const settings = { CHAIN_CONFIRMATIONS: String(CONFIRMATIONS) };

let city: City;
let instance: Instance;

beforeEach(async () => {
  city = await City.open();
  instance = await city.start(settings);
});

afterEach(() => city?.close());

async function anchorOf(did: string) {
  const anchor = await city.ledger.anchorOf(instance.url, did);
  if (anchor === null) throw new Error('there is no anchor');
  return anchor;
}

async function registerFinal(): Promise<string> {
  const did = await city.ledger.register(instance.url);
  await city.untilStatus(instance, did, 'included');
  await city.chain.mine(CONFIRMATIONS - 1);
  await city.untilStatus(instance, did, 'final');
  return did;
}

test('a re-org of 3 blocks puts an epoch back to pending; it is sent again and final only after the confirmations [faults 49]', async () => {
  const before = await registerFinal();
  const did = await city.ledger.register(instance.url);
  await city.untilStatus(instance, did, 'included');
  const watch = watchStatus(city, instance, did);
  await city.chain.mine(2);
  const first = await anchorOf(did);
  expect(first.status).toBe('included');

  await city.mineNothing();
  await city.chain.rpc('anvil_reorg', 3, []);
  await city.untilStatus(instance, did, 'pending');
  await city.untilPooled(1);
  await city.chain.mine(1);
  await city.untilStatus(instance, did, 'included');
  await city.chain.mine(CONFIRMATIONS - 2);
  await sleep(ROUNDS_ms);
  expect((await anchorOf(did)).status).toBe('included');
  await city.chain.mine(1);
  await expect.poll(() => watch.seen.at(-1), PATIENCE).toBe('final');
  await watch.end();

  expect(watch.seen).toEqual(['included', 'pending', 'included', 'final']);
  expect(Math.min(...watch.confirmationsWhenFinal)).toBeGreaterThanOrEqual(CONFIRMATIONS);
  const after = await anchorOf(did);
  expect(after).toMatchObject({ epoch: first.epoch, root: first.root });
  expect(after.block).toBeGreaterThan(first.block ?? 0);
  expect((await anchorOf(before)).status).toBe('final');
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 2, missing: [], twice: [] });
  await expectOneCommitAnEpoch();
}, 120_000);

test('a chain that comes back without its tail gets the lost epochs again, those thought final too [faults 49]', async () => {
  await registerFinal();
  const saved = await city.chain.saveState();
  const thoughtFinal = await registerFinal();
  const included = await city.ledger.register(instance.url);
  await city.untilStatus(instance, included, 'included');
  const watches = [thoughtFinal, included].map((did) => watchStatus(city, instance, did));
  await expect.poll(() => watches.map(({ seen }) => seen.at(-1)), PATIENCE).toEqual(['final', 'included']);

  await city.chain.kill();
  await city.chain.restartFrom(saved);
  await city.mineNothing();
  await expect.poll(() => watches.map(({ seen }) => seen.at(-1)), PATIENCE).toEqual(['pending', 'pending']);
  await city.chain.rpc('evm_setAutomine', true);
  await city.chain.mine(1);
  await city.untilStatus(instance, included, 'included');
  await sleep(ROUNDS_ms);
  expect((await anchorOf(thoughtFinal)).status).toBe('included');
  await city.chain.mine(CONFIRMATIONS);
  await expect.poll(() => watches.map(({ seen }) => seen.at(-1)), PATIENCE).toEqual(['final', 'final']);
  await Promise.all(watches.map((watch) => watch.end()));

  expect(watches.map(({ seen }) => seen)).toEqual([
    ['final', 'pending', 'included', 'final'],
    ['included', 'pending', 'included', 'final'],
  ]);
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 3, missing: [], twice: [] });
  await expectOneCommitAnEpoch();
}, 120_000);

async function expectOneCommitAnEpoch(): Promise<void> {
  const { contract } = await anchorOf([...city.ledger.acknowledged.keys()][0] ?? '');
  const commits = await commitsIn(city.chain, contract);
  expect(commits.map(({ epoch }) => epoch)).toEqual(commits.map((_, index) => index + 1));
  const sent = (await transactionsOf(city.chain, computeAddress(city.chain.key))).filter(({ epoch }) => epoch !== null);
  expect(sent.map(({ epoch, succeeded }) => ({ epoch, succeeded }))).toEqual(
    commits.map(({ epoch }) => ({ epoch, succeeded: true })),
  );
}

// Two instances of the service on one database and one chain: for a minute under arriving changes, one of them killed
// halfway; and with a transaction of the same key that left a gap in its nonces.
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress, Wallet } from 'ethers';
import { afterEach, expect, test } from 'vitest';
import { chanceAt } from '../../simulators/seeded-chance.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { type BookedTransaction, commitsIn, onNode, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, metric } from '../support/city.ts';
import { newSeed } from '../support/seed.ts';

const RUN_ms = 60_000;
const KILL_AFTER_ms = 25_000;
const AWAY_ms = 3_000;
const CHANGE_EVERY_ms = 250;
/** Of a registry that was just deployed: the contract's and the registry's transaction. */
const DEPLOYMENT_TRANSACTIONS = 2;

let city: City;

afterEach(() => city?.close());

async function committed(): Promise<{ sent: BookedTransaction[]; epochs: number[]; nonces: number[] }> {
  const [did = ''] = city.ledger.acknowledged.keys();
  const { contract = '' } = (await city.ledger.anchorOf(city.publicUrl, did)) ?? {};
  const all = await transactionsOf(city.chain, computeAddress(city.chain.key));
  return {
    sent: all.filter(({ epoch }) => epoch !== null),
    epochs: (await commitsIn(city.chain, contract)).map(({ epoch }) => epoch),
    nonces: all.map(({ nonce }) => nonce),
  };
}

test('two instances for a minute, one killed halfway: one transaction an epoch, no gap, no duplicate [faults 51]', async () => {
  const seed = newSeed('two instances');
  city = await City.open();
  const settings = [{}, { HTTP_PORT: String(await freePort(0)) }];
  const instances: Instance[] = [];
  for (const each of settings) instances.push(await city.start(each));
  await city.mineSteadily();

  const began_ms = performance.now();
  const victim = chanceAt(seed, 0) < 0.5 ? 0 : 1;
  const killing = (async () => {
    await sleep(KILL_AFTER_ms);
    await instances[victim]?.kill();
    await sleep(AWAY_ms);
    instances[victim] = await city.start(settings[victim]);
  })();
  // Told where it is awaited.
  killing.catch(() => {});
  const registering: Promise<string | null>[] = [];
  for (let change = 1; performance.now() - began_ms < RUN_ms; change += 1) {
    const asked = instances[chanceAt(seed, change) < 0.5 ? 0 : 1];
    registering.push(city.ledger.tryRegister(asked?.url ?? ''));
    await sleep(CHANGE_EVERY_ms);
  }
  await Promise.all([killing, ...registering]);

  const outcome = await city.ledger.compare(city.publicUrl, city.chain);
  const { sent, epochs, nonces } = await committed();
  process.stdout.write(`two instances: ${outcome.acknowledged} DIDs acknowledged, ${epochs.length} epochs\n`);
  expect(outcome).toMatchObject({ missing: [], twice: [] });
  expect(outcome.acknowledged).toBeGreaterThan(RUN_ms / CHANGE_EVERY_ms / 2);
  expect(epochs.length).toBeGreaterThan(10);
  expect(epochs).toEqual(epochs.map((_, index) => index + 1));
  expect(sent.map(({ epoch, succeeded }) => ({ epoch, succeeded }))).toEqual(
    epochs.map((epoch) => ({ epoch, succeeded: true })),
  );
  expect(nonces).toEqual(Array.from({ length: DEPLOYMENT_TRANSACTIONS + epochs.length }, (_, nonce) => nonce));
  for (const instance of instances) expect(await metric(instance, 'naru_anchor_epoch')).toBe(epochs.length);
}, 180_000);

test('goes through a gap of nonces that another transaction of its key left [faults 51]', async () => {
  city = await City.open();
  const instance = await city.start();
  await city.mineSteadily();
  await city.ledger.untilSettled(instance.url);
  const ahead = await onNode(city.chain, async (provider) => {
    const wallet = new Wallet(city.chain.key, provider);
    const next = await provider.getTransactionCount(wallet.address);
    const sent = { to: wallet.address, value: 0n, gasLimit: 21_000n, nonce: next + 2 };
    await provider.broadcastTransaction(await wallet.signTransaction(await wallet.populateTransaction(sent)));
    return sent.nonce;
  });

  for (let change = 0; change < 4; change += 1) {
    const did = await city.ledger.register(instance.url);
    await city.untilStatus(instance, did, 'included');
  }
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 4, missing: [], twice: [] });
  const { sent, epochs, nonces } = await committed();
  expect(nonces).toContain(ahead);
  expect(nonces).toEqual(nonces.map((_, nonce) => nonce));
  expect(epochs).toEqual(epochs.map((_, index) => index + 1));
  expect(sent.map(({ epoch, succeeded }) => ({ epoch, succeeded }))).toEqual(
    epochs.map((epoch) => ({ epoch, succeeded: true })),
  );
}, 120_000);

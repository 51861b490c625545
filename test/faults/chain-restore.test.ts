// The database is put back to before what the chain has.
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress } from 'ethers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commitsIn, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, readiness } from '../support/city.ts';
import { DidLedger, keyOf } from '../support/did-ledger.ts';

const settings = { CHAIN_CONFIRMATIONS: '1' };
/** Several rounds of the worker: what it would do wrongly it has done by then. */
const ROUNDS_ms = 3_000;

let city: City;
let older: string;
let newer: string;
let restored: Instance;

beforeEach(async () => {
  city = await City.open();
  const first = await city.start(settings);
  await city.ledger.register(first.url);
  await city.ledger.untilSettled(first.url);
  await first.stop();
  older = await city.copyDatabase();
  const second = await city.start(settings);
  for (let count = 0; count < 2; count += 1) {
    await city.ledger.register(second.url);
    await city.ledger.untilSettled(second.url);
  }
  await second.stop();
  newer = city.restoreDatabase(older);
}, 120_000);

afterEach(() => city?.close());

const transactions = () => transactionsOf(city.chain, computeAddress(city.chain.key));

/** Starts on the old copy: it is up, says what is wrong, takes changes, and sends nothing. */
async function startRestored(): Promise<string> {
  const before = await transactions();
  restored = await city.start(settings);
  await city.untilTrouble(restored, 'CHAIN_AHEAD');
  expect(await readiness(restored)).toMatchObject({ status: 503, parts: { database: 'ok' } });
  // Told apart from those of the newer copy, which will never hear of it.
  const ledger = new DidLedger(city.publicUrl);
  const did = await ledger.register(restored.url);
  await sleep(ROUNDS_ms);
  expect((await ledger.anchorOf(restored.url, did))?.status).toBe('pending');
  expect(await transactions()).toEqual(before);
  return did;
}

async function expectEpochsWithoutGap(contract: string): Promise<void> {
  const epochs = (await commitsIn(city.chain, contract)).map(({ epoch }) => epoch);
  expect(epochs).toEqual(epochs.map((_, index) => index + 1));
  const sent = (await transactions()).filter(({ epoch }) => epoch !== null);
  expect(sent.map(({ epoch, succeeded }) => ({ epoch, succeeded }))).toEqual(
    epochs.map((epoch) => ({ epoch, succeeded: true })),
  );
}

test('an older copy commits nothing, and the newer one goes on where the chain is [faults 59]', async () => {
  await startRestored();
  await restored.stop();
  city.restoreDatabase(newer);
  const instance = await city.start(settings);
  const did = await city.ledger.register(instance.url);
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 4, missing: [], twice: [] });
  const { contract = '' } = (await city.ledger.anchorOf(instance.url, did)) ?? {};
  await expectEpochsWithoutGap(contract);
  expect((await readiness(instance)).status).toBe(200);
}, 120_000);

test('an older copy that is given the public log of the lost epochs goes on after them [faults 59]', async () => {
  const late = await startRestored();
  await restored.stop();
  city.restoreDatabase(newer);
  const keeper = await city.start({ ...settings, NARU_ROLES: 'api' });
  city.restoreDatabase(older);
  const reconciled = await city.command(['reconcile', '--log', keeper.url], settings);
  expect(reconciled).toMatchObject({ code: 0 });
  await keeper.stop();

  const instance = await city.start(settings);
  await city.untilStatus(instance, late, 'final');
  const { contract = '' } = (await city.ledger.anchorOf(instance.url, late)) ?? {};
  await expectEpochsWithoutGap(contract);
  // The logs of the people who came in between are lost with the newer copy; what the chain has of them is not.
  const held = new Set((await city.ledger.publicLog(instance.url)).map(({ key }) => key));
  for (const did of [...city.ledger.acknowledged.keys(), late]) expect(held).toContain(keyOf(did));
}, 120_000);

// The database is put back to before what the chain has: before the service starts, and beneath it while it runs.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress } from 'ethers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commitsIn, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, PATIENCE, readiness } from '../support/city.ts';
import { DidLedger, keyOf } from '../support/did-ledger.ts';

const settings = { CHAIN_CONFIRMATIONS: '1' };
/** Several rounds of the worker: what it would do wrongly it has done by then. */
const ROUNDS_ms = 3_000;

let city: City;
let instance: Instance;

beforeEach(async () => {
  city = await City.open();
  instance = await city.start(settings);
  await city.ledger.register(instance.url);
  await city.ledger.untilSettled(instance.url);
  await instance.stop();
  await city.copyDatabase('older');
  instance = await city.start(settings);
  for (let count = 0; count < 2; count += 1) {
    await city.ledger.register(instance.url);
    await city.ledger.untilSettled(instance.url);
  }
}, 120_000);

afterEach(() => city?.close());

const transactions = () => transactionsOf(city.chain, computeAddress(city.chain.key));

async function expectEpochsWithoutGap(did: string): Promise<void> {
  const { contract = '' } = (await city.ledger.anchorOf(instance.url, did)) ?? {};
  const epochs = (await commitsIn(city.chain, contract)).map(({ epoch }) => epoch);
  expect(epochs).toEqual(epochs.map((_, index) => index + 1));
  const sent = (await transactions()).filter(({ epoch }) => epoch !== null);
  expect(sent.map(({ epoch, succeeded }) => ({ epoch, succeeded }))).toEqual(
    epochs.map((epoch) => ({ epoch, succeeded: true })),
  );
}

test('an older copy is refused at the start, and the newer one goes on where the chain is [faults 59]', async () => {
  await instance.stop();
  await city.restoreDatabase('older', 'newer');
  const before = await transactions();
  expect(await city.startRefused(settings)).toEqual({
    code: 1,
    output: expect.stringMatching(/CHAIN_AHEAD: The chain holds \d epochs, more than the database/),
  });
  expect(await transactions()).toEqual(before);

  await city.restoreDatabase('newer', 'older');
  instance = await city.start(settings);
  const did = await city.ledger.register(instance.url);
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 4, missing: [], twice: [] });
  await expectEpochsWithoutGap(did);
  expect((await readiness(instance)).status).toBe(200);
}, 120_000);

test('an older copy put beneath the running service commits nothing until the lost epochs are given back [faults 59]', async () => {
  const copyOfLog = join(city.folder, 'log.jsonl');
  expect(await city.command(['audit', '--log', instance.url, '--keep', copyOfLog])).toMatchObject({ code: 0 });
  const before = await transactions();
  await city.restoreDatabase('older', 'newer');
  // Apart from those of the newer copy, which will never hear of it.
  const ledger = new DidLedger(city.publicUrl);
  await expect.poll(() => ledger.tryRegister(instance.url), PATIENCE).not.toBeNull();
  const [late = ''] = ledger.acknowledged.keys();
  await city.untilTrouble(instance, 'CHAIN_AHEAD');
  expect(await readiness(instance)).toMatchObject({ status: 503, parts: { database: 'ok', chain: 'away' } });
  await sleep(ROUNDS_ms);
  expect((await ledger.anchorOf(instance.url, late))?.status).toBe('pending');
  expect(await transactions()).toEqual(before);

  await instance.stop();
  expect(await city.command(['reconcile', '--log', copyOfLog], settings)).toMatchObject({ code: 0 });
  instance = await city.start(settings);
  await city.untilStatus(instance, late, 'final');
  await expectEpochsWithoutGap(late);
  // The logs of the people who came in between are lost with the newer copy; what the chain has of them is not.
  const held = new Set((await city.ledger.publicLog(instance.url)).map(({ key }) => key));
  for (const did of [...city.ledger.acknowledged.keys(), late]) expect(held).toContain(keyOf(did));
}, 120_000);

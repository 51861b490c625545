// The process stopped and killed while many meters are connected and send: all come back, nothing is lost or doubled.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ClientLedger } from '../support/client-ledger.ts';
import { IntakeHouse, type IntakeProcess, metricOf, PATIENCE } from '../support/intake-house.ts';
import { shortOrLong } from '../support/long-form.ts';
import { newSeed } from '../support/seed.ts';

const FORMATS = ['senml+json', 'seoul-digital', 'wmbus'];
const METERS = shortOrLong(300, 5_000);
const seed = newSeed('intake restart');
let house: IntakeHouse;
let intake: IntakeProcess;
let ledger: ClientLedger;

beforeAll(async () => {
  house = await IntakeHouse.open();
  intake = await house.start();
});

afterEach(async () => {
  await ledger.close();
});

afterAll(async () => {
  await house?.close();
});

describe.each(Array.from({ length: shortOrLong(1, 5) }, (_, round) => round))('round %i', (round) => {
  test(`killed -9 and started again under ${METERS} connected meters: all are back, nothing is lost [9]`, async () => {
    ledger = new ClientLedger(house, await house.meters(METERS, FORMATS, `killed-${round}`), seed + round);
    ledger.connect(intake.mqttUrl);
    const publishing = ledger.publishOn(1, shortOrLong(500, 4_000));
    await ledger.untilAcknowledged(METERS * 2);
    await expect.poll(() => metricOf(intake, 'naru_intake_connections'), PATIENCE).toBe(METERS);
    await intake.kill();
    intake = await house.start();
    const told = ledger.acknowledged.size;
    await expect.poll(() => metricOf(intake, 'naru_intake_connections'), PATIENCE).toBe(METERS);
    await ledger.untilAcknowledged(told + METERS * 2);
    ledger.stop();
    await publishing;
    await ledger.compare();
  }, 300_000);

  test('SIGTERM under load: what was taken is stored and acknowledged, the process ends with 0 in time [15]', async () => {
    const meters = await house.meters(shortOrLong(100, 1_000), FORMATS, `stopped-${round}`);
    ledger = new ClientLedger(house, meters, seed + round);
    ledger.connect(intake.mqttUrl);
    const publishing = ledger.publishOn(4, shortOrLong(0, 200));
    await ledger.untilAcknowledged(meters.length * 8);
    // The process itself gives up after ten seconds and then ends with 1.
    expect(await intake.stop()).toBe(0);
    intake = await house.start();
    await ledger.untilAcknowledged(ledger.acknowledged.size + meters.length);
    ledger.stop();
    await publishing;
    await ledger.compare();
  }, 300_000);
});

// What happens around a commit: the process killed on either side of it, a slow one, one that the database refuses.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClientLedger } from '../support/client-ledger.ts';
import { IntakeHouse, type IntakeProcess, metricOf, PATIENCE, residentMemory_mb } from '../support/intake-house.ts';
import { shortOrLong } from '../support/long-form.ts';
import { newSeed } from '../support/seed.ts';
import { isCommit, openWire, type Wire } from '../support/wire.ts';

const FORMATS = ['senml+json', 'seoul-digital', 'wmbus'];
const seed = newSeed('intake commit');
let house: IntakeHouse;
let wire: Wire;
let intake: IntakeProcess;
let fleet = 0;

const start = () => house.start({ DATABASE_URL: house.databaseThrough(wire.port) });

/** Meters of their own for each case, connected, each with its first telegram stored: every partition is there. */
async function ledgerOf(count: number): Promise<ClientLedger> {
  fleet += 1;
  const ledger = new ClientLedger(house, await house.meters(count, FORMATS, `fleet-${fleet}`), seed + fleet);
  ledger.connect(intake.mqttUrl);
  await ledger.publish(1);
  return ledger;
}

beforeAll(async () => {
  house = await IntakeHouse.open();
  wire = await openWire(Number(new URL(house.databaseUrl).port));
  intake = await start();
});

beforeEach(() => {
  wire.watchClients(null);
});

afterAll(async () => {
  await house?.close();
  await wire?.close();
});

describe.each(Array.from({ length: shortOrLong(1, 10) }, (_, round) => round))('round %i', () => {
  test('killed before the commit: nothing was acknowledged, and what is sent again is stored once [1]', async () => {
    const ledger = await ledgerOf(shortOrLong(20, 200));
    let reached = 0;
    wire.watchClients((bytes) => {
      if (!isCommit(bytes)) return true;
      reached += 1;
      return false;
    });
    const publishing = ledger.publish(3);
    await expect.poll(() => reached, PATIENCE).toBeGreaterThan(0);
    const told = ledger.acknowledged.size;
    await intake.kill();
    expect(told).toBe(ledger.meters.length);
    expect(ledger.acknowledged.size).toBe(told);
    wire.watchClients(null);
    intake = await start();
    await publishing;
    await ledger.close();
    await ledger.compare();
  }, 120_000);

  test('killed after the commit, before the acknowledgement: what is sent again is recognised [2]', async () => {
    const ledger = await ledgerOf(shortOrLong(20, 200));
    const before = await house.count('metering.uplink');
    wire.watchClients((bytes) => {
      if (isCommit(bytes)) wire.holdServer();
      return true;
    });
    const publishing = ledger.publish(3);
    await expect.poll(() => house.count('metering.uplink'), PATIENCE).toBeGreaterThan(before);
    const told = ledger.acknowledged.size;
    await intake.kill();
    expect(told).toBe(ledger.meters.length);
    wire.watchClients(null);
    wire.release();
    intake = await start();
    await publishing;
    expect(await metricOf(intake, 'naru_intake_redelivered_total')).toBeGreaterThan(0);
    await ledger.close();
    await ledger.compare();
  }, 120_000);

  test('commits that take seconds: the cap on what is in flight holds, memory stays flat, all is stored [5]', async () => {
    const ledger = await ledgerOf(shortOrLong(30, 300));
    wire.watchClients((bytes) => (isCommit(bytes) ? shortOrLong(1_000, 5_000) : true));
    const publishing = ledger.publish(shortOrLong(40, 200), shortOrLong(20, 50));
    await ledger.untilAcknowledged(ledger.meters.length + 1);
    const early_mb = residentMemory_mb(intake.pid);
    const inFlight: number[] = [];
    const measuring = setInterval(
      () =>
        void metricOf(intake, 'naru_intake_in_flight_messages').then(
          (n) => inFlight.push(n),
          () => {},
        ),
      200,
    );
    await publishing;
    clearInterval(measuring);
    expect(Math.max(...inFlight)).toBeGreaterThan(0);
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(50_000);
    expect((residentMemory_mb(intake.pid) ?? 0) - (early_mb ?? 0)).toBeLessThan(100);
    await ledger.close();
    await ledger.compare();
  }, 300_000);

  test('serialization failures and deadlocks: the batch is tried again, nothing is lost or doubled [7]', async () => {
    const ledger = await ledgerOf(30);
    await house.pool.query(`
      CREATE SEQUENCE fault;
      CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE n bigint := nextval('fault');
      BEGIN
        IF n % 70 = 0 THEN RAISE EXCEPTION 'provoked' USING ERRCODE = '40001'; END IF;
        IF n % 90 = 0 THEN RAISE EXCEPTION 'provoked' USING ERRCODE = '40P01'; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER fault AFTER INSERT ON metering.reading FOR EACH ROW EXECUTE FUNCTION fault()`);
    await ledger.publish(shortOrLong(10, 100), 2);
    await house.pool.query('DROP TRIGGER fault ON metering.reading; DROP FUNCTION fault(); DROP SEQUENCE fault');
    expect(await metricOf(intake, 'naru_intake_retries_total')).toBeGreaterThan(0);
    await ledger.close();
    await ledger.compare();
  }, 120_000);

  test('a real deadlock with another session: the batch gives way and is tried again [7]', async () => {
    const ledger = await ledgerOf(30);
    const retries = await metricOf(intake, 'naru_intake_retries_total');
    // Both ways round: which table a batch takes first is its own business.
    for (const [first, second] of [
      ['metering.reading', 'metering.uplink_pack'],
      ['metering.uplink_pack', 'metering.reading'],
    ]) {
      const other = await house.pool.connect();
      await other.query(`SET deadlock_timeout = '30s'; BEGIN; LOCK TABLE ${first} IN SHARE MODE`);
      const publishing = ledger.publish(1);
      await expect.poll(() => house.count('pg_locks WHERE NOT granted'), PATIENCE).toBeGreaterThan(0);
      await other.query(`LOCK TABLE ${second} IN SHARE MODE`);
      await other.query('ROLLBACK; RESET deadlock_timeout');
      other.release();
      await publishing;
    }
    expect(await metricOf(intake, 'naru_intake_retries_total')).toBeGreaterThan(retries);
    await ledger.close();
    await ledger.compare();
  }, 120_000);

  test('one poison row in a batch goes to quarantine, the others are stored [8]', async () => {
    const ledger = await ledgerOf(30);
    const serial = ledger.meters[7]?.serial;
    await house.pool.query(`
      CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.register_l = 5 AND NEW.meter_id = (SELECT meter_id FROM metering.meter WHERE serial = '${serial}') THEN
          RAISE EXCEPTION 'provoked' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER poison BEFORE INSERT ON metering.reading FOR EACH ROW EXECUTE FUNCTION poison()`);
    await ledger.publish(8, 4);
    await house.pool.query('DROP TRIGGER poison ON metering.reading; DROP FUNCTION poison()');
    await ledger.close();
    await ledger.compare(1);
    const { rows } = await house.pool.query(`DELETE FROM metering.quarantine RETURNING code`);
    expect(rows).toEqual([{ code: 'ROW_REFUSED' }]);
  }, 120_000);
});

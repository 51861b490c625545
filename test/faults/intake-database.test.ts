// The database in trouble, on a server of the test's own: cut off, killed, its disk full.
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { databaseAccount } from '../../src/platform/postgres/postgres-binaries.ts';
import { ClientLedger } from '../support/client-ledger.ts';
import { IntakeHouse, type IntakeProcess, metricOf, PATIENCE, residentMemory_mb } from '../support/intake-house.ts';
import { shortOrLong } from '../support/long-form.ts';
import { onServer } from '../support/on-server.ts';
import { newSeed } from '../support/seed.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { startTestChain, type TestChain } from '../support/test-chain.ts';
import { openWire, type Wire } from '../support/wire.ts';

const FORMATS = ['senml+json', 'seoul-digital', 'wmbus'];
const AWAY_ms = shortOrLong(3_000, 60_000);
const ROUNDS = shortOrLong(1, 5);
const seed = newSeed('intake database');
const folder = mkdtempSync(join(tmpdir(), 'naru-faults-'));
chmodSync(folder, 0o711);
const disk: SmallDisk | null = mountSmallDisk(join(folder, 'small'), 96);
let postgres: EmbeddedPostgres;
let chain: TestChain;
let house: IntakeHouse;
let wire: Wire;
let intake: IntakeProcess;
let ledger: ClientLedger;
let fleet = 0;

beforeAll(async () => {
  [postgres, chain] = await Promise.all([
    startEmbeddedPostgres(join(folder, 'postgres'), 0, createLogger('silent')),
    startTestChain(),
  ]);
  const account = databaseAccount();
  if (disk !== null && account !== null) chownSync(disk.folder, account.uid, account.gid);
  if (disk !== null) await onServer(postgres.url, `CREATE TABLESPACE small LOCATION '${disk.folder}'`);
  await onServer(postgres.url, `CREATE DATABASE faults ${disk === null ? '' : 'TABLESPACE small'}`);
  const url = postgres.url.replace(/postgres$/, 'faults');
  await migrate(url);
  house = await IntakeHouse.open(url);
  wire = await openWire(postgres.port);
  intake = await house.start({
    ...{ DATABASE_URL: house.databaseThrough(wire.port), NARU_ROLES: 'api,broker,worker' },
    ...{ CHAIN_RPC_URL: chain.url, CHAIN_ID: String(chain.chainId), CHAIN_COMMITTER_KEY: chain.key },
  });
});

beforeEach(async () => {
  fleet += 1;
  ledger = new ClientLedger(house, await house.meters(shortOrLong(40, 400), FORMATS, `fleet-${fleet}`), seed + fleet);
  ledger.connect(intake.mqttUrl);
  await ledger.publish(1);
  return async () => {
    await ledger.close();
    await ledger.compare();
  };
});

afterAll(async () => {
  await house?.close();
  await wire?.close();
  await chain?.kill();
  await postgres?.stop();
  disk?.unmount();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}, 120_000);

async function fewRetries(): Promise<void> {
  const retries = await metricOf(intake, 'naru_intake_retries_total');
  await expect.poll(() => metricOf(intake, 'naru_intake_retries_total'), PATIENCE).toBeGreaterThan(retries + 3);
}

const statusOf = async (path: string) => (await fetch(`${intake.httpUrl}${path}`)).status;

test('the database away: no acknowledgement, flat memory, 503 on readyz and 200 on healthz; then all by itself [3]', async () => {
  await expect.poll(() => statusOf('/readyz'), PATIENCE).toBe(200);
  const publishing = ledger.publishOn(4);
  await ledger.untilAcknowledged(ledger.meters.length * 3);
  wire.cut();
  await expect.poll(() => statusOf('/readyz'), PATIENCE).toBe(503);
  expect(await statusOf('/healthz')).toBe(200);
  // All that the meters may have in flight is in flight: from here on nothing moves.
  await expect.poll(() => ledger.sent.size - ledger.acknowledged.size, PATIENCE).toBe(ledger.meters.length * 4);
  const told = ledger.acknowledged.size;
  const early_mb = residentMemory_mb(intake.pid) ?? 0;
  await new Promise((resolve) => setTimeout(resolve, AWAY_ms));
  expect(ledger.acknowledged.size).toBe(told);
  expect((residentMemory_mb(intake.pid) ?? 0) - early_mb).toBeLessThan(50);
  expect(await statusOf('/healthz')).toBe(200);
  wire.mend();
  await ledger.untilAcknowledged(told + ledger.meters.length * 6);
  await expect.poll(() => statusOf('/readyz'), PATIENCE).toBe(200);
  ledger.stop();
  await publishing;
}, 240_000);

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'PostgreSQL killed -9 under load: every acknowledged row is there afterwards [4], round %i',
  async () => {
    const publishing = ledger.publishOn(2);
    await ledger.untilAcknowledged(ledger.meters.length * 4);
    const pid = postgres.pid();
    if (pid === undefined) throw new Error('the server has no process');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => postgres.pid() !== pid, PATIENCE).toBe(true);
    const told = ledger.acknowledged.size;
    await ledger.untilAcknowledged(told + ledger.meters.length * 4);
    ledger.stop();
    await publishing;
  },
  240_000,
);

test.skipIf(disk === null)(
  'a full disk: nothing is acknowledged, the retries are counted and logged; it goes on when there is room [6]',
  async () => {
    disk?.fill();
    const publishing = ledger.publishOn(2);
    const inFlight = ledger.meters.length * 2;
    await expect.poll(() => metricOf(intake, 'naru_intake_in_flight_messages'), PATIENCE).toBe(inFlight);
    await expect.poll(() => intake.output().includes('"sqlstate":"53100"'), PATIENCE).toBe(true);
    // A batch that still fits is stored and acknowledged; then there is room for none.
    const acknowledgedWhileRetrying = async () => {
      const told = ledger.acknowledged.size;
      await fewRetries();
      return ledger.acknowledged.size - told;
    };
    await expect.poll(acknowledgedWhileRetrying, PATIENCE).toBe(0);
    const told = ledger.acknowledged.size;
    disk?.empty();
    await ledger.untilAcknowledged(told + inFlight);
    ledger.stop();
    await publishing;
  },
  240_000,
);

// Recorded homes through the real store, twice: as they came, and shuffled, doubled and in other pieces. Hours and days of
// use, alarms and bills come out the same to the byte, and are what the readings give without any store.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { chanceAt, seedOf } from '../../../simulators/seeded-chance.ts';
import { loadAlarmKinds } from '../../../src/metering/alarms/alarm-kinds-port.ts';
import { judgeChanged } from '../../../src/metering/alarms/judge-alarms-service.ts';
import { startBillRun } from '../../../src/metering/billing/start-bill-run-service.ts';
import { workOffBillRun } from '../../../src/metering/billing/work-off-bill-run-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { dialOf, inOrder, type RegisterPoint, registerCurve } from '../../../src/metering/readings/register-rule.ts';
import { useDays } from '../../../src/metering/readings/use-days.ts';
import { gatherUse } from '../../../src/metering/readings/work-off-use-service.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { madeTariff } from '../../support/metered-town.ts';
import { days, recordedHomes } from '../../support/recorded-homes.ts';
import { newSeed } from '../../support/seed.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, testSecrets } from '../../support/test-intake.ts';
import { type Told, toldRegisters } from '../../support/told-registers.ts';

const homes = recordedHomes() ?? new Map<string, RegisterPoint[]>();
const { pool } = await testDatabase();
const { tell, workOff } = await toldRegisters(pool, days);
const seed = newSeed('stored homes');
const kinds = await loadAlarmKinds();
const today_ms = days.on('2017-03-20').start_ms;
const at = { clock: { now_ms: () => today_ms }, days };
const standsFrom_ms = days.on('2016-01-01').start_ms;
const dial = { dials: 5, bore_mm: 15 };
type World = 'plain' | 'mixed';

async function provisioned(world: World): Promise<Map<string, number>> {
  const entries = [...homes.keys()].map((home) => {
    const entry = fleetEntry(`${world}-${home}`, `${world}-${home}`);
    const servicePoint = { ...entry.servicePoint, zoneId: world, zoneName: world };
    return { ...entry, meter: { ...entry.meter, ...dial }, servicePoint, installedAt_ms: standsFrom_ms };
  });
  const made = await provisionFleet(pool, systemRandom, entries, testSecrets);
  return new Map([...homes.keys()].map((home, index) => [home, made[index]?.meterId ?? 0]));
}

const toldOf = (meterIds: ReadonlyMap<string, number>): Told[] =>
  [...homes].flatMap(([home, points]) =>
    points.map(({ at_ms, register_l }) => ({ meterId: meterIds.get(home) ?? 0, at_ms, register_l })),
  );

function shuffledAndDoubled(told: readonly Told[]): Told[] {
  const chance = seedOf('stored homes', seed);
  const all = [...told, ...told.filter((_, index) => chanceAt(chance, index) < 0.1)];
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = Math.floor(chanceAt(chance, -index) * (index + 1));
    [all[index], all[other]] = [all[other] as Told, all[index] as Told];
  }
  return all;
}

/** Rows with the world's name taken out of them, in an order of their own. */
async function rowsOf(world: World, query: string): Promise<string[]> {
  const { rows } = await pool.query<{ row: string }>(`SELECT row_to_json(told)::text AS row FROM (${query}) told`, [
    world,
  ]);
  return rows.map(({ row }) => row.replaceAll(`${world}-`, '')).sort();
}

const digest = (rows: readonly string[]) => createHash('sha256').update(rows.join('\n')).digest('hex');

const USE = `SELECT service_point_id, day::text, told_hours, hours_l FROM metering.use_day JOIN metering.install USING (install_id)
               JOIN metering.service_point USING (service_point_id) WHERE zone_id = $1`;
const ALARMS = `SELECT kind, service_point_id, began_at, ended_at, grade, times, amount, state FROM metering.alarm
                 WHERE zone_id = $1 AND state <> 'withdrawn' AND install_id IS NOT NULL`;
const BILLS = `SELECT document FROM metering.bill JOIN metering.service_point USING (service_point_id) WHERE zone_id = $1`;
const HELD = `SELECT service_point_id, use_from, reason, detail FROM metering.bill_held JOIN metering.bill_run USING (run_id)
                JOIN metering.service_point s USING (service_point_id) WHERE s.zone_id = $1`;

/** Each meter's year once, rather than once for each of the commits that told something of it. */
async function workOffGathered(): Promise<void> {
  await gatherUse(pool);
  await workOff();
}

async function judgeAll(): Promise<void> {
  const options = { pool, ...at, kinds, tellContacts: async () => {} };
  while ((await judgeChanged(options))?.more !== false);
}

async function billAll(): Promise<void> {
  const months = Array.from({ length: 13 }, (_, index) =>
    new Date(Date.UTC(2016, 2 + index, 1)).toISOString().slice(0, 10),
  );
  for (const [index, use_from] of months.slice(0, -1).entries()) {
    const use_until = months[index + 1] ?? '';
    const tariff = { name: 'made.yaml', text: madeTariff };
    await startBillRun({ pool, ...at }, { tariff, use_from, use_until, billed_on: use_until, startedBy: null });
  }
  for (;;) {
    const part = await workOffBillRun(pool, at);
    if (part === null || part.run_id === null) return;
  }
}

describe.skipIf(homes.size === 0)('recorded homes in the store', () => {
  test('have the same hours, days, alarms and bills to the byte in whatever order, pieces and number their readings come', async () => {
    const plain = await provisioned('plain');
    const mixed = await provisioned('mixed');
    await tell(toldOf(plain));
    await workOff();
    await judgeAll();
    const arriving = shuffledAndDoubled(toldOf(mixed));
    for (let from = 0, piece = 0; from < arriving.length; piece += 1) {
      const many = 1 + Math.floor(chanceAt(seedOf('pieces', seed), piece) * 2_000);
      await tell(arriving.slice(from, from + many));
      from += many;
      // What is worked off in between is worked off again where more becomes known.
      if (piece % 100 === 50) await workOffGathered();
      if (piece === 150) await judgeAll();
    }
    await workOffGathered();
    await judgeAll();
    await billAll();

    for (const [query, least] of [
      [USE, 15_000],
      [ALARMS, 1],
      [BILLS, 300],
      [HELD, 1],
    ] as const) {
      const [told, again] = [await rowsOf('plain', query), await rowsOf('mixed', query)];
      expect(told.length).toBeGreaterThanOrEqual(least);
      expect(again.filter((row) => !told.includes(row)).slice(0, 5)).toEqual([]);
      expect(digest(again)).toBe(digest(told));
    }

    const expected = [...homes].flatMap(([home, points]) => {
      const curve = registerCurve(inOrder(points), dialOf(dial));
      const span = { from_ms: standsFrom_ms, to_ms: today_ms };
      return useDays(days, { install_id: 0, from_ms: standsFrom_ms, until_ms: null }, curve, span).map(
        ({ day, told_hours, hours_l }) => JSON.stringify({ service_point_id: `sp-${home}`, day, told_hours, hours_l }),
      );
    });
    expect(digest(expected.sort())).toBe(digest(await rowsOf('mixed', USE)));
  }, 600_000);
});

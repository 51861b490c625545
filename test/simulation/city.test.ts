// A zone of a thousand households for three months: lost, doubled and late telegrams, swaps, wraps, resets, wrong clocks and
// leaks; homes with a shop or without a sewer, and people who move, told in time or late. Every bill is what a slow oracle
// works out from what is true, and the zone's balance closes to the litre.
import { expect, test } from 'vitest';
import { registerWalk } from '../../simulators/meter-register.ts';
import { chanceAt, seedOf } from '../../simulators/seeded-chance.ts';
import { followUse, workOffZoneDay } from '../../src/metering/balance/work-off-zones-service.ts';
import { createZonesService } from '../../src/metering/balance/zone-balance-service.ts';
import type { FleetEntry } from '../../src/metering/meters/fleet-entry.ts';
import { importRegistry } from '../../src/metering/meters/import-registry-service.ts';
import { reconcileUse } from '../../src/metering/readings/reconcile-use-service.ts';
import { endOfTime_ms, markTouched } from '../../src/metering/readings/touched-store.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { BillOracle, cityTariff, type DayTerms, type Known, litresBetween } from '../support/city-oracle.ts';
import { MeteredTown, type Telegram } from '../support/metered-town.ts';
import { newSeed } from '../support/seed.ts';
import { testDatabase } from '../support/test-database.ts';
import { fleetEntry } from '../support/test-intake.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOUSEHOLDS = 1_000;
const WRAPS_AT_l = 100_000_000;
const PIPE_LOSS_l_PER_H = 137;
/** Chances of a telegram, or of a household. */
const LOST = 0.02;
const DOUBLED = 0.05;
const WRONG_CLOCK = 0.01;
const OUTAGE = 0.004;
const SWAPPED = 0.03;
const WRAPPED = 0.02;
const RESET = 0.01;
const LEAKING = 0.05;
/** Homes of a street whose concentrator kept what it had over the month's end and sent it weeks later. */
const KEPT_BACK = 0.15;
const WITHOUT_SEWER = 0.05;
const WITH_SHOP = 0.03;
const MOVING = 0.1;
/** Moves that the utility hears of in time. */
const TOLD_IN_TIME = 0.4;

const seed = newSeed('city');
const { pool } = await testDatabase();
const town = new MeteredTown(pool, 'Asia/Seoul');
const { days, clock } = town;
const begin_ms = days.on('2026-03-01').start_ms;
const end_ms = days.on('2026-06-01').start_ms;
const months = ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01'] as const;
const HOURS = (end_ms - begin_ms) / HOUR;

interface Household {
  name: string;
  /** Litres that truly passed by the nth hour. */
  passed_l: Float64Array;
  known: Known[];
  reset_ms: number | null;
  swap_ms: number | null;
  entries: Entry[];
}

/** Something about a home's bills, as it is from a day on, and by which run it is entered. */
interface Entry {
  kind: 'without' | 'class_of' | 'count';
  name: string;
  from: string;
  value: string | null;
  atRun: number;
}

interface Sent extends Telegram {
  /** By when it is known what it tells; nothing where its clock is wrong. */
  tells: { of: Household; hours: readonly number[] } | null;
}

const chanceOf = (index: number, what: string) => {
  const own = seedOf('city', seed, index, what);
  return (place: number) => chanceAt(own, place);
};

function household(index: number): Household {
  const chance = chanceOf(index, 'household');
  const own = {
    ...{ seed: seedOf('city', seed, index), persons: 1 + Math.floor(chance(0) * 4), utc_offset_min: 540 },
    leak_l_per_h: chance(1) < LEAKING ? 5 + Math.floor(chance(2) * 20) : 0,
  };
  const walk = registerWalk({ household: own, since_ms: begin_ms, register_l: 0 });
  const passed_l = Float64Array.from({ length: HOURS + 24 }, (_, hour) => walk(begin_ms + hour * HOUR));
  const entries = entriesOf(own.persons, chanceOf(index, 'bills'));
  const any_ms = begin_ms + Math.floor((2 + chance(3) * (HOURS / 24 - 6)) * DAY);
  return {
    ...{ name: `c${index}`, passed_l, known: [], entries },
    reset_ms: chance(4) < RESET ? any_ms : null,
    swap_ms: chance(4) > 1 - SWAPPED ? Math.floor(any_ms / HOUR) * HOUR : null,
  };
}

/** How many live there, and for some when that changes; a sewer that is connected late; a shop. */
function entriesOf(persons: number, chance: (place: number) => number): Entry[] {
  const livedIn = (from: string, value: number, atRun: number): Entry => ({
    ...{ kind: 'count', name: 'persons', from, value: String(value), atRun },
  });
  const day = (place: number) => days.at(begin_ms + Math.floor(chance(place) * (HOURS / 24)) * DAY + 12 * HOUR).date;
  const runOf = (from: string) => months.slice(1).findIndex((month) => from < month);
  const heardAt = (from: string, place: number) =>
    Math.min(2, runOf(from) + (chance(place) < TOLD_IN_TIME ? 0 : 1 + Math.floor(chance(place + 1) * 2)));
  const entries = [livedIn('2026-01-01', persons, 0)];
  if (chance(0) < MOVING) {
    const from = day(1);
    entries.push(livedIn(from, 1 + Math.floor(chance(2) * 5), heardAt(from, 3)));
  }
  if (chance(10) < WITHOUT_SEWER) {
    const connected = day(11);
    entries.push({ kind: 'without', name: 'sewer', from: '2026-01-01', value: 'yes', atRun: heardAt(months[0], 12) });
    entries.push({ kind: 'without', name: 'sewer', from: connected, value: null, atRun: heardAt(connected, 14) });
  }
  if (chance(20) < WITH_SHOP) {
    const from = day(21);
    entries.push({ kind: 'class_of', name: 'sewer', from, value: 'general', atRun: heardAt(from, 22) });
  }
  return entries;
}

/** A month's days by what is entered up to a run. */
function daysOf({ entries }: Household, month: string, run: number): DayTerms[] {
  const at = months.indexOf(month as (typeof months)[number]);
  const terms: DayTerms[] = [];
  for (let day = days.on(month); day.date < (months[at + 1] ?? ''); day = days.after(day)) {
    const heard = entries.filter(({ from, atRun }) => atRun <= run && from <= day.date);
    const last = (kind: Entry['kind']) =>
      heard
        .filter((one) => one.kind === kind)
        .reduce<Entry | null>((found, one) => (found !== null && found.from > one.from ? found : one), null)?.value;
    const paid_won = last('class_of') === 'general' ? 370 : 210;
    terms.push({ persons: Number(last('count')), sewer_won: last('without') === 'yes' ? 0 : paid_won });
  }
  return terms;
}

async function enterExceptions(run: number): Promise<void> {
  const rows = homes.flatMap(({ name, entries }) =>
    entries
      .filter(({ atRun }) => atRun === run)
      .map((one) => `sp-${name},${one.kind},${one.name},${one.from},${one.value ?? '-'}`),
  );
  const list = ['service_point,kind,name,from_day,value', ...rows].join('\n');
  await importRegistry({ pool, clock }, 'exceptions', list, { dryRun: false });
}

const homes = Array.from({ length: HOUSEHOLDS }, (_, index) => household(index));
const entryOf = (home: Household): FleetEntry => {
  const entry = fleetEntry(`dev-${home.name}`, home.name);
  return { ...entry, servicePoint: { ...entry.servicePoint, id: `sp-${home.name}` }, installedAt_ms: begin_ms };
};
const isSwapped = ({ swap_ms }: Household, at_ms: number) => swap_ms !== null && at_ms > swap_ms;
/** The register that a home's meter began with: some stand just before their dial goes round. */
const beganAt = (index: number) => (chanceOf(index, 'dial')(0) < WRAPPED ? WRAPS_AT_l - 2_000 : 60_000 + index * 17);
const hourOf = (at_ms: number) => (at_ms - begin_ms) / HOUR;

/** What the dial shows: it goes round, forgets at a reset, and is another one after a swap. */
function shown(home: Household, index: number, hour: number): number {
  const at_ms = begin_ms + hour * HOUR;
  const passed_l = home.passed_l[hour] ?? 0;
  if (home.reset_ms !== null && at_ms >= home.reset_ms) {
    return passed_l - (home.passed_l[Math.floor(hourOf(home.reset_ms))] ?? 0);
  }
  if (isSwapped(home, at_ms)) return passed_l - (home.passed_l[hourOf(home.swap_ms ?? 0)] ?? 0) + 12;
  return (beganAt(index) + passed_l) % WRAPS_AT_l;
}

/** A home's telegrams, one a day with its 24 hours, in what becomes of them on their way. */
function telegramsOf(home: Household, index: number): Sent[] {
  const chance = chanceOf(index, 'radio');
  const sent: Sent[] = [];
  const isKeptBack = chance(-1) < KEPT_BACK;
  let awayUntil_ms = 0;
  for (let day = 0; day <= HOURS / 24; day += 1) {
    const hours = Array.from({ length: 24 }, (_, hour) => day * 24 + hour);
    const day_ms = begin_ms + day * DAY;
    const place = day * 10;
    if (chance(place) < OUTAGE) awayUntil_ms = day_ms + (1 + chance(place + 1) * 20) * DAY;
    const isKept = isKeptBack && Math.abs(day_ms - days.on(months[1]).start_ms) <= 2 * DAY;
    const sent_ms = isKept ? days.on('2026-04-20').start_ms : Math.max(day_ms + 23 * HOUR, awayUntil_ms);
    const received_ms = Math.floor(sent_ms + 60_000 + chance(place + 2) * 50 * 60_000);
    if (chance(place + 3) < LOST) continue;
    const isWrong = chance(place + 4) < WRONG_CLOCK;
    // A swap parts its day between both meters.
    for (const isNew of [false, true]) {
      const own = hours.filter(
        (hour) => isSwapped(home, begin_ms + hour * HOUR) === isNew && begin_ms + hour * HOUR !== home.swap_ms,
      );
      if (own.length === 0) continue;
      const registers = own.map((hour): [number, number] => [
        begin_ms + hour * HOUR + (isWrong ? 365 * DAY : 0),
        shown(home, index, hour),
      ]);
      const serial = isNew ? `${home.name}n` : home.name;
      const telegram: Sent = { serial, registers, received_ms, tells: isWrong ? null : { of: home, hours: own } };
      sent.push(telegram);
      if (chance(place + 5) < DOUBLED) sent.push({ ...telegram, received_ms: received_ms + 40 * 60_000 });
    }
  }
  return sent;
}

/** The inlet tells everything: what the households draw, and what the pipes lose. */
function inletTelegrams(): Telegram[] {
  const register = (hour: number) =>
    homes.reduce((sum, { passed_l }) => sum + (passed_l[hour] ?? 0), 0) + hour * PIPE_LOSS_l_PER_H;
  return Array.from({ length: HOURS / 24 + 1 }, (_, day) => ({
    serial: 'inlet',
    registers: Array.from({ length: 24 }, (_, hour): [number, number] => [
      begin_ms + (day * 24 + hour) * HOUR,
      register(day * 24 + hour),
    ]),
    received_ms: begin_ms + day * DAY + 23 * HOUR + 60_000,
  }));
}

async function openRegistry(): Promise<void> {
  const inlet = fleetEntry('dev-inlet', 'inlet');
  const large = { ...inlet, meter: { ...inlet.meter, bore_mm: 300, dials: 9 }, installedAt_ms: begin_ms };
  await town.provision([...homes.map(entryOf), large]);
  const begin = new Date(begin_ms).toISOString();
  // Recorded after the provisioning, which the database's clock dates.
  const read = (list: 'places' | 'inlets', rows: readonly string[]) =>
    importRegistry({ pool, clock: systemClock }, list, rows.join('\n'), { dryRun: false });
  await read('places', [
    'service_point,from_at,zone_id,usage_class,purpose',
    `sp-inlet,${begin},zone-1,domestic,inlet`,
  ]);
  await read('inlets', ['zone_id,service_point,from_at,direction', `zone-1,sp-inlet,${begin},in`]);
}

/** A fitter takes the old meter off and reads both. */
async function swap(home: Household, index: number): Promise<void> {
  const swap_ms = home.swap_ms ?? 0;
  const { rows } = await pool.query<{ meter_id: number }>(
    `UPDATE metering.install SET until_at = to_timestamp($2::float8 / 1000), closing_register_l = $3
      WHERE service_point_id = $1 RETURNING meter_id`,
    [`sp-${home.name}`, swap_ms, (beganAt(index) + (home.passed_l[hourOf(swap_ms)] ?? 0)) % WRAPS_AT_l],
  );
  await markTouched(pool, [{ meterId: rows[0]?.meter_id ?? 0, from_ms: swap_ms, to_ms: endOfTime_ms }]);
  const next = { ...fleetEntry(`dev-${home.name}n`, `${home.name}n`), servicePoint: entryOf(home).servicePoint };
  await town.provision([{ ...next, installedAt_ms: swap_ms, openingRegister_l: 12 }]);
}

test('every bill is the oracle’s, and the balance closes', async () => {
  clock.at_ms = begin_ms;
  await openRegistry();
  const telegrams: (Telegram | Sent)[] = [...homes.flatMap(telegramsOf), ...inletTelegrams()];
  telegrams.sort((one, other) => one.received_ms - other.received_ms);
  const swaps = homes
    .map((home, index) => ({ home, index, at_ms: home.swap_ms ?? Number.POSITIVE_INFINITY }))
    .sort((one, other) => one.at_ms - other.at_ms);
  const oracles = homes.map(() => new BillOracle());
  let from = 0;
  const liveUntil = async (now_ms: number) => {
    while (from < telegrams.length && (telegrams[from]?.received_ms ?? now_ms) <= now_ms) {
      const swapped = swaps[0] !== undefined && swaps[0].at_ms <= now_ms ? swaps.shift() : undefined;
      const until_ms = swapped?.at_ms ?? now_ms;
      const next = telegrams.findIndex(({ received_ms }, index) => index >= from && received_ms > until_ms);
      const part = telegrams.slice(from, next === -1 ? telegrams.length : next);
      from += part.length;
      clock.at_ms = until_ms;
      await town.send(part);
      for (const telegram of part) learn(telegram);
      if (swapped === undefined) continue;
      await swap(swapped.home, swapped.index);
      swapped.home.known.push({
        at_ms: until_ms,
        passed_l: swapped.home.passed_l[hourOf(until_ms)] ?? 0,
        since_ms: until_ms,
      });
    }
    clock.at_ms = now_ms;
    await town.workOff();
  };

  for (let run = 0; run < 3; run += 1) {
    const now_ms = days.on(months[run + 1] ?? '').start_ms + 9 * DAY + 12 * HOUR;
    await liveUntil(now_ms);
    await enterExceptions(run);
    for (let month = 0; month <= run; month += 1) {
      const [use_from = '', use_until = ''] = months.slice(month);
      const tariff = { name: 'city.yaml', text: cityTariff };
      await town.bill({ tariff, use_from, use_until, billed_on: days.at(now_ms).date });
    }
    const boundaries = months.map((month) => days.on(month).start_ms);
    for (const [index, home] of homes.entries()) {
      const litres = litresBetween(home, boundaries, now_ms);
      const known = (month: string) => ({
        volume_l: litres[months.indexOf(month as (typeof months)[number])] ?? null,
        days: daysOf(home, month, run),
      });
      for (const month of months.slice(0, run + 1)) oracles[index]?.run(month, known);
    }
  }

  const { rows } = await pool.query(
    `SELECT service_point_id, use_from::text AS month, payable_won, (document->'use'->>'volume_l')::int AS volume_l,
            (SELECT coalesce(sum(amount_won), 0) FROM metering.bill_correction c WHERE c.bill_id = bill.bill_id)::int AS corrected_won
       FROM metering.bill WHERE service_point_id <> 'sp-inlet' ORDER BY bill_id`,
  );
  const billed = new Map<string, object[]>(homes.map(({ name }) => [`sp-${name}`, []]));
  for (const { service_point_id, ...bill } of rows) billed.get(service_point_id)?.push(bill);
  for (const [index, home] of homes.entries()) {
    expect({ home: home.name, bills: billed.get(`sp-${home.name}`) }).toEqual({
      home: home.name,
      bills: oracles[index]?.bills,
    });
  }
  const all = oracles.flatMap(({ bills }) => bills);
  expect(all.length).toBeGreaterThan(HOUSEHOLDS * 2.9);
  expect(all.length).toBeLessThan(HOUSEHOLDS * 3);
  expect(all.filter(({ corrected_won }) => corrected_won !== 0).length).toBeGreaterThan(0);
  const { rows: late } = await pool.query(
    'SELECT count(*) FROM metering.bill_correction WHERE exceptions_after IS NOT NULL AND version_after = version_before',
  );
  expect(late[0].count).toBeGreaterThan(0);

  await liveUntil(days.on('2026-07-10').start_ms);
  await expectBalance();
  for (let after: number | null = 0; after !== null; ) {
    const proved = await reconcileUse(pool, days, clock, after);
    expect(proved?.discrepancies).toBe(0);
    after = proved?.next ?? null;
  }
}, 600_000);

function learn(telegram: Telegram | Sent): void {
  if (!('tells' in telegram) || telegram.tells === null) return;
  const { of, hours } = telegram.tells;
  for (const hour of hours) {
    of.known.push({ at_ms: begin_ms + hour * HOUR, passed_l: of.passed_l[hour] ?? 0, since_ms: telegram.received_ms });
  }
}

/** Day by day: what flowed in is true to the litre, what was used is the oracle's, and what is left is told as a loss. */
async function expectBalance(): Promise<void> {
  while (((await followUse(pool)) ?? 0) > 0);
  for (;;) {
    const done = await workOffZoneDay(pool, days, clock.now_ms());
    if (done === null || done.zones === 0) break;
  }
  const boundaries = Array.from({ length: HOURS + 1 }, (_, hour) => begin_ms + hour * HOUR);
  const used_l = new Float64Array(HOURS);
  const untold = new Float64Array(HOURS);
  for (const home of homes) {
    for (const [hour, use_l] of litresBetween(home, boundaries, clock.now_ms()).entries()) {
      if (use_l === null) untold[hour] = (untold[hour] ?? 0) + 1;
      else used_l[hour] = (used_l[hour] ?? 0) + use_l;
    }
  }
  const sumOf = (values: Float64Array, day: number) =>
    values.slice(day * 24, day * 24 + 24).reduce((sum, one) => sum + one, 0);
  const zones = createZonesService(pool, clock, days);
  const { balances } = await zones.balances('zone-1', { by: 'day', from: months[0], until: '2026-05-31', limit: 400 });
  expect(balances).toHaveLength(HOURS / 24);
  for (const [day, { period, ...told }] of balances.entries()) {
    const passed = (hour: number) => homes.reduce((sum, { passed_l }) => sum + (passed_l[hour] ?? 0), 0);
    const inflow_l = passed(day * 24 + 24) - passed(day * 24) + 24 * PIPE_LOSS_l_PER_H;
    const missing = sumOf(untold, day);
    expect({ period, ...told }).toMatchObject({
      ...{ period, known_inflow_l: inflow_l, billed_metered_l: sumOf(used_l, day) },
      ...{ missing_hours: 0, missing_meter_hours: missing },
      balance: missing === 0 ? { system_input_l: inflow_l, water_losses_l: inflow_l - sumOf(used_l, day) } : null,
    });
  }
  expect(balances.some(({ balance }) => balance !== null)).toBe(true);
}

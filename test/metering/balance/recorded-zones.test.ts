// The recorded inflow of five zones as registers of their inlets, through the real store: every day and month is what the
// record says, over the missing and the doubled hour, and a gap where the record has none.
import { beforeAll, describe, expect, test } from 'vitest';
import type { FlowSample } from '../../../src/metering/balance/water-balance.ts';
import { followUse, workOffZoneDay } from '../../../src/metering/balance/work-off-zones-service.ts';
import { createZonesService } from '../../../src/metering/balance/zone-balance-service.ts';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import { inflowDays as days, recordedInflow } from '../../support/recorded-inflow.ts';
import { testDatabase } from '../../support/test-database.ts';
import { type Told, toldRegisters } from '../../support/told-registers.ts';

const inflow = recordedInflow();
const HOUR = 3_600_000;
const iso = (at_ms: number) => new Date(at_ms).toISOString();

/** Litres that passed in each told hour: as a register shows them, whole and adding up. */
function hourlyLitres(samples: readonly FlowSample[]): { start_ms: number; use_l: number | null }[] {
  let passed_l = 0;
  return samples.map(({ start_ms, flow_l_per_s }) => {
    if (flow_l_per_s === null) return { start_ms, use_l: null };
    const before_l = Math.round(passed_l);
    passed_l += flow_l_per_s * 3_600;
    return { start_ms, use_l: Math.round(passed_l) - before_l };
  });
}

describe.skipIf(inflow === null)('recorded inflow, stored as registers', async () => {
  const { pool } = await testDatabase();
  const last_ms = [...(inflow ?? [])][0]?.[1].at(-1)?.end_ms ?? 0;
  const clock = { now_ms: () => last_ms + 6 * HOUR };
  const zones = createZonesService(pool, clock, days);
  const recorded = new Map([...(inflow ?? [])].map(([zone, samples]) => [zone, hourlyLitres(samples)]));

  beforeAll(async () => {
    const store = await toldRegisters(pool, days);
    const names = [...recorded.keys()];
    const begin = iso(days.on('2021-01-01').start_ms);
    const read = (list: 'zones' | 'places' | 'installs' | 'inlets', rows: readonly string[]) =>
      importRegistry({ pool, clock }, list, rows.join('\n'), { dryRun: false });
    await read('zones', ['zone_id,zone_name', ...names.map((name) => `${name},${name}`)]);
    await read('places', [
      'service_point,from_at,zone_id,usage_class,purpose',
      ...names.map((name) => `${name},${begin},${name},general,inlet`),
    ]);
    await read('inlets', [
      'zone_id,service_point,from_at,direction',
      ...names.map((name) => `${name},${name},${begin},in`),
    ]);
    // Where the record has nothing the meter is out: what passed meanwhile is not known. Else it stands there.
    const installs = [
      'service_point,meter_serial,meter_model,bore_mm,dials,from_at,until_at,opening_register_l,closing_register_l',
    ];
    const registers = new Map<string, Omit<Told, 'meterId'>[]>();
    for (const [name, hours] of recorded) {
      const told: Omit<Told, 'meterId'>[] = [];
      let register_l = 0;
      let opened: { at_ms: number; register_l: number } | null = null;
      for (const [index, { start_ms, use_l }] of hours.entries()) {
        if (use_l === null) continue;
        if (opened === null) {
          opened = { at_ms: start_ms, register_l };
          told.push(opened);
        }
        register_l += use_l;
        told.push({ at_ms: start_ms + HOUR, register_l });
        const next = hours[index + 1];
        if (next?.use_l === null || next === undefined) {
          installs.push(
            `${name},${name},M,300,12,${iso(opened.at_ms)},${iso(start_ms + HOUR)},${opened.register_l},${register_l}`,
          );
          opened = null;
        }
      }
      registers.set(name, told);
    }
    await read('installs', installs);
    const { rows } = await pool.query<{ meter_id: number; serial: string }>(
      'SELECT meter_id, serial FROM metering.meter',
    );
    for (const { meter_id, serial } of rows) {
      await store.tell((registers.get(serial) ?? []).map((told) => ({ meterId: meter_id, ...told })));
    }
    await store.workOff();
    while (((await followUse(pool)) ?? 0) > 0);
    for (;;) {
      const done = await workOffZoneDay(pool, days, clock.now_ms());
      if (done === null || done.day === null) break;
    }
  }, 300_000);

  test.each([...recorded.keys()])(
    '%s: every day is the sum of its rows, and its empty rows are missing hours',
    async (zone) => {
      const rows = recorded.get(zone) ?? [];
      const expected = new Map<string, { hours: number; missing: number; told_l: number }>();
      for (const { start_ms, use_l } of rows) {
        const { date } = days.at(start_ms);
        const day = expected.get(date) ?? { hours: 0, missing: 0, told_l: 0 };
        day.hours += 1;
        if (use_l === null) day.missing += 1;
        else day.told_l += use_l;
        expected.set(date, day);
      }
      const lengths = new Map<number, number>();
      let from: string | null = '2021-01-01';
      let seen = 0;
      while (from !== null) {
        const page: Awaited<ReturnType<typeof zones.balances>> = await zones.balances(zone, {
          ...{ by: 'day', from, until: '2023-12-31', limit: 400 },
        });
        for (const day of page.balances) {
          const row = expected.get(day.period);
          expect([day.period, day.hours, day.missing_hours, day.bridged_hours, day.known_inflow_l]).toEqual([
            ...[day.period, row?.hours, row?.missing, 0],
            row?.missing === row?.hours ? null : row?.told_l,
          ]);
          expect(day.balance?.system_input_l ?? null).toBe(row?.missing === 0 ? row.told_l : null);
          lengths.set(day.hours, (lengths.get(day.hours) ?? 0) + 1);
          seen += 1;
        }
        from = page.next;
      }
      expect(seen).toBeGreaterThan(700);
      expect([lengths.get(23), lengths.get(25)]).toEqual([3, 2]);
    },
  );

  test.each([...recorded.keys()])(
    '%s: every month is the sum of its days, in 743 hours of March and 745 of October',
    async (zone) => {
      const { balances } = await zones.balances(zone, {
        by: 'month',
        from: '2021-03-01',
        until: '2023-02-28',
        limit: 36,
      });
      expect(balances).toHaveLength(24);
      for (const month of balances) {
        const rows = (recorded.get(zone) ?? []).filter(({ start_ms }) =>
          days.at(start_ms).date.startsWith(month.period),
        );
        const told = rows.filter(({ use_l }) => use_l !== null);
        expect([month.period, month.hours, month.missing_hours]).toEqual([
          ...[month.period, rows.length, rows.length - told.length],
        ]);
        const sum_l = told.reduce((total, { use_l }) => total + (use_l ?? 0), 0);
        expect(month.known_inflow_l).toBe(told.length === 0 ? null : sum_l);
        expect(month.balance?.system_input_l ?? null).toBe(told.length === rows.length ? sum_l : null);
      }
      const hours = new Map(balances.map(({ period, hours }) => [period, hours]));
      expect([hours.get('2021-03'), hours.get('2021-10'), hours.get('2022-07')]).toEqual([743, 745, 744]);
    },
  );
});

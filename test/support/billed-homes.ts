// Homes with readings, and bill runs over them, in the house of the portal: by the jobs that the worker runs.

import { startBillRun } from '../../src/metering/billing/start-bill-run-service.ts';
import { workOffBillRun } from '../../src/metering/billing/work-off-bill-run-service.ts';
import { createPartition, monthOf } from '../../src/metering/intake/partition-store.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import { endOfTime_ms, markTouched } from '../../src/metering/readings/touched-store.ts';
import { workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import type { portalHouse } from './portal-house.ts';

const MINUTE_ms = 60_000;
const DAY_ms = 24 * 60 * MINUTE_ms;

/** 1,000 won a m³, and half of it off for a household benefit, at most 100,000 won. */
export const tariffWithReduction = `naru_tariff: 1
id: made
name: { ko: 시험 요금, en: Made for a test }
verified: true
sources: [{ document: made for a test, as_of: 2025-01-01 }]
classes:
  domestic: { ko: 가정용, en: domestic }
components:
  - id: water
    kind: volume
    name: { ko: 상수도 요금, en: Water }
    lines: [{ id: water-domestic, classes: [domestic], price: 1000 }]
  - id: children
    kind: reduction
    name: { ko: 다자녀 가정 감면, en: Household benefit }
    predicate: household-benefit
    of: [water]
    lines: [{ id: children-half, percent: 50, at_most: 100000 }]
`;

/**
 * Where midnight is near, the clock of the house is put past it, so that what a test calls today is one day to its end.
 *
 * @param near_ms no more than a browser's proofs may be old, where one takes part: its clock stays where it is
 */
export function billedHomes(house: Awaited<ReturnType<typeof portalHouse>>, near_ms = 30 * MINUTE_ms) {
  const { pool, clock } = house;
  const days = new LocalDays('Asia/Seoul');
  const left_ms = days.at(Date.now()).end_ms - Date.now();
  if (left_ms < near_ms) clock.skipped_ms = left_ms;
  const dayFromNow = (added: number): string => days.at(clock.now_ms() - clock.ahead_ms + added * DAY_ms).date;

  async function workOff(): Promise<void> {
    for (let done = await workOffUse(pool, days); done?.marks !== 0; done = await workOffUse(pool, days));
  }

  return {
    days,
    /** The local day so many days from today; the clock of the house may be ahead of it. */
    dayFromNow,
    /** A home at `sp-<serial>` whose meter tells its register at the beginning of each day, rising by so much a day. */
    async home(serial: string, { from, until, daily_l }: { from: number; until: number; daily_l: number }) {
      const span = [days.on(dayFromNow(from)).start_ms, days.on(dayFromNow(until)).start_ms] as const;
      for (let month = monthOf(span[0]); month <= monthOf(span[1]); month += 1) {
        await createPartition(pool, 'reading', month);
      }
      const registers = Array.from(
        { length: until - from + 1 },
        (_, day) => [new Date(days.on(dayFromNow(from + day)).start_ms).toISOString(), 10_000 + day * daily_l] as const,
      );
      const { meterId } = await house.meter(serial, registers);
      await markTouched(pool, [{ meterId, from_ms: span[0], to_ms: endOfTime_ms }]);
      await workOff();
    },
    /** A run over all places, done to its end. */
    async billRun(use_from: string, use_until: string, text = tariffWithReduction): Promise<number> {
      const at = { clock, days };
      const order = { tariff: { name: 'made.yaml', text }, use_from, use_until, billed_on: use_until, startedBy: null };
      const run = await startBillRun({ pool, ...at }, order);
      for (let part = await workOffBillRun(pool, at); part?.run_id != null; part = await workOffBillRun(pool, at));
      return run;
    },
  };
}

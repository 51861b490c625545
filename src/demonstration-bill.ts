// The demonstration's first bills: the fleet's own week of readings, by a tariff that says of itself that it is none.
import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';
import type { DemonstratedBilling } from './compose.ts';
import type { Clock } from './platform/clock.ts';

const LOOK_EVERY_ms = 5_000;
/** Meters that have not sent their history by then are not waited for. */
const PATIENCE_ms = 15 * 60_000;

const tariff = `naru_tariff: 1
id: demonstration
name: { ko: 시연 요금표 (실제 요금이 아님), en: Demonstration tariff (not a real one) }
verified: false
sources: [{ document: 'made for the demonstration, no utility charges by it', as_of: 2026-11-01 }]
classes:
  domestic: { ko: 가정용, en: domestic }
  general: { ko: 일반용, en: general }
  bath: { ko: 욕탕용, en: bath }
  industrial: { ko: 공업용, en: industrial }
components:
  - id: water
    kind: volume
    name: { ko: 상수도 요금, en: Water }
    lines:
      - id: water-home
        classes: [domestic]
        tiers: [{ up_to_m3: 2, price: 600 }, { up_to_m3: 5, price: 750 }, { price: 900 }]
        scale: []
      - { id: water-other, classes: [general, bath, industrial], price: 1000 }
  - id: sewer
    kind: volume
    name: { ko: 하수도 요금, en: Sewer }
    lines: [{ id: sewer-all, price: 500 }]
  - id: children
    kind: reduction
    name: { ko: 다자녀 가정 감면, en: Household benefit }
    predicate: household-benefit
    of: [water, sewer]
    lines: [{ id: children-30, classes: [domestic], percent: 30, at_most: 8000 }]
`;

/**
 * Bills the whole days since the fleet's first reading, once the first home's are all told.
 * @param since_ms when the fleet's history begins
 */
export async function billFirstDays(
  { timeZone, useOf, startBillRun }: DemonstratedBilling,
  of: { servicePoint: string; since_ms: number; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { servicePoint, since_ms, clock, signal } = of;
  const startOf = (at_ms: number, addedDays: number) =>
    Temporal.Instant.fromEpochMilliseconds(at_ms).toZonedDateTimeISO(timeZone).startOfDay().add({ days: addedDays });
  const from = startOf(since_ms, 1);
  const until = startOf(clock.now_ms(), 0);
  const givesUp_ms = clock.now_ms() + PATIENCE_ms;
  while (clock.now_ms() < givesUp_ms) {
    await sleep(LOOK_EVERY_ms, undefined, { signal });
    const days = await useOf(servicePoint, 'day', new Date(from.epochMilliseconds), new Date(until.epochMilliseconds));
    if (days.length > 0 && days.every(({ use_l }) => use_l !== null)) break;
  }
  const [use_from, use_until] = [from.toPlainDate().toString(), until.toPlainDate().toString()];
  await startBillRun({
    ...{ tariff: { name: 'the demonstration tariff', text: tariff }, startedBy: null },
    ...{ use_from, use_until, billed_on: use_until },
  });
}

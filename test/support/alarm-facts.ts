// A meter's facts for judging alarms, worked out from its readings as the stores would give them.
import type { MeterFacts } from '../../src/metering/alarms/alarm-kind.ts';
import { hoursOfUse } from '../../src/metering/alarms/hours-of-use.ts';
import { toldStretches } from '../../src/metering/alarms/told-stretches.ts';
import type { LocalDays } from '../../src/metering/readings/local-days.ts';
import { dialOf, inOrder, type RegisterPoint, registerCurve } from '../../src/metering/readings/register-rule.ts';
import { useDays } from '../../src/metering/readings/use-days.ts';

/** A register with what the meter said beside it. */
export interface ToldPoint extends RegisterPoint {
  flags?: readonly string[];
}

/**
 * @param readings in any order, any of them several times
 * @param more what else is known, or known otherwise
 */
export function factsOf(
  days: LocalDays,
  readings: readonly ToldPoint[],
  asOf_ms: number,
  more: Partial<MeterFacts> = {},
): MeterFacts {
  const known = readings.filter(({ at_ms }) => at_ms <= asOf_ms);
  const points = inOrder(known.map(({ at_ms, register_l }) => ({ at_ms, register_l })));
  const from_ms = more.installed_ms ?? points[0]?.at_ms ?? asOf_ms;
  const curve = registerCurve(points, dialOf({ dials: 5, bore_mm: more.bore_mm ?? 15 }));
  const install = { install_id: 1, from_ms, until_ms: more.removed_ms ?? null };
  const conflicts = points.flatMap(({ at_ms }, index) => (points[index + 1]?.at_ms === at_ms ? [at_ms] : []));
  const flagsAt = new Map<number, readonly string[]>();
  for (const { at_ms, flags } of known) flagsAt.set(at_ms, flags ?? []);
  return {
    ...{ from_ms, asOf_ms, installed_ms: from_ms, removed_ms: null, bore_mm: 15, usageClass: 'domestic' },
    hours: hoursOfUse(days, useDays(days, install, curve, { from_ms, to_ms: asOf_ms })),
    told: toldStretches(flagsAt.keys(), flagsAt, conflicts),
    conflicts: [...new Set(conflicts)],
    ...{ misdated: [], clones: [], watched: [], watchedDays: [] },
    ...more,
  };
}

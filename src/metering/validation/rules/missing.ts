// Hours in which the meter stood there and nothing tells what passed. Hours between two readings of one register are none of
// them: the one rule knows their sum.
import type { ValidationRule } from '../judged-day.ts';

export const missing: ValidationRule = {
  name: 'missing',
  version: 1,
  judge: ({ day, stood, hours_l, estimated }) => {
    const hours = [...day.boundaries_ms.slice(0, -1).keys()].filter((hour) => {
      const [start_ms = 0, end_ms = 0] = [day.boundaries_ms[hour], day.boundaries_ms[hour + 1]];
      const stands = stood.from_ms < end_ms && stood.to_ms > start_ms;
      return stands && (hours_l[hour] ?? null) === null && !estimated.has(hour);
    });
    const [first, last] = [hours[0], hours.at(-1)];
    if (first === undefined || last === undefined) return null;
    return {
      severity: 3,
      from_ms: Math.max(stood.from_ms, day.boundaries_ms[first] ?? 0),
      to_ms: Math.min(stood.to_ms, day.boundaries_ms[last + 1] ?? 0),
      evidence: { measured: hours.length, unit: 'h' },
    };
  },
};

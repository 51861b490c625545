// An hour far above every hour of the weeks before.
import type { ValidationRule } from '../judged-day.ts';
import { leastKnownDays } from '../limits.ts';

export const spike: ValidationRule = {
  name: 'spike',
  version: 1,
  judge: ({ day, hours_l, past, limits }) => {
    const known = past.flatMap(({ most_l }) => most_l ?? []);
    if (known.length < leastKnownDays) return null;
    const highest_l = Math.max(...known);
    // An hour may take what a day may without a word, where the past is of small draws.
    const limit = Math.max(highest_l * limits.spikeTimes, limits.floor_l / 2);
    const most_l = Math.max(...hours_l.map((use_l) => use_l ?? 0));
    const hour = hours_l.indexOf(most_l);
    if (most_l <= limit) return null;
    return {
      severity: 2,
      from_ms: day.boundaries_ms[hour] ?? 0,
      to_ms: day.boundaries_ms[hour + 1] ?? 0,
      evidence: { measured: most_l, limit, unit: 'l', highest_before: highest_l },
    };
  },
};

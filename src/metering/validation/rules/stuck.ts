// A register that stands still where water was used on each known day of weeks: its meter is stuck, or its radio repeats the
// last number. Said once, on the day it has become likely.
import { type ValidationRule, zeroDaysUpTo } from '../judged-day.ts';
import { leastKnownDays } from '../limits.ts';

export const stuck: ValidationRule = {
  name: 'stuck',
  version: 1,
  judge: (judged) => {
    const limit = judged.limits.stuckDays;
    if (zeroDaysUpTo(judged) !== limit) return null;
    const before = judged.past.slice(limit - 1).flatMap(({ use_l }) => use_l ?? []);
    if (before.length < leastKnownDays || before.some((use_l) => use_l === 0)) return null;
    const { from_ms, to_ms } = judged.stood;
    return { severity: 2, from_ms, to_ms, evidence: { measured: limit, limit, unit: 'd', days_of_use: before.length } };
  },
};

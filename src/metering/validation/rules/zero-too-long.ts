// No use for many days: an empty home, a closed cock, a meter that was bypassed. Said once, on the day it has become long.
import { type ValidationRule, zeroDaysUpTo } from '../judged-day.ts';

export const zeroTooLong: ValidationRule = {
  name: 'zero_too_long',
  version: 1,
  judge: (judged) => {
    const limit = judged.limits.zeroDays;
    if (zeroDaysUpTo(judged) !== limit) return null;
    const { from_ms, to_ms } = judged.stood;
    return { severity: 1, from_ms, to_ms, evidence: { measured: limit, limit, unit: 'd' } };
  },
};

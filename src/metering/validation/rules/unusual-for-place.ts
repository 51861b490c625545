// A day far above, or far below, what the place used in the four weeks before.
import { type ValidationRule, wholeUse_l } from '../judged-day.ts';
import { leastKnownDays } from '../limits.ts';
import { median, spreadAround } from '../median.ts';

export const unusualForPlace: ValidationRule = {
  name: 'unusual_for_place',
  version: 1,
  judge: (judged) => {
    const { past, limits, stood } = judged;
    const measured = wholeUse_l(judged);
    const known = past.flatMap(({ use_l }) => use_l ?? []);
    const usual = median(known);
    if (measured === null || usual === null || known.length < leastKnownDays) return null;
    // Places that use the same every day would be unusual by a litre: half of the usual is always within it.
    const spread = Math.max(spreadAround(known, usual), usual / 10);
    const most = Math.round(Math.max(usual + limits.highSpreads * spread, limits.floor_l));
    const least = Math.round(usual * limits.lowShare);
    const span = { from_ms: stood.from_ms, to_ms: stood.to_ms };
    if (measured > most) {
      return { severity: 2, ...span, evidence: { measured, limit: most, unit: 'l', usual, side: 'high' } };
    }
    // No use at all is another rule's: people are away.
    if (measured > 0 && measured < least) {
      return { severity: 1, ...span, evidence: { measured, limit: least, unit: 'l', usual, side: 'low' } };
    }
    return null;
  },
};

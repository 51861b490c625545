// A day far above what places of the class in the zone used that day. Far below is no sign of anything: flats stand empty.
import { type ValidationRule, wholeUse_l } from '../judged-day.ts';
import { type ClassLimits, leastPeers, limitsOf } from '../limits.ts';

const mostOf_l = (median_l: number, { zoneTimes, floor_l }: Pick<ClassLimits, 'zoneTimes' | 'floor_l'>) =>
  Math.max(median_l * zoneTimes, floor_l);

export const unusualForZone: ValidationRule = {
  name: 'unusual_for_zone',
  version: 2,
  judge: (judged) => {
    const { peers, limits, stood } = judged;
    const measured = wholeUse_l(judged);
    if (measured === null || peers === null || peers.places < leastPeers) return null;
    const limit = mostOf_l(peers.median_l, limits);
    if (measured <= limit) return null;
    return {
      severity: 1,
      from_ms: stood.from_ms,
      to_ms: stood.to_ms,
      evidence: { measured, limit, unit: 'l', usual: peers.median_l, places: peers.places, side: 'high' },
    };
  },
};

/** A day of no more than this is nothing to the rule at any of these medians. */
export function neverUnusual_l(usageClass: string, ...medians_l: readonly number[]): number {
  const limits = limitsOf(usageClass, 0);
  return Math.min(...medians_l.map((median_l) => mostOf_l(median_l, limits)));
}

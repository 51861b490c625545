// A day far above what places of the class in the zone used that day. Far below is no sign of anything: flats stand empty.
import { type ValidationRule, wholeUse_l } from '../judged-day.ts';
import { leastPeers } from '../limits.ts';

export const unusualForZone: ValidationRule = {
  name: 'unusual_for_zone',
  version: 1,
  judge: (judged) => {
    const { peers, limits, stood } = judged;
    const measured = wholeUse_l(judged);
    if (measured === null || peers === null || peers.places < leastPeers) return null;
    const limit = Math.max(peers.median_l * limits.zoneTimes, limits.floor_l);
    if (measured <= limit) return null;
    return {
      severity: 1,
      from_ms: stood.from_ms,
      to_ms: stood.to_ms,
      evidence: { measured, limit, unit: 'l', usual: peers.median_l, places: peers.places, side: 'high' },
    };
  },
};

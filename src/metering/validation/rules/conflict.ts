// Two registers told for one instant. The same register told twice is one reading and no finding.
import type { ValidationRule } from '../judged-day.ts';

export const conflict: ValidationRule = {
  name: 'conflict',
  version: 1,
  judge: ({ conflicts }) =>
    conflicts && {
      severity: 2,
      from_ms: conflicts.first_ms,
      to_ms: conflicts.last_ms,
      evidence: { measured: conflicts.widest_l, unit: 'l', instants: conflicts.instants },
    },
};

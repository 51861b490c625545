// Readings whose clock can't be right: kept apart on receipt, and in no sum. Told on the day they were received.
import type { ValidationRule } from '../judged-day.ts';

export const wrongTime: ValidationRule = {
  name: 'wrong_time',
  version: 1,
  judge: ({ misdated }) =>
    misdated && {
      severity: 2,
      from_ms: misdated.first_ms,
      to_ms: misdated.last_ms,
      evidence: { measured: misdated.readings, earliest: misdated.earliest, latest: misdated.latest },
    },
};

// A register that is lower than the one told before it, and has not begun its round again: what the one rule leaves out, or
// takes for another register.
import { mostBackward_l } from '../../readings/register-rule.ts';
import type { ValidationRule } from '../judged-day.ts';

export const negative: ValidationRule = {
  name: 'negative',
  version: 1,
  judge: ({ steps }) => {
    const falls = steps.filter(
      ({ register_l, previous_l, counts, broken }) => register_l < previous_l && (!counts || broken !== null),
    );
    const [first, last] = [falls[0], falls.at(-1)];
    if (first === undefined || last === undefined) return null;
    const breaks = falls.filter(({ broken }) => broken !== null).length;
    const deepest_l = Math.max(...falls.map(({ register_l, previous_l }) => previous_l - register_l));
    return {
      severity: breaks > 0 ? 3 : deepest_l > mostBackward_l ? 2 : 1,
      from_ms: first.previous_at_ms,
      to_ms: last.at_ms,
      evidence: { measured: deepest_l, unit: 'l', readings: falls.length, breaks },
    };
  },
};

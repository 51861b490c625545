// More between two readings than a meter of the bore can carry: a wrong bore or unit in the registry, a decoder's fault, or
// another meter's register.
import type { ValidationRule } from '../judged-day.ts';
import { shortestStep_h } from '../limits.ts';

export const implausibleRate: ValidationRule = {
  name: 'implausible_rate',
  version: 1,
  judge: ({ steps, limits }) => {
    const limit = limits.most_l_per_h;
    const rates = steps.map((step) => {
      const hours = Math.max((step.at_ms - step.previous_at_ms) / 3_600_000, shortestStep_h);
      return { ...step, rate_l_per_h: Math.round((step.register_l - step.previous_l) / hours) };
    });
    const fast = rates.filter(({ rate_l_per_h }) => rate_l_per_h > limit);
    const [first, last] = [fast[0], fast.at(-1)];
    if (first === undefined || last === undefined) return null;
    return {
      severity: fast.some(({ broken }) => broken !== null) ? 3 : 2,
      from_ms: first.previous_at_ms,
      to_ms: last.at_ms,
      evidence: {
        measured: Math.max(...fast.map(({ rate_l_per_h }) => rate_l_per_h)),
        ...{ limit, unit: 'l/h', readings: fast.length },
      },
    };
  },
};

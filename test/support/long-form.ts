// How long the fault cases run: short in `npm test`, long in `npm run test:faults`.

export const isLong = process.env.NARU_TEST_FAULTS === 'long';

export function shortOrLong(short: number, long: number): number {
  return isLong ? long : short;
}

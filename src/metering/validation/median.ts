// The middle of values, and how far they lie from it: neither moves for a few wild ones.

/** The lower of the two in the middle where their number is even; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[(sorted.length - 1) >> 1] ?? null;
}

/** Makes a median deviation what a standard deviation is of a normal variable. */
const normal = 1.4826;

export function spreadAround(values: readonly number[], middle: number): number {
  return normal * (median(values.map((value) => Math.abs(value - middle))) ?? 0);
}

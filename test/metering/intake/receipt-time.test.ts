import { describe, expect, test } from 'vitest';
import { risingApart, strictlyRising } from '../../../src/metering/intake/receipt-time.ts';

const stoppedAt = (now_ms: number) => ({ now_ms: () => now_ms });
const stamps_us = (next: () => number, count: number) =>
  Array.from({ length: count }, () => Math.round(next() * 1_000));

describe('the time of a receipt', () => {
  test('is never the same twice, however many come within a millisecond', () => {
    const stamps = stamps_us(strictlyRising(stoppedAt(1_772_323_200_000)), 3_000);
    expect(new Set(stamps).size).toBe(3_000);
    expect(stamps[0]).toBe(1_772_323_200_000_000);
  });

  test('is never that of another source, though their clocks show the same', () => {
    const sources = Array.from({ length: 16 }, (_, source) => risingApart(stoppedAt(1_772_323_200_000), source, 16));
    const stamps = sources.flatMap((next) => stamps_us(next, 200));
    expect(new Set(stamps).size).toBe(16 * 200);
    expect(Math.max(...stamps) - 1_772_323_200_000_000).toBeLessThanOrEqual(16 * 200);
  });
});

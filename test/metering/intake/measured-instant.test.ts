import { expect, test } from 'vitest';
import { measuredInstant } from '../../../src/metering/intake/measured-instant.ts';

const received_ms = Date.UTC(2026, 2, 1);

test.each([
  ['2026-03-01T10:00:00Z', 'Asia/Seoul', Date.UTC(2026, 2, 1, 10), 'absolute'],
  ['2026-03-01T10:00+09:00', 'Europe/Madrid', Date.UTC(2026, 2, 1, 1), 'absolute'],
  ['2026-03-01T10:00', 'Asia/Seoul', Date.UTC(2026, 2, 1, 1), 'local'],
  ['2026-07-01T10:00:30', 'Europe/Madrid', Date.UTC(2026, 6, 1, 8, 0, 30), 'local'],
  // The hour that Madrid has twice in autumn, and the one it skips in spring.
  ['2026-10-25T02:30', 'Europe/Madrid', Date.UTC(2026, 9, 25, 0, 30), 'local'],
  ['2026-03-29T02:30', 'Europe/Madrid', Date.UTC(2026, 2, 29, 1, 30), 'local'],
  [null, 'Asia/Seoul', received_ms, 'received'],
])('%s told in %s is an instant', (text, zone, at_ms, clock) => {
  expect(measuredInstant(text, received_ms, zone)).toEqual({ at_ms, clock });
});

test.each(['', 'yesterday', '2026-02-30T00:00', '2026-03-01T25:00Z', '1e309'])('%s is no time', (text) => {
  expect(measuredInstant(text, received_ms, 'Asia/Seoul')).toBeNull();
});

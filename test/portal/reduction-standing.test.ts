// Until when a proven reduction counts: whatever ends it, from the local day on which it no longer held.
import { describe, expect, test } from 'vitest';
import { type KnownOfProof, reductionPolicy, standingOf } from '../../src/portal/reduction-standing.ts';

const timeZone = 'Asia/Seoul';
const now_ms = Date.parse('2026-03-20T12:00:00+09:00');
const good: KnownOfProof = {
  from: '2026-03-01',
  expires: '2027-01-01',
  confirmedAt_ms: now_ms - 3_600_000,
  credential: { state: 'valid' },
  account: { state: 'valid' },
  livesUntil: null,
};
const standing = (known: Partial<KnownOfProof>) => standingOf({ ...good, ...known }, now_ms, timeZone);

describe('a proof', () => {
  test('counts until its credential expires, while nothing else ends it', () => {
    expect(standing({})).toEqual({ confirmed: true, until: '2027-01-01', ended: null });
  });

  test.each([
    ['revoked', '2026-03-10T14:59:59Z', '2026-03-10'],
    ['revoked', '2026-03-10T15:00:00Z', '2026-03-11'],
    ['suspended', '2026-03-10T15:00:00Z', '2026-03-11'],
  ] as const)('%s at %s ends on that day in Seoul', (state, at, until) => {
    expect(standing({ credential: { state, at } })).toEqual({ confirmed: false, until, ended: state });
    expect(standing({ account: { state, at } })).toMatchObject({ until, ended: 'account_ended' });
  });

  test('ends with the day after the last one of the tenancy, also where that lies ahead', () => {
    expect(standing({ livesUntil: '2026-03-19' })).toMatchObject({ until: '2026-03-20', ended: 'moved_out' });
    expect(standing({ livesUntil: '2026-03-20' })).toMatchObject({ until: '2026-03-21', ended: null });
  });

  test('expires on its first day of being no longer valid', () => {
    expect(standing({ expires: '2026-03-20' })).toMatchObject({ until: '2026-03-20', ended: 'expired' });
    expect(standing({ expires: '2026-03-21' })).toMatchObject({ until: '2026-03-21', ended: null });
  });

  test('that several things end, the earliest ends', () => {
    const credential = { state: 'revoked', at: '2026-03-15T00:00:00Z' } as const;
    expect(standing({ credential, livesUntil: '2026-03-11' })).toMatchObject({
      until: '2026-03-12',
      ended: 'moved_out',
    });
  });

  test('that was revoked before it was ever good for a day is none', () => {
    const credential = { state: 'revoked', at: '2026-02-01T00:00:00Z' } as const;
    expect(standing({ credential })).toMatchObject({ until: '2026-03-01', ended: 'revoked' });
  });

  test.each([
    [reductionPolicy.unknownFor_ms, null, '2027-01-01'],
    [reductionPolicy.unknownFor_ms + 1, 'unknown', '2026-03-20'],
  ])('whose status is unknown since %i ms is never confirmed, and has ended: %s', (ago_ms, ended, until) => {
    for (const part of ['credential', 'account'] as const) {
      const known = { [part]: { state: 'unknown' }, confirmedAt_ms: now_ms - ago_ms };
      expect(standing(known)).toEqual({ confirmed: false, until, ended });
    }
  });
});

// Ages by the calendar in Seoul: against a counting that takes every day of a life, and at the days where it tips.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dayInSeoul,
  endOfDayInSeoul_ms,
  hasCompletedYears,
  isAdultForYouthProtection,
} from '../../../src/identity/credentials/calendar-age.ts';
import { newSeed } from '../../support/seed.ts';

describe('completed years', () => {
  test.each([
    ['on the birthday', '2007-03-15', 19, '2026-03-15', true],
    ['on the day before it', '2007-03-15', 19, '2026-03-14', false],
    ['in an earlier month of that year', '2007-12-01', 19, '2026-11-30', false],
    ['for a 29 February, on 28 February of a common year', '2008-02-29', 14, '2022-02-28', false],
    ['for a 29 February, on 1 March of a common year', '2008-02-29', 14, '2022-03-01', true],
    ['for a 29 February, on the 29th of a leap year', '2008-02-29', 16, '2024-02-29', true],
    ['on the last day before 65', '1961-11-27', 65, '2026-11-26', false],
    ['at 65', '1961-11-26', 65, '2026-11-26', true],
    ['before being born', '2027-01-01', 0, '2026-12-31', false],
  ])('%s [Civil Act 158, 160]', (_when, birthDate, years, today, completed) => {
    expect(hasCompletedYears(birthDate, years, today)).toBe(completed);
  });

  test('never go back as days pass, and are as many as the birthdays that were', () => {
    const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2020-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 100 }), (birth, lived, years) => {
        const birthDate = birth.toISOString().slice(0, 10);
        const today = new Date(Date.parse(birthDate) + lived * 86_400_000);
        // A birthday on 29 February falls on 1 March where there is none: that is what JavaScript makes of the day, too.
        const birthday = new Date(birthDate);
        birthday.setUTCFullYear(birthday.getUTCFullYear() + years);
        expect(hasCompletedYears(birthDate, years, today.toISOString().slice(0, 10))).toBe(today >= birthday);
      }),
      { seed: newSeed('completed years') },
    );
  });
});

test.each([
  ['2007-12-31', '2025-12-31', false],
  ['2007-12-31', '2026-01-01', true],
  ['2008-01-01', '2026-12-31', false],
  ['2008-01-01', '2027-01-01', true],
])(
  'who was born on %s is on %s an adult for the protection of youth: %s [Youth Protection Act 2]',
  (birth, today, adult) => {
    expect(isAdultForYouthProtection(birth, today)).toBe(adult);
  },
);

test('a day in Seoul begins nine hours before the one in Greenwich', () => {
  expect(dayInSeoul(Date.parse('2026-03-14T14:59:59.999Z'))).toBe('2026-03-14');
  expect(dayInSeoul(Date.parse('2026-03-14T15:00:00Z'))).toBe('2026-03-15');
  expect(new Date(endOfDayInSeoul_ms('2026-12-31')).toISOString()).toBe('2026-12-31T15:00:00.000Z');
});

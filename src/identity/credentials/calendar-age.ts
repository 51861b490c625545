// Ages as Korean law counts them, from a birth date and the calendar day in Seoul; no instant and no clock.

const SEOUL_AHEAD_ms = 9 * 3_600_000;
const DAY_ms = 86_400_000;
const calendarDay = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The calendar day in Seoul, YYYY-MM-DD. Korea Standard Time has been UTC+9 without summer time since 1988. */
export function dayInSeoul(at_ms: number): string {
  return new Date(at_ms + SEOUL_AHEAD_ms).toISOString().slice(0, 10);
}

/** The instant at which a day in Seoul is over. */
export function endOfDayInSeoul_ms(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - SEOUL_AHEAD_ms + DAY_ms;
}

/**
 * Whether somebody born on `birthDate` has completed `years` years on `today`. Who was born on 29 February completes a year
 * on 1 March where there is no 29th: a term of years ends with its month's last day.
 * Source: Civil Act of the Republic of Korea, articles 158 and 160.
 *
 * @param birthDate YYYY-MM-DD
 * @param today YYYY-MM-DD
 */
export function hasCompletedYears(birthDate: string, years: number, today: string): boolean {
  const [bornIn, birthday] = parts(birthDate);
  const [year, day] = parts(today);
  return year - bornIn > years || (year - bornIn === years && day >= birthday);
}

/**
 * Whether the Youth Protection Act takes somebody for an adult: from 1 January of the year in which they turn 19, which is
 * not the same as being 19. Source: Youth Protection Act of the Republic of Korea, article 2, item 1.
 */
export function isAdultForYouthProtection(birthDate: string, today: string): boolean {
  return parts(today)[0] - parts(birthDate)[0] >= 19;
}

/** Year, and month and day as text that sorts as the calendar does. */
function parts(day: string): [year: number, monthAndDay: string] {
  const [, year, month, dayOfMonth] = calendarDay.exec(day) ?? [];
  if (year === undefined) throw new RangeError('a calendar day is YYYY-MM-DD');
  return [Number(year), `${month}-${dayOfMonth}`];
}

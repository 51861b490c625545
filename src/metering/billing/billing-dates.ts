// Days and months as a tariff names them: plain dates of the utility's calendar, without a clock or a time zone.

/** `2024-10-01`; dates in this form sort as text. */
export type DateText = string;

const day_ms = 86_400_000;

/** Days since 1970-01-01 of a date that is known to be one. */
function dayNumber(date: DateText): number {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return Date.UTC(year, month - 1, day) / day_ms;
}

export function daysBetween(from: DateText, until: DateText): number {
  return dayNumber(until) - dayNumber(from);
}

export function dayAfter(date: DateText): DateText {
  return dateOf(dayNumber(date) + 1);
}

export function dayBefore(date: DateText): DateText {
  return dateOf(dayNumber(date) - 1);
}

function dateOf(day: number): DateText {
  return new Date(day * day_ms).toISOString().slice(0, 10);
}

/** `2024-10` of `2024-10-01`. */
export function monthOf(date: DateText): string {
  return date.slice(0, 7);
}

/** A date of the calendar between the years 1900 and 2199. */
export function isDate(text: string): boolean {
  return /^(19|20|21)\d\d-\d\d-\d\d$/.test(text) && dateOf(dayNumber(text)) === text;
}

/** `2024-02-29` of `2024-02-10`. */
export function lastOfMonth(date: DateText): DateText {
  const [year = 0, month = 1] = date.split('-').map(Number);
  return dateOf(Date.UTC(year, month, 0) / day_ms);
}

// A time zone as Green Button tells it: its offset, and by which rule its summer time begins and ends.
import { Temporal } from 'temporal-polyfill';

export interface TimeRules {
  tz_offset_s: number;
  dst_offset_s: number;
  /** Eight hexadecimal digits; zeros where there is no summer time. */
  dst_start_rule: string;
  dst_end_rule: string;
}

const NONE = '00000000';

/**
 * The rules by which the zone goes in the year after an instant.
 * Source: NAESB REQ.21 (ESPI), TimeConfiguration and DstRuleType
 */
export function timeRules(timeZone: string, at_ms: number): TimeRules {
  const now = Temporal.Instant.fromEpochMilliseconds(at_ms).toZonedDateTimeISO(timeZone);
  const year = now.add({ years: 1 });
  const changes: Temporal.ZonedDateTime[] = [];
  for (let change = now.getTimeZoneTransition('next'); change !== null; change = change.getTimeZoneTransition('next')) {
    if (Temporal.ZonedDateTime.compare(change, year) > 0) break;
    changes.push(change);
  }
  const offsets = [now, ...changes].map((one) => one.offsetNanoseconds / 1e9);
  const [standard_s, summer_s] = [Math.min(...offsets), Math.max(...offsets)];
  const begins = changes.find((change) => change.offsetNanoseconds / 1e9 === summer_s);
  const ends = changes.find((change) => change.offsetNanoseconds / 1e9 === standard_s);
  if (begins === undefined || ends === undefined || standard_s === summer_s) {
    return { tz_offset_s: now.offsetNanoseconds / 1e9, dst_offset_s: 0, dst_start_rule: NONE, dst_end_rule: NONE };
  }
  return {
    ...{ tz_offset_s: standard_s, dst_offset_s: summer_s - standard_s },
    dst_start_rule: ruleOf(begins, standard_s),
    dst_end_rule: ruleOf(ends, summer_s),
  };
}

/**
 * From the lowest bit: 12 of seconds, 5 of hours, 3 of the day of the week (Monday is 1), 5 of the day of the month, 3 of
 * the operator (2 to 6: the first to the fifth such weekday of the month; 7: the last), 4 of the month.
 * @param before_s the offset until then: the rule tells the time that clocks showed
 */
function ruleOf(change: Temporal.ZonedDateTime, before_s: number): string {
  const local = Temporal.Instant.fromEpochMilliseconds(change.epochMilliseconds + before_s * 1_000).toZonedDateTimeISO(
    'UTC',
  );
  const operator = local.day + 7 > local.daysInMonth ? 7 : 1 + Math.ceil(local.day / 7);
  const seconds = local.minute * 60 + local.second;
  const rule = ((local.month * 8 + operator) * 32 * 8 + local.dayOfWeek) * 32 * 4_096 + local.hour * 4_096 + seconds;
  return rule.toString(16).toUpperCase().padStart(8, '0');
}

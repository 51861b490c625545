// A place's use over local days from stored use and estimates: every hour of every meter that stood there, or why not.
import type { LocalDays } from '../readings/local-days.ts';
import { type DateText, dayAfter } from './billing-dates.ts';

/** Local days: the first, and the first that no longer is of the period. */
export interface Period {
  use_from: DateText;
  use_until: DateText;
}

export interface PlaceInstall {
  install_id: number;
  meter_id: number;
  bore_mm: number;
  from_ms: number;
  /** null: it still stands there. */
  until_ms: number | null;
}

/** Litres of a day by the hour, null where nothing can be told. */
export type HourlyLitres = readonly (number | null)[];

/** Stored use of an install's day; the hours are only needed where one of them is null. */
export interface ToldDay {
  told_l: number;
  gappy: HourlyLitres | null;
}

/** What one meter's stay at the place contributes. */
export interface UsePart {
  install_id: number;
  meter_id: number;
  /** Its first day in the period; the litres of that day and of each after it. */
  from: DateText;
  days_l: number[];
  /** Litres of these days that are estimated, where there are any. */
  estimated: { day: DateText; volume_l: number }[];
}

export interface PeriodUse {
  volume_l: number;
  estimated_l: number;
  parts: UsePart[];
}

export type UntoldReason = 'no_meter' | 'no_reading' | 'register_broken';

/** Why a period's use can't be told: what is missing first, and how much of the period is. */
export interface Untold {
  reason: UntoldReason;
  from_ms: number;
  missing_h: number;
}

export interface PlaceUse {
  /** All that ever stood there, oldest first. */
  installs: readonly PlaceInstall[];
  /** By `dayKey`. */
  told: ReadonlyMap<string, ToldDay>;
  estimates: ReadonlyMap<string, HourlyLitres>;
}

export function dayKey(install_id: number, day: DateText): string {
  return `${install_id} ${day}`;
}

interface Gap {
  reason: UntoldReason;
  from_ms: number;
  length_ms: number;
}

/**
 * The sum of the hours of every meter: as each is the difference of its boundaries, the sum is the difference of the period's
 * boundaries. Before a place's first meter and after its last nothing is missing; between two meters it is.
 */
export function periodUse(
  days: LocalDays,
  period: Period,
  { installs, told, estimates }: PlaceUse,
): PeriodUse | Untold {
  const from_ms = days.on(period.use_from).start_ms;
  const until_ms = days.on(period.use_until).start_ms;
  const gaps: Gap[] = [];
  const parts: UsePart[] = [];
  let covered_ms: number | null = null;
  for (const install of installs) {
    const begins_ms = Math.max(from_ms, Math.min(install.from_ms, until_ms));
    const ends_ms = Math.min(until_ms, install.until_ms ?? until_ms);
    if (covered_ms !== null && covered_ms < begins_ms) {
      gaps.push({ reason: 'no_meter', from_ms: covered_ms, length_ms: begins_ms - covered_ms });
    }
    covered_ms = Math.max(covered_ms ?? from_ms, begins_ms, ends_ms);
    if (begins_ms < ends_ms) parts.push(partOf(days, install, { begins_ms, ends_ms }, told, estimates, gaps));
  }
  const first = gaps.reduce<Gap | null>(
    (found, gap) => (found !== null && found.from_ms <= gap.from_ms ? found : gap),
    null,
  );
  if (first !== null) return { ...untold(first), missing_h: hours(gaps) };
  if (parts.length === 0) return { reason: 'no_meter', from_ms, missing_h: (until_ms - from_ms) / HOUR_ms };
  const estimated_l = parts.flatMap(({ estimated }) => estimated).reduce((sum, { volume_l }) => sum + volume_l, 0);
  return { volume_l: parts.flatMap(({ days_l }) => days_l).reduce((sum, day_l) => sum + day_l, 0), estimated_l, parts };
}

const HOUR_ms = 3_600_000;

const untold = ({ reason, from_ms }: Gap) => ({ reason, from_ms });

const hours = (gaps: readonly Gap[]) => gaps.reduce((sum, { length_ms }) => sum + length_ms, 0) / HOUR_ms;

/** One meter's days. Hours that were told before and after a gap tell that the register did not go on in it. */
function partOf(
  days: LocalDays,
  { install_id, meter_id }: PlaceInstall,
  { begins_ms, ends_ms }: { begins_ms: number; ends_ms: number },
  told: PlaceUse['told'],
  estimates: PlaceUse['estimates'],
  gaps: Gap[],
): UsePart {
  const part: UsePart = { install_id, meter_id, from: days.at(begins_ms).date, days_l: [], estimated: [] };
  const open: Gap[] = [];
  let toldBefore = false;
  const close = () => {
    for (const gap of open.splice(0)) gaps.push(gap);
  };
  for (let day = days.at(begins_ms); day.start_ms < ends_ms; day = days.after(day)) {
    const stored = told.get(dayKey(install_id, day.date));
    if (stored !== undefined && stored.gappy === null) {
      for (const gap of open) gap.reason = toldBefore ? 'register_broken' : gap.reason;
      close();
      toldBefore = true;
      part.days_l.push(stored.told_l);
      continue;
    }
    const estimated = estimates.get(dayKey(install_id, day.date));
    let day_l = 0;
    let estimated_l = 0;
    let isEstimated = false;
    for (const [hour, start_ms] of day.boundaries_ms.slice(0, -1).entries()) {
      const from_ms = Math.max(start_ms, begins_ms);
      const length_ms = Math.min(day.boundaries_ms[hour + 1] ?? 0, ends_ms) - from_ms;
      if (length_ms <= 0) continue;
      const told_l = stored?.gappy?.[hour] ?? null;
      const guessed_l = estimated?.[hour] ?? null;
      if (told_l !== null) {
        for (const gap of open) gap.reason = toldBefore ? 'register_broken' : gap.reason;
        close();
        toldBefore = true;
        day_l += told_l;
      } else if (guessed_l !== null) {
        isEstimated = true;
        estimated_l += guessed_l;
        day_l += guessed_l;
      } else open.push({ reason: 'no_reading', from_ms, length_ms });
    }
    part.days_l.push(day_l);
    if (isEstimated) part.estimated.push({ day: day.date, volume_l: estimated_l });
  }
  close();
  return part;
}

/** Litres of the days from one to another, whichever meters they passed. */
export function volumeOfDays(parts: readonly UsePart[], { use_from, use_until }: Period): number {
  let volume_l = 0;
  for (const { from, days_l } of parts) {
    let day = from;
    for (const day_l of days_l) {
      if (day >= use_from && day < use_until) volume_l += day_l;
      day = dayAfter(day);
    }
  }
  return volume_l;
}

// What a stretch of use says in words and numbers, for those who do not read the chart; and the stretch's limits in time.
import { intervalName, litres, zoneAhead_ms } from './format.ts';
import type { Language, Text } from './language.tsx';
import type { Resolution, Use } from './service-types.ts';

const hour_ms = 3_600_000;
const day_ms = 24 * hour_ms;

/** How much one view shows. */
const span_ms: Record<Resolution, number> = { hour: 48 * hour_ms, day: 30 * day_ms };

export interface Stretch {
  from: string;
  to: string;
}

/**
 * The stretch `pages` views before the newest one. The newest ends with the running hour or day, or, for a meter that
 * has been silent longer than one view, with its last reading.
 */
export function stretchOf(
  resolution: Resolution,
  pages: number,
  now_ms: number,
  latest: string | null,
  timeZone: string,
): Stretch {
  const latest_ms = latest === null ? Number.NaN : Date.parse(latest);
  const current = Number.isNaN(latest_ms) || (latest_ms <= now_ms && now_ms - latest_ms < span_ms[resolution]);
  const end_ms = nextBoundary_ms(current ? now_ms : latest_ms, resolution, timeZone);
  const to_ms = end_ms - pages * span_ms[resolution];
  return { from: new Date(to_ms - span_ms[resolution]).toISOString(), to: new Date(to_ms).toISOString() };
}

/** From the first whole day of so many until the running hour, as a query. */
export function lastDays(days: number, now_ms: number, timeZone: string): { from: string; to: string } {
  const from_ms = nextBoundary_ms(now_ms - days * day_ms, 'day', timeZone);
  const to_ms = nextBoundary_ms(now_ms, 'hour', timeZone) - hour_ms;
  return { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() };
}

function nextBoundary_ms(at_ms: number, resolution: Resolution, timeZone: string): number {
  const step_ms = resolution === 'hour' ? hour_ms : day_ms;
  const ahead_ms = zoneAhead_ms(at_ms, timeZone);
  return (Math.floor((at_ms + ahead_ms) / step_ms) + 1) * step_ms - ahead_ms;
}

interface UseFigures {
  total_l: number;
  /** Index of the interval with the highest use; `null` when nothing is known. */
  highest: number | null;
  unknown: number;
  estimated_l: number;
}

function figuresOf(use: Use): UseFigures {
  let total_l = 0;
  let highest: number | null = null;
  let unknown = 0;
  let estimated_l = 0;
  use.intervals.forEach((interval, index) => {
    if (interval.use_l === null) {
      unknown += 1;
      return;
    }
    total_l += interval.use_l;
    estimated_l += interval.estimated_l ?? 0;
    const before = highest === null ? null : (use.intervals[highest]?.use_l ?? null);
    if (before === null || interval.use_l > before) highest = index;
  });
  return { total_l, highest, unknown, estimated_l };
}

/** One sentence with what the chart shows. */
export function summaryOf(use: Use, language: Language): string {
  const { total_l, highest, unknown, estimated_l } = figuresOf(use);
  const top = highest === null ? undefined : use.intervals[highest];
  if (top === undefined)
    return { ko: '이 기간에는 사용량 자료가 없습니다.', en: 'Nothing is known of this time.' }[language];
  const name = intervalName(top.start, use.resolution, language, use.time_zone);
  const most = litres(top.use_l ?? 0, language);
  const text: Text = {
    ko: `모두 ${litres(total_l, language)}를 썼고, 가장 많이 쓴 때는 ${name}(${most})입니다.`,
    en: `${litres(total_l, language)} in all; most at ${name} (${most}).`,
  };
  if (use.intervals.some((interval) => interval.estimated_l !== undefined)) {
    text.ko += ` 이 중 ${litres(estimated_l, 'ko')}는 추정한 값입니다.`;
    text.en += ` ${litres(estimated_l, 'en')} of it is estimated.`;
  }
  if (unknown > 0) {
    text.ko += ` ${unknown}${use.resolution === 'hour' ? '시간' : '일'}은 자료가 없습니다.`;
    text.en += ` Nothing is known of ${unknown} ${use.resolution}${unknown === 1 ? '' : 's'}.`;
  }
  return text[language];
}

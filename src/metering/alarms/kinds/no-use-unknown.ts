// Unknown where somebody asked to be watched over: the day passed, and it can't be told whether water was used. It is for the
// utility to mend, and nobody's contacts are told.
import { type AlarmKind, DAY_ms, HOUR_ms, inOrder, type Sighting } from '../alarm-kind.ts';
import { byDay, endsOf, isWithin, partsOfDay } from '../watched-days.ts';

/** A meter that sends a few times a day may be that late. */
const patience_ms = 26 * HOUR_ms;

export const kind: AlarmKind = {
  kind: 'no_use_unknown',
  label: { ko: '안부 확인 불가: 자료 없음', en: 'Welfare unknown: no data' },
  advice: {
    ko: '자료가 오지 않아 물을 썼는지 알 수 없습니다. 계량기 통신을 먼저 고칩니다.',
    en: 'No data came, so nobody can tell. Mend the meter’s radio first.',
  },
  unit: null,
  memory_ms: 3 * DAY_ms,
  join_ms: DAY_ms,
  look: ({ hours, watched, watchedDays, asOf_ms }) => {
    const held: Sighting[] = [];
    const gone: number[] = [];
    let due_ms = Number.POSITIVE_INFINITY;
    const known = new Map(byDay(hours).map((day) => [day[0]?.day, day]));
    for (const { day, from_ms, to_ms } of watchedDays) {
      if (!isWithin({ start_ms: from_ms, end_ms: to_ms }, watched)) continue;
      const told = known.get(day) ?? [];
      const wasUsed = told.some(({ use_l }) => (use_l ?? 0) > 0);
      const decisive = partsOfDay(told);
      if (wasUsed || decisive?.every(({ use_l }) => use_l !== null) === true) gone.push(to_ms);
      else if (asOf_ms >= to_ms + patience_ms) held.push({ from_ms, to_ms, grade: 1, amount: null });
      else due_ms = Math.min(due_ms, to_ms + patience_ms);
    }
    return { held, gone: inOrder([...gone, ...endsOf(watched, asOf_ms)]), due_ms };
  },
};

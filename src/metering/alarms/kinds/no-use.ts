// No use where somebody asked to be watched over: none in the morning and the evening of a day, or none for two days. What
// was not measured is never taken for none.
import { type AlarmKind, DAY_ms, HOUR_ms, inOrder, runsOf, type Sighting, spanOf } from '../alarm-kind.ts';
import { byDay, endsOf, isWithin, partsOfDay } from '../watched-days.ts';

const none_h = 48;

export const kind: AlarmKind = {
  kind: 'no_use',
  label: { ko: '안부 확인: 물 사용 없음', en: 'Welfare: no water used' },
  advice: {
    ko: '본인이 정한 연락처에 알렸습니다. 필요하면 복지 담당에 전합니다.',
    en: 'The contacts this person named were told. Pass it on to the welfare office if need be.',
  },
  unit: null,
  memory_ms: (none_h + 2) * HOUR_ms,
  join_ms: DAY_ms,
  tellsContacts: true,
  look: ({ hours, watched, asOf_ms }) => {
    const held: Sighting[] = [];
    const inWatch = hours.filter((hour) => isWithin(hour, watched));
    for (const day of byDay(inWatch)) {
      const decisive = partsOfDay(day);
      if (decisive?.every(({ measured, use_l }) => measured && use_l === 0) !== true) continue;
      held.push({ ...spanOf(decisive), grade: 3, amount: null });
    }
    // The register did not move between readings on either side: that is known of every hour between.
    for (const run of runsOf(inWatch, ({ use_l }) => use_l === 0)) {
      if (run.length >= none_h) held.push({ ...spanOf(run), grade: 3, amount: null });
    }
    const used = hours.filter(({ use_l }) => (use_l ?? 0) > 0).map(({ end_ms }) => end_ms);
    return { held, gone: inOrder([...used, ...endsOf(watched, asOf_ms)]) };
  },
};

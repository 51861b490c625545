// Silent meter: nothing was heard of it for more than a day.
import { silentAfter_ms } from '../../meters/meter-state.ts';
import { type AlarmKind, DAY_ms, HOUR_ms, type Sighting } from '../alarm-kind.ts';

export const kind: AlarmKind = {
  kind: 'silent',
  label: { ko: '무소식 계량기', en: 'Silent meter' },
  advice: {
    ko: '통신과 전지를 확인합니다. 같은 구역의 다른 계량기도 조용한지 봅니다.',
    en: 'Check radio and battery, and whether others in the zone are silent too.',
  },
  unit: null,
  memory_ms: silentAfter_ms + HOUR_ms,
  join_ms: DAY_ms,
  look: ({ from_ms, installed_ms, removed_ms, told, asOf_ms }) => {
    const held: Sighting[] = [];
    const gone: number[] = [];
    let heard_ms = Math.max(from_ms, installed_ms);
    for (const stretch of told) {
      if (stretch.from_ms - heard_ms > silentAfter_ms) {
        held.push({ from_ms: heard_ms, to_ms: stretch.from_ms, grade: 2, amount: null });
        gone.push(stretch.from_ms);
      }
      heard_ms = Math.max(heard_ms, stretch.to_ms);
    }
    const until_ms = Math.min(asOf_ms, removed_ms ?? asOf_ms);
    if (until_ms - heard_ms > silentAfter_ms) held.push({ from_ms: heard_ms, to_ms: until_ms, grade: 2, amount: null });
    return { held, gone, due_ms: heard_ms + silentAfter_ms + 1 };
  },
};

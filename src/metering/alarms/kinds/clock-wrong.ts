// Clock wrong: the meter tells times that can't be.
import { type AlarmKind, DAY_ms, toldFrom } from '../alarm-kind.ts';

export const kind: AlarmKind = {
  kind: 'clock_wrong',
  label: { ko: '시계 틀림', en: 'Clock wrong' },
  advice: {
    ko: '시각을 다시 맞춥니다. 그때까지 그 지침은 요금에 쓰지 않습니다.',
    en: 'Set its clock. Until then those readings are kept out of bills.',
  },
  unit: null,
  memory_ms: DAY_ms,
  join_ms: 3 * DAY_ms,
  look: ({ misdated, told }) => ({
    held: misdated.map((at_ms) => ({ from_ms: at_ms, to_ms: at_ms, grade: 2, amount: null })),
    gone: misdated.flatMap((at_ms) => toldFrom(told, at_ms + DAY_ms) ?? []),
  }),
};

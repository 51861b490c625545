// Conflict: of one instant the meter told several registers.
import { type AlarmKind, DAY_ms, toldFrom } from '../alarm-kind.ts';

export const kind: AlarmKind = {
  kind: 'conflict',
  label: { ko: '지침 모순', en: 'Readings contradict' },
  advice: {
    ko: '같은 번호로 보내는 다른 장치가 있는지, 복호기가 맞는지 확인합니다.',
    en: 'See whether another device sends under this number, and whether the decoder is right.',
  },
  unit: null,
  memory_ms: DAY_ms,
  join_ms: 3 * DAY_ms,
  look: ({ conflicts, told }) => ({
    held: conflicts.map((at_ms) => ({ from_ms: at_ms, to_ms: at_ms, grade: 2, amount: null })),
    gone: conflicts.flatMap((at_ms) => toldFrom(told, at_ms + DAY_ms) ?? []),
  }),
};

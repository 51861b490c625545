// Cloned device: two connections with one identity took each other's place.
import { type AlarmKind, DAY_ms, inOrder, toldFrom } from '../alarm-kind.ts';

export const kind: AlarmKind = {
  kind: 'cloned',
  label: { ko: '복제 의심 장치', en: 'Device cloned' },
  advice: {
    ko: '장치의 비밀을 바꾸고 어느 쪽이 진짜인지 현장에서 확인합니다.',
    en: 'Renew the device’s secret and find out on site which one is genuine.',
  },
  unit: null,
  memory_ms: DAY_ms,
  join_ms: 7 * DAY_ms,
  look: ({ clones, told }) => ({
    held: clones.map((span) => ({ ...span, grade: 3, amount: null })),
    gone: inOrder(clones.flatMap(({ to_ms }) => toldFrom(told, to_ms + DAY_ms) ?? [])),
  }),
};

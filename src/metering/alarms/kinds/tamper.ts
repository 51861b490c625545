// Tamper: the meter was opened, or a magnet was brought to it.
import { DAY_ms } from '../alarm-kind.ts';
import { flagAlarm } from '../flag-alarm.ts';

export const kind = flagAlarm({
  kind: 'tamper',
  label: { ko: '훼손·자석', en: 'Tamper or magnet' },
  advice: {
    ko: '봉인과 주변을 현장에서 확인합니다.',
    en: 'Look at the seal and around the meter.',
  },
  flags: ['tamper', 'magnet'],
  grade: 3,
  clear_ms: DAY_ms,
});

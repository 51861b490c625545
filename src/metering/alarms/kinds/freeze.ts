// Freeze: it is so cold at the meter that it may burst.
import { DAY_ms } from '../alarm-kind.ts';
import { flagAlarm } from '../flag-alarm.ts';

export const kind = flagAlarm({
  kind: 'freeze',
  label: { ko: '동파 위험', en: 'Freezing' },
  advice: {
    ko: '계량기함을 보온하도록 안내합니다.',
    en: 'Have the meter box insulated.',
  },
  flags: ['freeze'],
  grade: 3,
  clear_ms: DAY_ms / 4,
});

// Backflow: the meter says that water flowed backwards.
import { DAY_ms } from '../alarm-kind.ts';
import { flagAlarm } from '../flag-alarm.ts';

export const kind = flagAlarm({
  kind: 'backflow',
  label: { ko: '역류', en: 'Backflow' },
  advice: {
    ko: '역류 방지 밸브를 점검합니다.',
    en: 'Check the non-return valve.',
  },
  flags: ['backflow'],
  grade: 2,
  clear_ms: DAY_ms,
});

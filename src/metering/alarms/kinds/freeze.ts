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
  household: {
    ko: '계량기가 얼 만큼 춥습니다. 계량기함을 헌 옷이나 보온재로 채우고, 밤에는 물을 조금 틀어 두세요.',
    en: 'It is cold enough for the meter to freeze. Fill its box with old clothes or insulation, and let a tap drip at night.',
  },
  flags: ['freeze'],
  grade: 3,
  clear_ms: DAY_ms / 4,
});

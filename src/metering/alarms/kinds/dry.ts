// Dry: there is no water in the meter.
import { DAY_ms } from '../alarm-kind.ts';
import { flagAlarm } from '../flag-alarm.ts';

export const kind = flagAlarm({
  kind: 'dry',
  label: { ko: '빈 관', en: 'Pipe dry' },
  advice: {
    ko: '단수나 관 비움이 있었는지 확인합니다.',
    en: 'See whether the supply was cut or the pipe drained.',
  },
  flags: ['dry'],
  grade: 2,
  clear_ms: DAY_ms / 4,
});

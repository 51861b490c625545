// Battery: it is nearly empty.
import { DAY_ms } from '../alarm-kind.ts';
import { flagAlarm } from '../flag-alarm.ts';

export const kind = flagAlarm({
  kind: 'battery',
  label: { ko: '전지 부족', en: 'Battery low' },
  advice: {
    ko: '다음 방문 때 전지나 계량기를 바꿉니다.',
    en: 'Replace battery or meter on the next visit.',
  },
  flags: ['battery_low'],
  grade: 1,
  clear_ms: 3 * DAY_ms,
  join_ms: 30 * DAY_ms,
});

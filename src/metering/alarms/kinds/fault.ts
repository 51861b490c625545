// Fault: the meter itself says that it does not measure as it should.
import { DAY_ms } from '../alarm-kind.ts';
import { flagAlarm } from '../flag-alarm.ts';

export const kind = flagAlarm({
  kind: 'meter_fault',
  label: { ko: '계량기 고장', en: 'Meter fault' },
  advice: {
    ko: '계량기를 점검하거나 바꿉니다.',
    en: 'Check or replace the meter.',
  },
  flags: ['blocked', 'overload', 'temperature_high', 'error', 'permanent_error'],
  grade: 2,
  clear_ms: DAY_ms,
});

// An alarm that the meter itself raises, by flags in its telegrams.
import { type AlarmKind, DAY_ms, type Grade } from './alarm-kind.ts';
import { flagSightings } from './told-stretches.ts';

interface FlagAlarm extends Pick<AlarmKind, 'kind' | 'label' | 'advice' | 'household'> {
  /** Any of them raises it. Source: devices/flags.ts */
  flags: readonly string[];
  grade: Grade;
  /** The meter has to tell without them for so long. */
  clear_ms: number;
  join_ms?: number;
}

export function flagAlarm({ flags, grade, clear_ms, join_ms = DAY_ms, ...named }: FlagAlarm): AlarmKind {
  return {
    ...named,
    ...{ unit: null, memory_ms: clear_ms, join_ms },
    look: ({ told }) => flagSightings(told, flags, grade, clear_ms),
  };
}

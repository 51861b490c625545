// What a new judgement makes of the alarms that stand: which are as they were, which changed, which are new, and which never
// should have been.
import type { Grade } from './alarm-kind.ts';
import type { JudgedAlarm } from './judge-alarms.ts';

/** What is told of an alarm beside what staff did about it. */
export interface StandingAlarm extends JudgedAlarm {
  alarm_id: number;
  state: AlarmState;
}

export const alarmStates = ['open', 'acknowledged', 'closed', 'withdrawn'] as const;
export type AlarmState = (typeof alarmStates)[number];

export type Turn = 'opened' | 'worsened' | 'changed' | 'cleared' | 'returned' | 'withdrawn';

export interface ChangedAlarm {
  alarm_id: number;
  turn: Exclude<Turn, 'opened'>;
  /** What it is now; for one that is withdrawn what it was. */
  alarm: JudgedAlarm;
  state: AlarmState;
}

/**
 * An alarm is taken for the same where its time and that of the one judged overlap.
 *
 * @param standing of one meter at a place, of the time that was judged
 */
export function matchAlarms(
  standing: readonly StandingAlarm[],
  judged: readonly JudgedAlarm[],
): { opened: JudgedAlarm[]; changed: ChangedAlarm[] } {
  const left = new Set(standing);
  const opened: JudgedAlarm[] = [];
  const changed: ChangedAlarm[] = [];
  for (const alarm of judged) {
    const same = [...left].find((other) => other.kind === alarm.kind && overlap(other, alarm));
    if (same === undefined) {
      opened.push(alarm);
      continue;
    }
    left.delete(same);
    const turn = turnOf(same, alarm);
    if (turn === null) continue;
    changed.push({ alarm_id: same.alarm_id, turn, alarm, state: stateAfter(turn, same.state) });
  }
  for (const { alarm_id, state: _, ...alarm } of left) {
    changed.push({ alarm_id, turn: 'withdrawn', alarm, state: 'withdrawn' });
  }
  return { opened, changed };
}

function overlap(one: JudgedAlarm, other: JudgedAlarm): boolean {
  return (
    one.began_ms <= (other.ended_ms ?? Number.POSITIVE_INFINITY) &&
    other.began_ms <= (one.ended_ms ?? Number.POSITIVE_INFINITY)
  );
}

/** null where nothing is otherwise. */
function turnOf(was: JudgedAlarm, is: JudgedAlarm): ChangedAlarm['turn'] | null {
  if (was.ended_ms === null && is.ended_ms !== null) return 'cleared';
  if (was.ended_ms !== null && is.ended_ms === null) return 'returned';
  if (is.grade > (was.grade as Grade)) return 'worsened';
  const same =
    was.began_ms === is.began_ms &&
    was.ended_ms === is.ended_ms &&
    was.grade === is.grade &&
    was.times === is.times &&
    was.amount === is.amount;
  return same ? null : 'changed';
}

/** What staff closed stays closed for as long as the cause does not come anew. */
function stateAfter(turn: ChangedAlarm['turn'], state: AlarmState): AlarmState {
  if (turn === 'cleared') return 'closed';
  return turn === 'returned' ? 'open' : state;
}

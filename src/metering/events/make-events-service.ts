// Makes messages of what other programs asked to be told; they are sent as alarms are, by the same outbox, at least once.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { dropFollower, type Follower, followChangedDays } from '../readings/changed-days-store.ts';
import { findJudgedUntil } from '../validation/profile-store.ts';
import { type ChangedUse, correctionsDue, type EventType, eventLimits, runDone, useChanged } from './event-message.ts';
import {
  deleteMessagesBefore,
  holdEvents,
  putEventMessages,
  takeDoneRuns,
  takeDueCorrections,
  wasToldLately,
} from './event-store.ts';

export interface EventOptions {
  pool: Pool;
  clock: Clock;
  /** Which are told; none: nobody asked. */
  types: readonly EventType[];
}

const follower: Follower = { name: 'events', begins: 'with_what_changes' };

/** Where nobody is told of use any more, the queue of changed days must not wait for us. */
export async function settleFollowing({ pool, types }: EventOptions): Promise<void> {
  if (!types.includes('use.changed'))
    await inTransaction(pool, (transaction) => dropFollower(transaction, follower.name));
}

/** Each type in a transaction of its own: what is told of is marked with the message that tells it. @returns messages made */
export async function makeEvents({ pool, clock, types }: EventOptions): Promise<number> {
  let made = 0;
  for (const type of types) {
    made += await inTransaction(pool, async (transaction) => {
      if (!(await holdEvents(transaction))) return 0;
      const now_ms = clock.now_ms();
      const bodies = await makers[type](transaction, now_ms);
      if (bodies.length > 0) await putEventMessages(transaction, bodies, now_ms);
      return bodies.length;
    });
  }
  return made;
}

const makers: Readonly<Record<EventType, (transaction: Transaction, now_ms: number) => Promise<string[]>>> = {
  'bill_run.done': async (transaction, now_ms) => (await takeDoneRuns(transaction, now_ms)).map(runDone),
  'bill.correction_due': async (transaction, now_ms) => {
    if (await wasToldLately(transaction, 'bill.correction_due', now_ms)) return [];
    const bills = await takeDueCorrections(transaction, now_ms);
    return bills.length === 0 ? [] : [correctionsDue(bills)];
  },
  'use.changed': async (transaction, now_ms) => {
    if (await wasToldLately(transaction, 'use.changed', now_ms)) return [];
    const changed = await changedUse(transaction);
    return changed === null ? [] : [useChanged(changed, new Date(now_ms))];
  },
};

/** Of days that were taken up for judging: until then their readings are still coming, and change them hour by hour. */
async function changedUse(transaction: Transaction): Promise<ChangedUse | null> {
  const until = await findJudgedUntil(transaction);
  const installs = new Set<number>();
  const told = { days: 0, first_day: '', last_day: '' };
  for (let looked = 0; looked < eventLimits.days; ) {
    const changed = await followChangedDays(transaction, follower, eventLimits.daysAtOnce);
    if (changed === null || changed.length === 0) break;
    looked += changed.length;
    for (const { install_id, day } of changed) {
      if (until === null || day > until) continue;
      installs.add(install_id);
      told.days += 1;
      if (told.first_day === '' || day < told.first_day) told.first_day = day;
      if (day > told.last_day) told.last_day = day;
    }
  }
  return told.days === 0 ? null : { ...told, installs: installs.size };
}

/** @returns messages, of alarms too, that were sent or given up long ago and are deleted */
export async function deleteOldMessages({ pool, clock }: Pick<EventOptions, 'pool' | 'clock'>): Promise<number> {
  return deleteMessagesBefore(pool, clock.now_ms() - eventLimits.kept_ms);
}

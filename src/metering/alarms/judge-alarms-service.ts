// The judging job: brings the stored alarms up to date with what became known and with the passing of time.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { followChangedDays } from '../readings/changed-days-store.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { gatherFacts } from './alarm-facts-service.ts';
import { type FactsQuestion, type JudgedInstall, listJudgedInstalls } from './alarm-facts-store.ts';
import type { AlarmKind } from './alarm-kind.ts';
import { alarmLimits } from './alarm-limits.ts';
import { changeAlarms, listStanding, openAlarms } from './alarm-store.ts';
import { addUnjudged, holdAlarmJob, listDue, recordJudged, type ToJudge, takeOddities } from './alarm-work-store.ts';
import { type JudgedAlarm, judgeAlarms } from './judge-alarms.ts';
import { judgeZone, noticeDelay } from './judge-zone-service.ts';
import { judgedWindow } from './judged-window.ts';
import { type ChangedAlarm, matchAlarms } from './matched-alarms.ts';

/** What the contacts of whoever is watched over at a place are told: no use since an instant, or that there is use again. */
export interface ContactNews {
  servicePoint: string;
  what: 'no_use' | 'used_again';
  since_ms: number;
}

export interface JudgingOptions {
  pool: Pool;
  clock: Clock;
  days: LocalDays;
  kinds: readonly AlarmKind[];
  /** Called in the transaction that opens or ends the alarm. */
  tellContacts(transaction: Transaction, news: readonly ContactNews[]): Promise<void>;
}

export interface JudgedRound {
  installs: number;
  opened: number;
  changed: number;
  /** Whether more waits. */
  more: boolean;
}

/** @returns null where another copy is at it */
export async function judgeChanged(options: JudgingOptions): Promise<JudgedRound | null> {
  const { pool, clock, days } = options;
  return inTransaction(pool, async (transaction) => {
    if (!(await holdAlarmJob(transaction))) return null;
    const now_ms = clock.now_ms();
    const follower = { name: 'alarms', begins: 'with_everything' } as const;
    const changedDays = (await followChangedDays(transaction, follower, alarmLimits.taken)) ?? [];
    // To look through all installs for those never heard of costs too much while there is much to follow.
    if (changedDays.length === 0) await addUnjudged(transaction, null, now_ms);
    const due = await listDue(transaction, now_ms, alarmLimits.taken);
    const odd = await takeOddities(transaction, now_ms, alarmLimits.lateCommit_ms);
    const changed = changedDays.map(({ install_id, day }) => ({ install_id, from_ms: days.on(day).start_ms }));
    const toJudge = earliest([...changed, ...due, ...odd]);
    const round = { installs: toJudge.length, opened: 0, changed: 0 };
    for (let at = 0; at < toJudge.length; at += alarmLimits.judgedAtOnce) {
      const part = await judgePart(options, transaction, toJudge.slice(at, at + alarmLimits.judgedAtOnce), now_ms);
      round.opened += part.opened;
      round.changed += part.changed;
    }
    return { ...round, more: changedDays.length > 0 || due.length === alarmLimits.taken };
  });
}

/** One row an install, by install. */
function earliest(all: readonly ToJudge[]): ToJudge[] {
  const found = new Map<number, number>();
  for (const { install_id, from_ms } of all) {
    found.set(install_id, Math.min(from_ms, found.get(install_id) ?? Number.POSITIVE_INFINITY));
  }
  return [...found]
    .map(([install_id, from_ms]) => ({ install_id, from_ms }))
    .sort((one, other) => one.install_id - other.install_id);
}

interface Judged {
  install: JudgedInstall;
  opened: JudgedAlarm[];
  changed: ChangedAlarm[];
  due_ms: number;
}

async function judgePart(
  options: JudgingOptions,
  transaction: Transaction,
  toJudge: readonly ToJudge[],
  now_ms: number,
): Promise<{ opened: number; changed: number }> {
  const judged = await judgeInstalls(options, transaction, toJudge, now_ms);
  const opened = judged.flatMap(({ install: { install_id, service_point_id, zone_id }, ...one }) =>
    one.opened.map((alarm) => ({ ...alarm, install_id, service_point_id, zone_id })),
  );
  const changed = judged.flatMap((one) => one.changed);
  await openAlarms(transaction, opened, now_ms, noticeDelay);
  await changeAlarms(transaction, changed, now_ms, noticeDelay);
  await recordJudged(
    transaction,
    judged.map(({ install, due_ms }) => ({ install_id: install.install_id, due_ms })),
    now_ms,
  );
  for (const [zoneId, from_ms] of silencesChanged(judged)) await judgeZone(transaction, zoneId, from_ms, now_ms);
  const news = newsOf(options.kinds, judged);
  if (news.length > 0) await options.tellContacts(transaction, news);
  return { opened: opened.length, changed: changed.length };
}

async function judgeInstalls(
  { days, kinds }: JudgingOptions,
  transaction: Transaction,
  toJudge: readonly ToJudge[],
  now_ms: number,
): Promise<Judged[]> {
  const changedFrom = new Map(toJudge.map(({ install_id, from_ms }) => [install_id, from_ms]));
  await addUnjudged(transaction, [...changedFrom.keys()], now_ms);
  const installs = await listJudgedInstalls(transaction, [...changedFrom.keys()]);
  const standing = await listStanding(transaction, [...changedFrom.keys()]);
  const windows = installs.map((install) => {
    const own = standing.filter(({ install_id }) => install_id === install.install_id);
    // Since it was judged last, time has passed too.
    const changed_ms = Math.min(changedFrom.get(install.install_id) ?? now_ms, install.judged_ms);
    return { install, own, ...judgedWindow(kinds, own, changed_ms) };
  });
  const questions = windows.map(({ install, facts_ms }): FactsQuestion => {
    const facts_day = days.at(Math.max(facts_ms, install.from_ms)).date;
    return { install, facts_ms, facts_day, to_ms: now_ms };
  });
  const facts = await gatherFacts(transaction, days, questions, now_ms);
  return windows.flatMap(({ install, own, from_ms }) => {
    const known = facts.get(install.install_id);
    if (known === undefined) return [];
    const { alarms, due_ms } = judgeAlarms(kinds, known);
    const match = matchAlarms(since(own, from_ms), since(alarms, from_ms));
    return [
      { install, ...match, due_ms: Math.min(due_ms ?? Number.POSITIVE_INFINITY, now_ms + alarmLimits.judgeAgain_ms) },
    ];
  });
}

function since<One extends { began_ms: number }>(alarms: readonly One[], from_ms: number): One[] {
  return alarms.filter(({ began_ms }) => began_ms >= from_ms);
}

/** The zones in which a silence began, ended or was withdrawn, each with when the earliest of them began. */
function silencesChanged(judged: readonly Judged[]): Map<string, number> {
  const zones = new Map<string, number>();
  for (const { install, opened, changed } of judged) {
    for (const { kind, began_ms } of [...opened, ...changed.map(({ alarm }) => alarm)]) {
      if (kind !== 'silent') continue;
      zones.set(install.zone_id, Math.min(began_ms, zones.get(install.zone_id) ?? Number.POSITIVE_INFINITY));
    }
  }
  return zones;
}

/** An alarm that ended before it was known is no news; one that was told and is over is. */
function newsOf(kinds: readonly AlarmKind[], judged: readonly Judged[]): ContactNews[] {
  const told = kinds.filter(({ tellsContacts }) => tellsContacts).map(({ kind }) => kind);
  return judged.flatMap(({ install, opened, changed }) => {
    const servicePoint = install.service_point_id;
    const begun = [...opened, ...changed.filter(({ turn }) => turn === 'returned').map(({ alarm }) => alarm)];
    const over = changed.filter(({ turn }) => turn === 'cleared' || turn === 'withdrawn').map(({ alarm }) => alarm);
    return [
      ...begun
        .filter(({ kind, ended_ms }) => told.includes(kind) && ended_ms === null)
        .map(({ began_ms }): ContactNews => ({ servicePoint, what: 'no_use', since_ms: began_ms })),
      ...over
        .filter(({ kind }) => told.includes(kind))
        .map(({ began_ms }): ContactNews => ({ servicePoint, what: 'used_again', since_ms: began_ms })),
    ];
  });
}

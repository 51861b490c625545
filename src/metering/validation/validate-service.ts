// The steps of the validation job: takes up days that are over, judges what is due, and judges stored days again by new rules.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { holdUseJob } from '../readings/touched-store.ts';
import { settleEstimates } from './estimate-gaps-service.ts';
import { estimatedAfter_days, gapEstimate } from './gap-estimate.ts';
import { makeDaysDue, makeGapsDue, makeMissingDue } from './gap-store.ts';
import { judgeDays } from './judge-days-service.ts';
import type { ValidationRule } from './judged-day.ts';
import { peerKey, peersOfSpans } from './judged-days-service.ts';
import {
  gatherDueSpans,
  holdValidation,
  type JudgedSpan,
  makeDayDue,
  setJudgedUntil,
  takeDue,
} from './judged-store.ts';
import { historyDays } from './limits.ts';
import { dayBefore, firstDate, lastDate } from './past-days.ts';
import { makePeersDue, markPeersDue, putPeerUse, takePeersDue } from './peer-store.ts';
import { findJudgedUntil } from './profile-store.ts';
import { findReplay, listNextInstalls, moveReplay, noteRules } from './rule-store.ts';
import { neverUnusual_l, unusualForZone } from './rules/unusual-for-zone.ts';
import { versionOf } from './validation-rules.ts';

export const validationLimits = {
  /** After midnight, until a day is judged: meters that report every six hours have told its last hours by then. */
  grace_ms: 7 * 3_600_000,
  /** Rows of what is due that are judged in one transaction, and installs in a row of a whole day. */
  dueRows: 8,
  installsARow: 500,
  /** Zones' days whose figures are worked out in one transaction. */
  peerDays: 100,
  /** Installs judged again in one transaction when a rule is new, and days of each, back from the last. */
  replayInstalls: 20,
  replayDays: 400,
} as const;

export interface Validation {
  pool: Pool;
  clock: Clock;
  days: LocalDays;
  rules: readonly ValidationRule[];
}

/** Notes the rules there are, at the start: what is new among them is to judge stored days again. */
export async function registerRules({ pool, clock, rules }: Validation): Promise<void> {
  const versions = rules.map((rule) => ({ name: rule.name, version: versionOf(rule) }));
  await noteRules(pool, [...versions, gapEstimate], clock.now_ms());
}

/**
 * Makes the next day due that is over and whose grace has passed. The use job stands still meanwhile: what it works over
 * later it makes due itself.
 *
 * @returns whether a day was taken up
 */
export async function takeUpDay({ pool, clock, days }: Validation): Promise<boolean> {
  return inTransaction(pool, async (transaction) => {
    const last = dayBefore(days.at(clock.now_ms() - validationLimits.grace_ms).date, 1);
    const until = await findJudgedUntil(transaction);
    if (until !== null && until >= last) return false;
    if (!((await holdValidation(transaction)) && (await holdUseJob(transaction)))) return false;
    // Days before the first are judged as all stored days are, by rules that are new.
    const next = until === null ? last : days.after(days.on(until)).date;
    await setJudgedUntil(transaction, next);
    if (until === null) return true;
    await makeDayDue(transaction, days.on(next), validationLimits.installsARow);
    await makeMissingDue(transaction, dayBefore(next, estimatedAfter_days), validationLimits.installsARow);
    return true;
  });
}

/** Where much is due, partly of the same installs, each is judged once. */
export async function gatherDue({ pool }: Validation): Promise<void> {
  await inTransaction(pool, async (transaction) => {
    if (!(await holdValidation(transaction))) return;
    await gatherDueSpans(transaction, validationLimits.dueRows, validationLimits.installsARow);
  });
}

/**
 * Judges what is due, and marks what other places are held against by it; where nothing is due, works that out, which may
 * make other places due.
 *
 * @returns days judged, findings changed; null where another copy is at it or nothing is due
 */
export async function judgeDue(validation: Validation): Promise<{ installs: number; findings: number } | null> {
  const { pool, clock, days, rules } = validation;
  return inTransaction(pool, async (transaction) => {
    const until = await findJudgedUntil(transaction);
    if (until === null || !(await holdValidation(transaction))) return null;
    const due = await takeDue(transaction, validationLimits.dueRows);
    if (due.rows === 0) return (await workOutPeers(transaction, days, until)) ? { installs: 0, findings: 0 } : null;
    const now_ms = clock.now_ms();
    const changed = due.spans.filter((span) => !span.isUseSame);
    await markPeersDue(transaction, await peersOfSpans(transaction, days, changed));
    const spans = oneAnInstall(due.spans.map((span) => (span.isUseSame ? span : withSwayed(span, until))));
    await settleEstimates(transaction, { days, now_ms, until }, spans);
    const findings = await judgeDays(transaction, { days, rules, now_ms, registers: pool }, spans);
    return { installs: spans.length, findings };
  });
}

/** Only when all that changed has been taken up: a figure moves once, however many of its places are late. */
async function workOutPeers(transaction: Transaction, days: LocalDays, until: string): Promise<boolean> {
  const due = await takePeersDue(transaction, validationLimits.peerDays);
  const before = new Map(due.map((one) => [peerKey(one), one.median_l]));
  const wanted = due.map((one) => ({ ...one, start_ms: days.on(one.day).start_ms }));
  const swayed = (await putPeerUse(transaction, wanted)).map((one) => ({
    ...one,
    above_l: neverUnusual_l(one.usage_class, one.median_l, before.get(peerKey(one)) ?? 0),
  }));
  await makePeersDue(transaction, swayed, unusualForZone.name);
  await makeGapsDue(transaction, due, dayBefore(until, estimatedAfter_days));
  return due.length > 0;
}

/** A day is held against the days before it: another use of one sways those after it. */
function withSwayed({ install_id, from, to }: JudgedSpan, until: string): JudgedSpan {
  return { install_id, from, to: firstDate(dayBefore(to, -historyDays), until) };
}

function oneAnInstall(spans: readonly JudgedSpan[]): JudgedSpan[] {
  const found = new Map<number, JudgedSpan>();
  for (const { install_id, from, to } of spans) {
    const other = found.get(install_id) ?? { install_id, from, to };
    found.set(install_id, { install_id, from: firstDate(from, other.from), to: lastDate(to, other.to) });
  }
  return [...found.values()];
}

/** Judges the stored days of the next installs by rules that are new. @returns installs judged; null where none are left */
export async function replayRules({ pool, clock, days, rules }: Validation): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    const until = await findJudgedUntil(transaction);
    if (until === null || !(await holdValidation(transaction))) return null;
    const replay = await findReplay(transaction);
    if (replay === null) return null;
    const { after, until: ahead } = replay;
    const limit = validationLimits.replayInstalls;
    const installs = await listNextInstalls(transaction, {
      ...{ after, until: ahead, limit, before_ms: days.on(until).end_ms },
    });
    const earliest = dayBefore(until, validationLimits.replayDays);
    const spans = installs.map(({ install_id, from_ms }) => {
      const from = days.at(from_ms).date;
      return { install_id, from: lastDate(from, earliest), to: until };
    });
    const known = rules.filter((rule) => replay.rules.includes(rule.name));
    const others = replay.rules.filter((name) => name !== gapEstimate.name);
    const gone = others.filter((name) => !known.some((rule) => rule.name === name));
    const now_ms = clock.now_ms();
    if (others.length < replay.rules.length) {
      // Whoever judged these days before looks again at those that are estimated now.
      const settled = await settleEstimates(transaction, { days, now_ms, until }, spans);
      await makeDaysDue(transaction, settled);
    }
    if (others.length > 0) await judgeDays(transaction, { days, rules: known, gone, now_ms, registers: pool }, spans);
    const last = installs.length < limit ? ahead : (installs.at(-1)?.install_id ?? ahead);
    await moveReplay(transaction, replay.rules, last);
    return installs.length;
  });
}

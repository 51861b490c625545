// Judges days of installs by rules and writes what changed of their findings: many installs at once, each day by itself.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { type Found, findingChanges } from './finding.ts';
import { listFindingsOf, writeChanges } from './finding-store.ts';
import type { ValidationRule } from './judged-day.ts';
import { daysToJudge, type KnownOfSpans, readKnown } from './judged-days-service.ts';
import type { JudgedSpan } from './judged-store.ts';
import { versionOf } from './validation-rules.ts';

export interface JudgedBy {
  days: LocalDays;
  rules: readonly ValidationRule[];
  /** Rules that are no more: what they found is closed. */
  gone?: readonly string[];
  now_ms: number;
  /** Reads registers on another connection meanwhile: nothing of them is written with what is judged. */
  registers: Queryable;
}

/** Installs judged with one round of statements. */
const INSTALLS_AT_ONCE = 500;

/**
 * @param spans one an install
 * @returns findings opened, changed and closed
 */
export async function judgeDays(transaction: Transaction, by: JudgedBy, spans: readonly JudgedSpan[]): Promise<number> {
  const parts: JudgedSpan[][] = [];
  for (let at = 0; at < spans.length; at += INSTALLS_AT_ONCE) parts.push(spans.slice(at, at + INSTALLS_AT_ONCE));
  let changed = 0;
  // The next part is read while this one is judged. What is written of one part is not read for another.
  let reading = readAhead(transaction, by, parts[0]);
  try {
    for (const [index, part] of parts.entries()) {
      const known = await reading;
      if (known === null) break;
      reading = readAhead(transaction, by, parts[index + 1]);
      changed += await judgePart(transaction, by, part, known);
    }
  } finally {
    await reading.catch(() => {});
  }
  return changed;
}

function readAhead(
  from: Transaction,
  { days, registers }: JudgedBy,
  part: readonly JudgedSpan[] = [],
): Promise<KnownOfSpans | null> {
  const reading = part.length === 0 ? Promise.resolve(null) : readKnown(from, registers, days, part);
  // Whoever awaits it is told; until then nobody is.
  reading.catch(() => {});
  return reading;
}

async function judgePart(
  transaction: Transaction,
  { days, rules, gone = [], now_ms }: JudgedBy,
  spans: readonly JudgedSpan[],
  known: KnownOfSpans,
): Promise<number> {
  const found: Found[] = [];
  for (const { install_id, judged } of daysToJudge(days, known)) {
    for (const rule of rules) {
      const judgement = rule.judge(judged);
      if (judgement === null) continue;
      found.push({ ...judgement, install_id, day: judged.day.date, rule: rule.name, rule_version: versionOf(rule) });
    }
  }
  const judgedRules = [...rules.map((rule) => rule.name), ...gone];
  const changes = findingChanges(await listFindingsOf(transaction, spans, judgedRules), found);
  await writeChanges(transaction, changes, now_ms);
  return changes.length;
}

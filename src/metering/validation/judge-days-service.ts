// Judges days of installs by rules and writes what changed of their findings: many installs at once, each day by itself.
import type { Transaction } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { type Found, findingChanges } from './finding.ts';
import { listFindingsOf, writeChanges } from './finding-store.ts';
import type { ValidationRule } from './judged-day.ts';
import { daysToJudge } from './judged-days-service.ts';
import type { JudgedSpan } from './judged-store.ts';
import { versionOf } from './validation-rules.ts';

export interface JudgedBy {
  days: LocalDays;
  rules: readonly ValidationRule[];
  /** Rules that are no more: what they found is closed. */
  gone?: readonly string[];
  now_ms: number;
}

/**
 * @param spans one an install
 * @returns findings opened, changed and closed
 */
export async function judgeDays(
  transaction: Transaction,
  { days, rules, gone = [], now_ms }: JudgedBy,
  spans: readonly JudgedSpan[],
): Promise<number> {
  const found: Found[] = [];
  for (const { install_id, judged } of await daysToJudge(transaction, days, spans)) {
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

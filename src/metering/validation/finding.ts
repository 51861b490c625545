// What becomes of findings when days are judged anew: opened, changed, closed, opened again; told apart from what is stored.
import { isDeepStrictEqual } from 'node:util';
import type { Judgement } from './judged-day.ts';

export const findingStates = ['open', 'accepted', 'closed'] as const;
export type FindingState = (typeof findingStates)[number];

export interface Found extends Judgement {
  install_id: number;
  rule: string;
  /** ISO 8601 */
  day: string;
  rule_version: string;
}

export interface StoredFinding extends Found {
  finding_id: number;
  state: FindingState;
}

export type FindingChange =
  | { what: 'opened'; found: Found }
  | { what: 'changed' | 'reopened'; findingId: number; state: FindingState; found: Found }
  | { what: 'closed'; findingId: number; found: Found };

/**
 * @param stored findings of the days and rules that were judged
 * @param found what the rules say of them now
 * @returns nothing where all stays as it is: judging again changes nothing
 */
export function findingChanges(stored: readonly StoredFinding[], found: readonly Found[]): FindingChange[] {
  const keyOf = ({ install_id, rule, day }: Found) => `${install_id} ${rule} ${day}`;
  const left = new Map(stored.map((one) => [keyOf(one), one]));
  const changes: FindingChange[] = [];
  for (const one of found) {
    const before = left.get(keyOf(one));
    left.delete(keyOf(one));
    const change = before === undefined ? ({ what: 'opened', found: one } as const) : changeOf(before, one);
    if (change !== null) changes.push(change);
  }
  for (const one of left.values()) {
    if (one.state !== 'closed') changes.push({ what: 'closed', findingId: one.finding_id, found: one });
  }
  return changes;
}

function changeOf(before: StoredFinding, found: Found): FindingChange | null {
  const isSame =
    before.rule_version === found.rule_version &&
    before.severity === found.severity &&
    before.from_ms === found.from_ms &&
    before.to_ms === found.to_ms &&
    isDeepStrictEqual(before.evidence, found.evidence);
  // Whoever accepted it accepted this much of it, and no more.
  const isMore = before.evidence.measured !== found.evidence.measured || before.severity < found.severity;
  if (before.state === 'closed' || (before.state === 'accepted' && isMore)) {
    return { what: 'reopened', findingId: before.finding_id, state: 'open', found };
  }
  return isSame ? null : { what: 'changed', findingId: before.finding_id, state: before.state, found };
}

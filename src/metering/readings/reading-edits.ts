// What people and rules decided of a meter's readings, put in place of what it told: before the one rule judges.
import type { RegisterPoint } from './register-rule.ts';

/**
 * `void`: nothing was told at the instant. `replace`, `add`: this register was, and it counts whatever its neighbours say.
 * `restore`: what was told holds again.
 */
export const editDeeds = ['void', 'replace', 'add', 'restore'] as const;
export type EditDeed = (typeof editDeeds)[number];

/** What holds at an instant. */
export interface ReadingEdit {
  at_ms: number;
  deed: EditDeed;
  /** For `replace` and `add`, else null. */
  register_l: number | null;
}

/** Who answers for an edit or an estimate: a person by the hash of their staff session, a rule, or neither: a program. */
export interface Decider {
  actor: Buffer | null;
  rule: string | null;
}

/**
 * @param points what the meter told and fitters read off; what a fitter read off is replaced, but not voided: the
 *   registry says where a meter stood
 * @param edits one an instant
 */
export function editedPoints(points: readonly RegisterPoint[], edits: readonly ReadingEdit[]): RegisterPoint[] {
  if (edits.length === 0) return [...points];
  const deeds = new Map(edits.map((edit) => [edit.at_ms, edit.deed]));
  const kept = points.filter(({ at_ms, readOff }) => {
    const deed = deeds.get(at_ms) ?? 'restore';
    return deed === 'restore' || (deed === 'void' && readOff === true);
  });
  const set = edits.flatMap(({ at_ms, register_l }): RegisterPoint[] =>
    register_l === null ? [] : [{ at_ms, register_l, readOff: true }],
  );
  return [...kept, ...set];
}

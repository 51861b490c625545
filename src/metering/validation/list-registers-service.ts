// The registers of a meter as they were told, each with what became of it: it counts, was left out, was voided, or was set.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { listEditsInForce } from '../readings/reading-edit-store.ts';
import { listRegisters } from '../readings/readings-store.ts';
import { curvesOver } from '../readings/register-curve-service.ts';

export const registerStates = ['counts', 'left_out', 'voided', 'set', 'read_off'] as const;

export interface ShownRegister {
  at_ms: number;
  register_l: number;
  /** `set` by an edit; `read_off` by a fitter. */
  state: (typeof registerStates)[number];
}

/** Longest span asked for at once. */
export const longestRegisters_ms = 62 * 86_400_000;

/** @throws METER_UNKNOWN, SPAN_TOO_LONG */
export async function listShownRegisters(
  pool: Pool,
  meterId: number,
  span: { from_ms: number; to_ms: number },
): Promise<ShownRegister[]> {
  if (span.to_ms - span.from_ms > longestRegisters_ms) {
    throw problem('SPAN_TOO_LONG', `ask for at most ${longestRegisters_ms / 86_400_000} days of registers`);
  }
  const question = { meterId, ...span };
  const told = (await listRegisters(pool, [question], 0)).get(meterId);
  const known = (await curvesOver(pool, [question])).get(meterId);
  if (told === undefined || known === undefined) throw problem('METER_UNKNOWN');
  const within = ({ at_ms }: { at_ms: number }) => at_ms >= span.from_ms && at_ms <= span.to_ms;
  const edits = ((await listEditsInForce(pool, [meterId])).get(meterId) ?? []).filter(within);
  const edited = new Map(edits.filter(({ deed }) => deed !== 'restore').map((edit) => [edit.at_ms, edit]));
  const counted = new Set(known.curve.map(({ at_ms }) => at_ms));
  const shown: ShownRegister[] = [...told.points, ...told.contradicting]
    .filter(within)
    .map(({ at_ms, register_l }) => ({
      ...{ at_ms, register_l },
      state: edited.has(at_ms) ? 'voided' : counted.has(at_ms) ? 'counts' : 'left_out',
    }));
  for (const { at_ms, register_l, readOff } of known.points.filter(within)) {
    if (readOff === true) shown.push({ at_ms, register_l, state: edited.has(at_ms) ? 'set' : 'read_off' });
  }
  return shown.sort((one, other) => one.at_ms - other.at_ms || one.register_l - other.register_l);
}

// Reads as much of a meter's registers as it takes to settle which of them count over a span.
import type { Queryable } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { listEditsInForce } from './reading-edit-store.ts';
import { editedPoints, type ReadingEdit } from './reading-edits.ts';
import {
  type InstallRow,
  listInstallsOf,
  listRegisters,
  type MeterRegisters,
  mostPoints,
  type RegisterQuestion,
} from './readings-store.ts';
import { type CurvePoint, dialOf, inOrder, type RegisterPoint, registerCurve, settledBy } from './register-rule.ts';

/**
 * Instants read on either side at first: what settles a reading, and of an hourly meter the day before, the hour that begins it,
 * and a telegram that may be missing there. An hour less, and each meter was asked for twice.
 */
const AROUND_AT_FIRST = settledBy.before + 32;
/** A span where even this many settle nothing is read no further; what can't be told then is told as a gap. */
const AROUND_AT_MOST = 20_000;

export interface MeterCurve {
  /** Everything told, in order, as edits have it; what fitters read off among it. */
  points: readonly RegisterPoint[];
  /** The readings that count; over the span asked for and beyond it to the next on either side, where there are any. */
  curve: readonly CurvePoint[];
  installs: readonly InstallRow[];
  /** Which readings count is settled from here to there, with one that counts at either end unless there is none. */
  settled: { from_ms: number; to_ms: number };
}

/**
 * @returns by meter; a meter that doesn't exist is absent
 * @throws SPAN_TOO_LONG
 */
export async function curvesOver(
  from: Queryable,
  questions: readonly RegisterQuestion[],
): Promise<Map<number, MeterCurve>> {
  const installs = new Map<number, InstallRow[]>(questions.map(({ meterId }) => [meterId, []]));
  for (const install of await listInstallsOf(from, [...installs.keys()])) installs.get(install.meter_id)?.push(install);
  const edits = await listEditsInForce(from, [...installs.keys()]);
  const curves = new Map<number, MeterCurve>();
  let open = questions;
  for (let around = AROUND_AT_FIRST; open.length > 0; around *= 8) {
    const registers = await listRegisters(from, open, around);
    const unsettled: RegisterQuestion[] = [];
    for (const question of open) {
      const told = registers.get(question.meterId);
      if (told === undefined) continue;
      const ofMeter = installs.get(question.meterId) ?? [];
      const curve = settledCurve(told, ofMeter, edits.get(question.meterId) ?? [], around);
      if (covers(curve, question) || around >= AROUND_AT_MOST) curves.set(question.meterId, curve);
      else unsettled.push(question);
    }
    open = unsettled;
  }
  return curves;
}

function settledCurve(
  told: MeterRegisters,
  installs: readonly InstallRow[],
  edits: readonly ReadingEdit[],
  around: number,
): MeterCurve {
  if (told.points.length >= mostPoints) {
    throw problem('SPAN_TOO_LONG', 'more readings than one question may read; ask for less');
  }
  const isWhole = { start: told.before < around, end: told.after < around };
  const first_ms = isWhole.start ? Number.NEGATIVE_INFINITY : (told.points[0]?.at_ms ?? 0);
  const last_ms = isWhole.end ? Number.POSITIVE_INFINITY : (told.points.at(-1)?.at_ms ?? 0);
  const within = ({ at_ms }: { at_ms: number }) => at_ms >= first_ms && at_ms <= last_ms;
  const readOff = installs.flatMap(readOffAt).filter(within);
  const points = inOrder(editedPoints([...told.points, ...told.contradicting, ...readOff], edits.filter(within)));
  const curve = registerCurve(points, dialOf(told), {
    first: isWhole.start ? 0 : settledBy.before,
    last: points.length - 1 - (isWhole.end ? 0 : settledBy.after),
  });
  const settled = {
    from_ms: isWhole.start ? Number.NEGATIVE_INFINITY : (curve[0]?.at_ms ?? Number.POSITIVE_INFINITY),
    to_ms: isWhole.end ? Number.POSITIVE_INFINITY : (curve.at(-1)?.at_ms ?? Number.NEGATIVE_INFINITY),
  };
  return { points, curve, installs, settled };
}

const covers = ({ settled }: MeterCurve, { from_ms, to_ms }: RegisterQuestion) =>
  settled.from_ms <= from_ms && settled.to_ms >= to_ms;

/** As `curvesOver`, but reads only what the curves at hand do not reach. */
export async function extendCurves(
  from: Queryable,
  known: ReadonlyMap<number, MeterCurve>,
  questions: readonly RegisterQuestion[],
): Promise<Map<number, MeterCurve>> {
  const isShort = (question: RegisterQuestion) => {
    const curve = known.get(question.meterId);
    return curve === undefined || !covers(curve, question);
  };
  return new Map([...known, ...(await curvesOver(from, questions.filter(isShort)))]);
}

function readOffAt({ from_ms, until_ms, opening_register_l, closing_register_l }: InstallRow): RegisterPoint[] {
  const points: RegisterPoint[] = [];
  if (opening_register_l !== null) points.push({ at_ms: from_ms, register_l: opening_register_l, readOff: true });
  if (until_ms !== null && closing_register_l !== null) {
    points.push({ at_ms: until_ms, register_l: closing_register_l, readOff: true });
  }
  return points;
}

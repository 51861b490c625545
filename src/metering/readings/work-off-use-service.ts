// The use job: brings stored use up to date with what commits have touched, exactly there and nowhere else.
import { inTransaction, type Pool, type Queryable } from '../../platform/postgres/database.ts';
import { markDue } from './due-days-store.ts';
import type { LocalDays } from './local-days.ts';
import { curvesOver, extendCurves, type MeterCurve } from './register-curve-service.ts';
import { gatherTouched, holdUseJob, type Touched, takeTouched } from './touched-store.ts';
import { type ReplacedDays, replaceUseDays } from './use-day-store.ts';
import { betweenCounted, swayedSpan, useDays } from './use-days.ts';

/** Marks worked off in one transaction: a mark holds at most a commit's meters. */
const MARKS_AT_ONCE = 8;
/** Meters read and written with one statement. */
const METERS_AT_ONCE = 500;

export interface WorkedOff {
  marks: number;
  meters: number;
  /** Rows of stored use that changed. */
  days: number;
}

/**
 * Works off the oldest marks in one transaction; a kill leaves them for the next. Readings that commit meanwhile bring
 * marks of their own.
 *
 * @returns null where another copy is at it; zeros where nothing was touched
 */
export async function workOffUse(pool: Pool, days: LocalDays): Promise<WorkedOff | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdUseJob(transaction))) return null;
    const { marks, touched } = await takeTouched(transaction, MARKS_AT_ONCE);
    const parts: Touched[][] = [];
    for (let at = 0; at < touched.length; at += METERS_AT_ONCE) parts.push(touched.slice(at, at + METERS_AT_ONCE));
    let changed = 0;
    // Another connection reads the next part while this one is worked out here and written by this transaction, which writes
    // nothing that is read there.
    let reading = readAhead(pool, parts[0]);
    try {
      for (const [index, part] of parts.entries()) {
        const curves = await reading;
        reading = readAhead(pool, parts[index + 1]);
        changed += await workOff(transaction, days, part, curves);
      }
    } finally {
      await reading.catch(() => {});
    }
    return { marks, meters: touched.length, days: changed };
  });
}

/** Where many marks have come together, mostly of the same meters, each meter is worked off once. */
export async function gatherUse(pool: Pool): Promise<void> {
  await inTransaction(pool, async (transaction) => {
    if (await holdUseJob(transaction)) await gatherTouched(transaction, MARKS_AT_ONCE);
  });
}

function readAhead(from: Queryable, part: readonly Touched[] = []): Promise<Curves> {
  const reading = curvesOver(from, part);
  // Whoever awaits it is told; until then nobody is.
  reading.catch(() => {});
  return reading;
}

type Curves = Map<number, MeterCurve>;

async function workOff(
  to: Queryable,
  days: LocalDays,
  touched: readonly Touched[],
  curvesOfTouched: Curves,
): Promise<number> {
  let curves = curvesOfTouched;
  // Each step may need readings from farther away than the one before; mostly the first has them all.
  const step = async (spanOf: (curve: MeterCurve, span: Touched) => Span | null, spans: readonly Touched[]) => {
    const found = spans.flatMap((span): Touched[] => {
      const curve = curves.get(span.meterId);
      const next = curve === undefined ? null : spanOf(curve, span);
      return next === null ? [] : [{ meterId: span.meterId, ...next }];
    });
    curves = await extendCurves(to, curves, found.map(withNeighbours));
    return found;
  };
  const swayed = await step(({ points }, span) => swayedSpan(points, span), touched);
  const written = await step(({ curve }, span) => wholeDays(days, betweenCounted(curve, span)), swayed);
  const replaced = written.flatMap((span) => {
    const curve = curves.get(span.meterId);
    return curve === undefined ? [] : replacedDays(days, curve, span);
  });
  await markDue(to, replaced);
  return replaceUseDays(to, replaced);
}

type Span = Pick<Touched, 'from_ms' | 'to_ms'>;

const withNeighbours = ({ meterId, from_ms, to_ms }: Touched): Touched => ({
  meterId,
  from_ms: from_ms - 1,
  to_ms: to_ms + 1,
});

function wholeDays(days: LocalDays, { from_ms, to_ms }: Span): Span {
  return { from_ms: days.at(from_ms).start_ms, to_ms: days.at(to_ms).end_ms - 1 };
}

/** The days of the span at each place where the meter stood in it. */
export function replacedDays(days: LocalDays, { curve, installs }: MeterCurve, span: Span): ReplacedDays[] {
  const [from, to] = [days.at(span.from_ms).date, days.at(span.to_ms).date];
  return installs
    .filter(({ from_ms, until_ms }) => from_ms <= span.to_ms && (until_ms ?? Number.POSITIVE_INFINITY) >= span.from_ms)
    .map((install) => ({
      ...{ install_id: install.install_id, from, to },
      days: useDays(days, install, curve, span),
    }));
}

// Moves readings of settled days from rows into packs: day after day, meter after meter, and days of which some came late.
//
// How far that is lies in the database, noted in the transaction that moved them: a copy that is ended, or another one, goes
// on from there. A day is gone through once; whatever comes into it afterwards leaves a mark of its own.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import type { Partitions } from '../intake/partition-service.ts';
import { packLimits } from './pack-limits.ts';
import {
  clearLate,
  dayOf,
  findProgress,
  firstDayWithRows,
  holdPacks,
  listLate,
  listMetersAfter,
  type MeterDay,
  noteProgress,
  packDays,
  startOf_ms,
} from './reading-pack-store.ts';

export interface Packing {
  pool: Pool;
  clock: Clock;
  partitions: Partitions;
}

export interface Packed {
  packs: number;
  /** That were rows before. */
  readings: number;
}

/** The next part of what is settled, a short transaction. @returns null where nothing is left, or another copy is at it */
export async function packSome(packing: Packing): Promise<Packed | null> {
  return (await packNextMeters(packing)) ?? packLate(packing);
}

async function packNextMeters(packing: Packing): Promise<Packed | null> {
  const { pool, clock } = packing;
  const firstUnsettled = dayOf(clock.now_ms() - packLimits.settledAfter_ms);
  const noted = await findProgress(pool);
  if (noted !== null && noted.day >= firstUnsettled) return null;
  if (noted === null || noted.after === 0) {
    // The last rows may lie days ahead, or anywhere where packing has never been.
    const day = await firstDayWithRows(pool, noted?.day ?? null, firstUnsettled);
    if (day === null && noted === null) return null;
    if (day !== noted?.day) return moveOn(pool, noted, day ?? firstUnsettled);
  }
  if (noted === null) return null;
  const { day, after } = noted;
  const meterIds = await listMetersAfter(pool, after, packLimits.block);
  const last = meterIds.at(-1);
  if (last === undefined) return moveOn(pool, noted, day + 1);
  return pack(
    packing,
    meterIds.map((meterId) => ({ meterId, day })),
    noted,
    { day, after: last },
  );
}

type Progress = { day: number; after: number };

/** Only from where it was found: another copy may have been here meanwhile. */
async function isStill(noted: Progress | null, to: Parameters<typeof findProgress>[0]): Promise<boolean> {
  const now = await findProgress(to);
  return now?.day === noted?.day && now?.after === noted?.after;
}

async function moveOn(pool: Pool, noted: Progress | null, day: number): Promise<Packed | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdPacks(transaction))) return null;
    if (await isStill(noted, transaction)) await noteProgress(transaction, day, 0);
    return NOTHING;
  });
}

const NOTHING: Packed = { packs: 0, readings: 0 };

async function pack(
  { pool, partitions }: Packing,
  of: readonly MeterDay[],
  noted: Progress,
  next: Progress,
): Promise<Packed | null> {
  await partitions.ensureFor('reading_pack', [startOf_ms(noted.day)], [0]);
  return inTransaction(pool, async (transaction) => {
    if (!(await holdPacks(transaction))) return null;
    if (!(await isStill(noted, transaction))) return NOTHING;
    const packed = await packDays(transaction, of);
    await noteProgress(transaction, next.day, next.after);
    return packed;
  });
}

/** Days that packing has not come to are left to it: their readings are there by then. */
async function packLate({ pool, partitions }: Packing): Promise<Packed | null> {
  const marks = await listLate(pool, packLimits.block);
  if (marks.length === 0) return null;
  const starts_ms = marks.map(({ day }) => startOf_ms(day));
  await partitions.ensureFor('reading_pack', starts_ms, [...starts_ms.keys()]);
  return inTransaction(pool, async (transaction) => {
    if (!(await holdPacks(transaction))) return null;
    const at = await findProgress(transaction);
    const isPassed = ({ meterId, day }: MeterDay) =>
      at !== null && (day < at.day || (day === at.day && meterId <= at.after));
    const packed = await packDays(transaction, marks.filter(isPassed));
    await clearLate(transaction, marks);
    return packed;
  });
}

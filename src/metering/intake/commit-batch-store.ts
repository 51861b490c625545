// Stores a part of a batch in one transaction: raw uplinks, readings, what contradicts them and what could not be read.

import { sendCopy } from '../../platform/postgres/copy-in.ts';
import type { Pool, Queryable, Transaction } from '../../platform/postgres/database.ts';
import {
  insertChecked,
  insertConflicts,
  insertMisdated,
  insertQuarantine,
  insertRepeated,
} from './commit-checked-store.ts';
import { copyMessage } from './commit-copy-store.ts';
import type { PartRows } from './part-rows.ts';

export interface BatchOutcome {
  readings: number;
  /** Of all readings, how many went the slower way that tells duplicates apart. */
  checked: number;
  conflicts: number;
  misdated: number;
  quarantined: number;
  redelivered: number;
}

export const nothingStored: BatchOutcome = {
  ...{ readings: 0, checked: 0, conflicts: 0, misdated: 0, quarantined: 0, redelivered: 0 },
};

const uplinkIdsPerBlock = 1_000;
/** As the sequence counts: see migrations/0008_intake_storage.sql. */
const blocksAtOnce = 64;

/** @returns the first of `idsAtOnce` ids that nobody else has */
export async function reserveUplinkIds(to: Queryable): Promise<number> {
  const { rows } = await to.query<{ block: number }>(`SELECT nextval('metering.uplink_id_block') AS block`);
  return (rows[0]?.block ?? 0) * uplinkIdsPerBlock;
}

export const idsAtOnce = uplinkIdsPerBlock * blocksAtOnce;

/**
 * Stores the part, or throws the database's error with nothing stored. Partitions must be there. SQLSTATE 23505 says that
 * a reading taken to be new is there already, or that an earlier try of this part was committed after all: `isStored` tells.
 */
export async function commitPart(pool: Pool, rows: PartRows): Promise<BatchOutcome> {
  const apart = rows.checked.length + rows.misdated.length + rows.problems.length;
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await sendCopy(client, copyMessage(rows, apart === 0));
    if (apart === 0) return { ...nothingStored, readings: rows.newer.length };
    const outcome = await storeApart(client, rows);
    await client.query('COMMIT');
    return outcome;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function storeApart(to: Transaction, rows: PartRows): Promise<BatchOutcome> {
  const { checked, misdated } = rows;
  const added = checked.length > 0 ? await insertChecked(to, rows) : 0;
  const conflicts = added < checked.length ? await insertConflicts(to, rows) : 0;
  const apart = misdated.length > 0 ? await insertMisdated(to, rows) : 0;
  if (added + conflicts + apart < checked.length + misdated.length) await insertRepeated(to, rows);
  return {
    readings: rows.newer.length + added,
    checked: checked.length,
    conflicts,
    misdated: apart,
    quarantined: rows.problems.length > 0 ? await insertQuarantine(to, rows) : 0,
    redelivered: 0,
  };
}

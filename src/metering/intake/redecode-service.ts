// Decodes again what lies in quarantine: after a decoder was mended, a format registered or a meter assigned.
//
// Each chunk is one transaction: its readings are stored with the times they were received at, and its places in
// quarantine are cleared, or neither. A run that was ended is simply run again.
import type { PayloadFormat } from '../../../devices/payload-format.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { insertChecked, insertConflicts, insertMisdated } from './commit-checked-store.ts';
import { isFaultOfTheRow } from './database-fault.ts';
import { decodeUplink } from './decode-uplink.ts';
import { DeviceLane } from './device-lane.ts';
import { partRows } from './part-rows.ts';
import type { Partitions } from './partition-service.ts';
import {
  changeReason,
  clearQuarantine,
  type QuarantinedUplink,
  type QuarantineFilter,
  takeQuarantined,
} from './redecode-store.ts';
import type { DecodedDelivery } from './uplink.ts';
import { UplinkBatch } from './uplink-batch.ts';

const CHUNK = 200;

export interface RedecodeOptions {
  pool: Pool;
  partitions: Partitions;
  /** IANA name of the zone that a meter's local time is meant in. */
  timeZone: string;
  /** Looks a format up by its name; the formats of devices/ unless a test brings its own. */
  find?: (name: string) => PayloadFormat | undefined;
}

export interface Redecoded {
  /** Uplinks looked at; those that left quarantine; those the database refused the readings of. */
  uplinks: number;
  cleared: number;
  refused: number;
  readings: number;
  conflicts: number;
  misdated: number;
}

type Mark = { receivedAt_ms: number; uplinkId: number };

/** @returns what became of everything in quarantine that the filter names */
export async function redecode(options: RedecodeOptions, filter: QuarantineFilter): Promise<Redecoded> {
  const total: Redecoded = { uplinks: 0, cleared: 0, refused: 0, readings: 0, conflicts: 0, misdated: 0 };
  let mark: Mark | null = null;
  let chunk = CHUNK;
  for (;;) {
    const after: Mark | null = mark;
    const done: { last: Mark; counted: Redecoded } | null = await inTransaction(options.pool, async (transaction) => {
      const taken = await takeQuarantined(transaction, filter, after, chunk);
      const last = taken.at(-1);
      if (last === undefined) return null;
      return { last, counted: await decodeAgain(options, transaction, taken) };
    }).catch(async (error: unknown): Promise<{ last: Mark; counted: Redecoded } | null> => {
      if (!isFaultOfTheRow(error)) throw error;
      if (chunk > 1) return { last: after ?? BEGIN, counted: { ...NONE } };
      // Alone it is refused as well: it stays where it is, and the next one has its turn.
      const [left] = await inTransaction(options.pool, (transaction) => takeQuarantined(transaction, filter, after, 1));
      return left === undefined ? null : { last: left, counted: { ...NONE, uplinks: 1, refused: 1 } };
    });
    if (done === null) return total;
    // A chunk with a row that the database refuses is gone through one by one.
    chunk = done.counted.uplinks === 0 ? 1 : Math.min(CHUNK, chunk * 2);
    mark = { receivedAt_ms: done.last.receivedAt_ms, uplinkId: done.last.uplinkId };
    for (const name of Object.keys(total) as (keyof Redecoded)[]) total[name] += done.counted[name];
  }
}

const NONE: Redecoded = { uplinks: 0, cleared: 0, refused: 0, readings: 0, conflicts: 0, misdated: 0 };
const BEGIN: Mark = { receivedAt_ms: 0, uplinkId: 0 };

async function decodeAgain(
  { partitions, timeZone, find }: RedecodeOptions,
  transaction: Transaction,
  taken: readonly QuarantinedUplink[],
): Promise<Redecoded> {
  const batch = new UplinkBatch();
  const cleared: { uplinkId: number; format: string; decoderVersion: number | null }[] = [];
  for (const uplink of taken) {
    const delivery = { ...uplink, packetId: null, redelivered: false, connectedAt_ms: 0 };
    const decoded: DecodedDelivery = decodeUplink(delivery, timeZone, find);
    const { problem } = decoded;
    if (problem === null) {
      batch.begin(new DeviceLane(uplink.device, 0, null), delivery, Number.NaN, () => {});
      batch.addDecoded(decoded);
      cleared.push({ uplinkId: uplink.uplinkId, format: decoded.format, decoderVersion: decoded.decoderVersion });
    } else if (problem.code !== uplink.code || problem.detail !== uplink.detail) {
      await changeReason(transaction, uplink.uplinkId, problem.code, problem.detail);
    }
  }
  if (cleared.length === 0) return { ...NONE, uplinks: taken.length };
  const rows = partRows(
    batch,
    cleared.map((_, place) => place),
    0,
    false,
  );
  for (const [place, { uplinkId }] of cleared.entries()) rows.idOf[place] = uplinkId;
  await partitions.ensureFor('reading', batch.measuredAt_ms, rows.checked);
  const added = rows.checked.length > 0 ? await insertChecked(transaction, rows) : 0;
  const conflicts = added < rows.checked.length ? await insertConflicts(transaction, rows) : 0;
  const misdated = rows.misdated.length > 0 ? await insertMisdated(transaction, rows) : 0;
  await clearQuarantine(transaction, cleared);
  return { uplinks: taken.length, cleared: cleared.length, refused: 0, readings: added, conflicts, misdated };
}

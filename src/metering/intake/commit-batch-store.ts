// The SQL that stores a batch: raw uplinks, readings, what contradicts them and what could not be read, in one
// transaction. Every statement may be sent again after a commit whose answer was lost: nothing is stored twice.
import { inTransaction, type Pool, type Queryable } from '../../platform/postgres/database.ts';
import type { PendingReading, PendingUplink } from './uplink.ts';

export interface BatchOutcome {
  readings: number;
  conflicts: number;
  misdated: number;
  quarantined: number;
  redelivered: number;
}

interface Row extends PendingReading {
  receivedAt_ms: number;
  uplinkId: number;
}

/** @returns the first id of a block of `uplinkIdsPerBlock` that nobody else has. */
export async function reserveUplinkIds(to: Queryable): Promise<number> {
  const { rows } = await to.query<{ block: number }>(`SELECT nextval('metering.uplink_id_block') AS block`);
  return (rows[0]?.block ?? 0) * uplinkIdsPerBlock;
}

export const uplinkIdsPerBlock = 1_000;

/** Stores the batch, or throws the database's error with nothing stored. Partitions must be there. */
export async function commitBatch(
  pool: Pool,
  batch: readonly PendingUplink[],
  redeliveryWindow_ms: number,
): Promise<BatchOutcome> {
  return inTransaction(pool, async (transaction) => {
    const stored = await findStored(transaction, batch, redeliveryWindow_ms);
    const uplinks = stored.size === 0 ? batch : batch.filter((uplink) => !stored.has(uplink.uplinkId));
    if (uplinks.length > 0) await insertUplinks(transaction, uplinks);
    const rows = uplinks.flatMap((uplink) => uplink.readings.map((reading) => asRow(reading, uplink)));
    const plausible = rows.filter((row) => row.plausible).sort(byMeterAndInstant);
    const misdated = rows.filter((row) => !row.plausible);
    const problems = uplinks.filter((uplink) => uplink.problem !== null);
    const added = plausible.length > 0 ? await insertReadings(transaction, plausible) : 0;
    return {
      readings: added,
      conflicts: added < plausible.length ? await insertConflicts(transaction, plausible) : 0,
      misdated: misdated.length > 0 ? await insertMisdated(transaction, misdated) : 0,
      quarantined: problems.length > 0 ? await insertQuarantine(transaction, problems) : 0,
      redelivered: stored.size,
    };
  });
}

function asRow(reading: PendingReading, uplink: PendingUplink): Row {
  return { ...reading, receivedAt_ms: uplink.receivedAt_ms, uplinkId: uplink.uplinkId };
}

/** In the order of the primary key, so that two batches take their locks in one order; a stable sort keeps arrival. */
function byMeterAndInstant(one: Row, other: Row): number {
  return one.meterId - other.meterId || one.measuredAt_ms - other.measuredAt_ms;
}

/**
 * Uplinks that may be redelivered and whose first delivery is stored: same device, packet id and bytes, not long ago; or
 * through a cluster, same device and bytes at about the same time.
 */
async function findStored(
  to: Queryable,
  batch: readonly PendingUplink[],
  window_ms: number,
): Promise<ReadonlySet<number>> {
  const asked = batch.filter((uplink) => uplink.repeatsBefore_ms !== null || uplink.sameBytesWithin_ms > 0);
  if (asked.length === 0) return new Set();
  const { rows } = await to.query<{ uplink_id: number }>({
    name: 'metering-find-stored',
    text: `SELECT asked.uplink_id
             FROM unnest($1::bigint[], $2::int[], $3::int[], $4::float8[], $5::bytea[], $6::float8[], $8::float8[])
                  AS asked (uplink_id, device_no, packet_id, received_ms, payload, before_ms, within_ms)
            WHERE EXISTS (
              SELECT FROM metering.uplink u
               WHERE u.device_no = asked.device_no
                 AND u.received_at > to_timestamp((asked.received_ms - $7::float8) / 1000)
                 AND u.received_at < to_timestamp(asked.before_ms / 1000)
                 AND u.packet_id = asked.packet_id
                 AND u.payload = asked.payload
                 AND u.uplink_id <> asked.uplink_id)
               OR (asked.within_ms > 0 AND EXISTS (
              SELECT FROM metering.uplink u
               WHERE u.device_no = asked.device_no
                 AND u.received_at > to_timestamp((asked.received_ms - asked.within_ms) / 1000)
                 AND u.received_at < to_timestamp((asked.received_ms + asked.within_ms) / 1000)
                 AND u.payload = asked.payload
                 AND u.uplink_id <> asked.uplink_id))`,
    values: [
      asked.map((uplink) => uplink.uplinkId),
      asked.map((uplink) => uplink.deviceNo),
      asked.map((uplink) => uplink.packetId),
      asked.map((uplink) => uplink.receivedAt_ms),
      asked.map((uplink) => uplink.payload),
      asked.map((uplink) => uplink.repeatsBefore_ms),
      window_ms,
      asked.map((uplink) => uplink.sameBytesWithin_ms),
    ],
  });
  return new Set(rows.map((row) => row.uplink_id));
}

async function insertUplinks(to: Queryable, uplinks: readonly PendingUplink[]): Promise<void> {
  await to.query({
    name: 'metering-insert-uplinks',
    text: `INSERT INTO metering.uplink (uplink_id, received_at, device_no, packet_id, format, decoder_version, payload)
           SELECT uplink_id, to_timestamp(received_ms / 1000), device_no, packet_id, format, decoder_version, payload
             FROM unnest($1::bigint[], $2::float8[], $3::int[], $4::int[], $5::text[], $6::smallint[], $7::bytea[])
                  AS given (uplink_id, received_ms, device_no, packet_id, format, decoder_version, payload)
           ON CONFLICT DO NOTHING`,
    values: [
      uplinks.map((uplink) => uplink.uplinkId),
      uplinks.map((uplink) => uplink.receivedAt_ms),
      uplinks.map((uplink) => uplink.deviceNo),
      uplinks.map((uplink) => uplink.packetId),
      uplinks.map((uplink) => uplink.format),
      uplinks.map((uplink) => uplink.decoderVersion),
      uplinks.map((uplink) => uplink.payload),
    ],
  });
}

const given = `unnest($1::int[], $2::float8[], $3::bigint[], $4::float8[], $5::bigint[])
               AS given (meter_id, measured_ms, register_l, received_ms, uplink_id)`;

function givenValues(rows: readonly Row[]): unknown[] {
  return [
    rows.map((row) => row.meterId),
    rows.map((row) => row.measuredAt_ms),
    rows.map((row) => row.register_l),
    rows.map((row) => row.receivedAt_ms),
    rows.map((row) => row.uplinkId),
  ];
}

const joinedFlags = (row: Row) => (row.flags.length === 0 ? null : row.flags.join(','));

async function insertReadings(to: Queryable, rows: readonly Row[]): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-readings',
    text: `INSERT INTO metering.reading (meter_id, measured_at, register_l, received_at, uplink_id, clock, flags)
           SELECT meter_id, to_timestamp(measured_ms / 1000), register_l, to_timestamp(received_ms / 1000), uplink_id,
                  clock, string_to_array(flags, ',')
             FROM unnest($1::int[], $2::float8[], $3::bigint[], $4::float8[], $5::bigint[], $6::text[], $7::text[])
                  AS given (meter_id, measured_ms, register_l, received_ms, uplink_id, clock, flags)
           ON CONFLICT DO NOTHING`,
    values: [...givenValues(rows), rows.map((row) => row.clock), rows.map(joinedFlags)],
  });
  return rowCount ?? 0;
}

/** Runs after the insert, as a statement of its own: only so does it see rows that another batch committed meanwhile. */
async function insertConflicts(to: Queryable, rows: readonly Row[]): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-conflicts',
    text: `INSERT INTO metering.reading_conflict (meter_id, measured_at, register_l, received_at, uplink_id)
           SELECT given.meter_id, stored.measured_at, given.register_l, to_timestamp(given.received_ms / 1000),
                  given.uplink_id
             FROM ${given}
             JOIN metering.reading stored
               ON stored.meter_id = given.meter_id AND stored.measured_at = to_timestamp(given.measured_ms / 1000)
            WHERE stored.register_l <> given.register_l
           ON CONFLICT DO NOTHING`,
    values: givenValues(rows),
  });
  return rowCount ?? 0;
}

async function insertMisdated(to: Queryable, rows: readonly Row[]): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-misdated',
    text: `INSERT INTO metering.misdated_reading (meter_id, measured_at, register_l, received_at, uplink_id, flags)
           SELECT meter_id, to_timestamp(measured_ms / 1000), register_l, to_timestamp(received_ms / 1000), uplink_id,
                  string_to_array(flags, ',')
             FROM unnest($1::int[], $2::float8[], $3::bigint[], $4::float8[], $5::bigint[], $6::text[])
                  AS given (meter_id, measured_ms, register_l, received_ms, uplink_id, flags)
           ON CONFLICT DO NOTHING`,
    values: [...givenValues(rows), rows.map(joinedFlags)],
  });
  return rowCount ?? 0;
}

async function insertQuarantine(to: Queryable, uplinks: readonly PendingUplink[]): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-quarantine',
    text: `INSERT INTO metering.quarantine (uplink_id, received_at, device_no, code, detail)
           SELECT uplink_id, to_timestamp(received_ms / 1000), device_no, code, detail
             FROM unnest($1::bigint[], $2::float8[], $3::int[], $4::text[], $5::text[])
                  AS given (uplink_id, received_ms, device_no, code, detail)
           ON CONFLICT DO NOTHING`,
    values: [
      uplinks.map((uplink) => uplink.uplinkId),
      uplinks.map((uplink) => uplink.receivedAt_ms),
      uplinks.map((uplink) => uplink.deviceNo),
      uplinks.map((uplink) => uplink.problem?.code ?? ''),
      uplinks.map((uplink) => uplink.problem?.detail ?? ''),
    ],
  });
  return rowCount ?? 0;
}

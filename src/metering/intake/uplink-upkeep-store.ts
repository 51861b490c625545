// The SQL that looks after stored uplinks: small packs joined, and what is older than it may be dropped by whole partitions.
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { monthOf, type TimeStorage } from './partition-store.ts';

/** Packs from this many uplinks on are left as they are; two smaller ones together stay below what a pack may hold. */
const SMALL_PACK = 512;
/** A table that is being read is left for the next time rather than holding up every commit behind the wait. */
const LOCK_WITHIN = '2s';

/** Runs `work` unless another process of this service is at it. */
export async function alone<T>(pool: Pool, work: (transaction: Transaction) => Promise<T>): Promise<T | null> {
  return inTransaction(pool, async (transaction) => {
    const { rows } = await transaction.query<{ first: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.upkeep')) AS first`,
    );
    return rows[0]?.first === true ? work(transaction) : null;
  });
}

/**
 * Joins small packs received in the span, whose ids follow each other on one day: long arrays are what compresses.
 * @returns how many packs went into larger ones
 */
export async function joinSmallPacks(to: Transaction, from_ms: number, until_ms: number): Promise<number> {
  const { rows } = await to.query<{ joined: number }>(
    `WITH small AS (
       SELECT first_id, received_at, cardinality(device_nos) AS uplinks FROM metering.uplink_pack
        WHERE received_at >= to_timestamp($1::float8 / 1000) AND received_at < to_timestamp($2::float8 / 1000)
          AND cardinality(device_nos) < ${SMALL_PACK}),
     runs AS (
       SELECT *, sum(begins) OVER ids AS run FROM (
         SELECT *, CASE WHEN first_id = lag(first_id + uplinks) OVER ids
                         AND received_at::date = (lag(received_at) OVER ids)::date THEN 0 ELSE 1 END AS begins
           FROM small WINDOW ids AS (ORDER BY first_id)) marked
       WINDOW ids AS (ORDER BY first_id)),
     packs AS (
       SELECT first_id, received_at, run, sum(uplinks) OVER (PARTITION BY run ORDER BY first_id) / ${SMALL_PACK} AS pack
         FROM runs),
     chosen AS (
       SELECT first_id, received_at, run, floor(pack) AS pack
         FROM (SELECT *, count(*) OVER (PARTITION BY run, floor(pack)) AS parts FROM packs) counted WHERE parts > 1),
     gone AS (
       DELETE FROM metering.uplink_pack p USING chosen c
        WHERE p.first_id = c.first_id AND p.received_at = c.received_at
       RETURNING p.*, c.run, c.pack),
     added AS (
       INSERT INTO metering.uplink_pack
         (first_id, received_at, received_ats, device_nos, packet_ids, formats, decoder_versions, payloads)
       SELECT min(g.first_id), min(g.received_at), array_agg(u.received_at ORDER BY g.first_id, u.place),
              array_agg(u.device_no ORDER BY g.first_id, u.place), array_agg(u.packet_id ORDER BY g.first_id, u.place),
              array_agg(u.format ORDER BY g.first_id, u.place), array_agg(u.version ORDER BY g.first_id, u.place),
              array_agg(u.payload ORDER BY g.first_id, u.place)
         FROM gone g, unnest(g.received_ats, g.device_nos, g.packet_ids, g.formats, g.decoder_versions, g.payloads)
                        WITH ORDINALITY AS u (received_at, device_no, packet_id, format, version, payload, place)
        GROUP BY g.run, g.pack)
     SELECT count(*) AS joined FROM gone`,
    [from_ms, until_ms],
  );
  return rows[0]?.joined ?? 0;
}

/**
 * Drops the partitions or chunks of raw uplinks that hold nothing received at or after the instant, and what quarantine
 * says of uplinks before it. Readings stay.
 * @returns the names of what was dropped
 */
export async function dropUplinksBefore(to: Transaction, storage: TimeStorage, before_ms: number): Promise<string[]> {
  await to.query(`SET LOCAL lock_timeout = '${LOCK_WITHIN}'`);
  const dropped = storage === 'partitions' ? await dropPartitions(to, before_ms) : await dropChunks(to, before_ms);
  await to.query('DELETE FROM metering.quarantine WHERE received_at < to_timestamp($1::float8 / 1000)', [before_ms]);
  return dropped;
}

/** Forgets which uplinks repeated others, once no redelivery of them is looked for any more. */
export async function forgetRepeatedBefore(to: Transaction, before_ms: number): Promise<void> {
  await to.query('DELETE FROM metering.repeated_uplink WHERE received_at < to_timestamp($1::float8 / 1000)', [
    before_ms,
  ]);
}

async function dropPartitions(to: Transaction, before_ms: number): Promise<string[]> {
  const month = monthOf(before_ms);
  const first = `uplink_pack_${Math.floor(month / 12)}_${String((month % 12) + 1).padStart(2, '0')}`;
  const { rows } = await to.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'metering.uplink_pack'::regclass AND c.relname < $1 ORDER BY 1`,
    [first],
  );
  for (const { name } of rows) await to.query(`DROP TABLE metering.${name}`);
  return rows.map(({ name }) => name);
}

async function dropChunks(to: Transaction, before_ms: number): Promise<string[]> {
  const { rows: found } = await to.query<{ schema: string }>(
    `SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = 'timescaledb'`,
  );
  const { rows } = await to.query<{ name: string }>(
    `SELECT ${found[0]?.schema}.drop_chunks('metering.uplink_pack', to_timestamp($1::float8 / 1000)) AS name`,
    [before_ms],
  );
  return rows.map(({ name }) => name);
}

// SQL for epochs, the public log of changes, and the contract they go to.
import type { Pool, Queryable } from '../platform/postgres/database.ts';
import type { AnchorStatus } from './anchor.ts';
import type { Change } from './sparse-merkle-map.ts';

export interface Epoch {
  epoch: number;
  previousRoot: Uint8Array;
  root: Uint8Array;
  madeAt: Date;
  status: AnchorStatus;
  /** Of the transaction last sent for it, `0x…`. */
  transaction: string | null;
  block: number | null;
  blockHash: string | null;
  blockTime: Date | null;
}

export interface Inclusion {
  transaction: string;
  block: number;
  blockHash: string;
  blockTime: Date;
}

/** The contract and the registry in it that this database's epochs go to. */
export interface Registry {
  chainId: number;
  contract: string;
  /** 0x-hex, 32 bytes */
  registryId: string;
}

const WORKER_LOCK = 0x6e61_7275; // "naru"

const EPOCH_COLUMNS = `epoch, previous_root AS "previousRoot", root, made_at AS "madeAt", status,
  '0x' || encode(transaction, 'hex') AS transaction, block, '0x' || encode(block_hash, 'hex') AS "blockHash",
  block_time AS "blockTime"`;

const toBytea = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');

/**
 * Runs `work` if no other instance is at work on epochs and transactions now.
 *
 * @param work its `session` holds the lock: what is written through it is written only while the lock is held
 * @returns whether it ran
 */
export async function asOnlyWorker(pool: Pool, work: (session: Queryable) => Promise<void>): Promise<boolean> {
  const client = await pool.connect();
  let failed: Error | undefined;
  try {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS locked', [WORKER_LOCK]);
    if (rows[0]?.locked !== true) return false;
    try {
      await work(client);
    } finally {
      // Where this fails the connection is closed, and the lock goes with it.
      await client.query('SELECT pg_advisory_unlock($1)', [WORKER_LOCK]).catch((error: Error) => {
        failed = error;
      });
    }
    return true;
  } finally {
    client.release(failed);
  }
}

export async function readRegistry(from: Queryable): Promise<Registry | null> {
  const { rows } = await from.query(
    `SELECT chain_id AS "chainId", contract, '0x' || encode(registry_id, 'hex') AS "registryId" FROM anchoring.registry`,
  );
  return (rows[0] as Registry | undefined) ?? null;
}

export async function writeRegistry(to: Queryable, registry: Registry): Promise<void> {
  await to.query(
    `INSERT INTO anchoring.registry (chain_id, contract, registry_id) VALUES ($1, $2, $3)
     ON CONFLICT (one) DO UPDATE SET chain_id = excluded.chain_id, contract = excluded.contract,
       registry_id = excluded.registry_id`,
    [registry.chainId, registry.contract, toBytea(registry.registryId)],
  );
}

/** The newest final epoch and all after it, oldest first: those whose maps may be asked for. */
export async function readLiveEpochs(from: Queryable): Promise<Epoch[]> {
  const { rows } = await from.query(
    `SELECT ${EPOCH_COLUMNS} FROM anchoring.epoch
     WHERE epoch >= coalesce((SELECT min(epoch) - 1 FROM anchoring.epoch WHERE status <> 'final'),
                             (SELECT max(epoch) FROM anchoring.epoch))
     ORDER BY epoch`,
  );
  return rows as Epoch[];
}

export async function readEpoch(from: Queryable, epoch: number): Promise<Epoch | null> {
  const { rows } = await from.query(`SELECT ${EPOCH_COLUMNS} FROM anchoring.epoch WHERE epoch = $1`, [epoch]);
  return (rows[0] as Epoch | undefined) ?? null;
}

/** The map's entries at `epoch`. */
export async function readEntries(from: Queryable, epoch: number): Promise<Change[]> {
  const { rows } = await from.query(
    `SELECT key, value FROM (
       SELECT DISTINCT ON (key) key, value FROM anchoring.change WHERE epoch <= $1 ORDER BY key, epoch DESC
     ) latest WHERE value IS NOT NULL`,
    [epoch],
  );
  return rows as Change[];
}

/** What the epochs after `after` up to `upTo` changed, in order. */
export async function readChanges(
  from: Queryable,
  after: number,
  upTo: number,
): Promise<(Change & { epoch: number })[]> {
  const { rows } = await from.query(
    'SELECT epoch, key, value FROM anchoring.change WHERE epoch > $1 AND epoch <= $2 ORDER BY epoch',
    [after, upTo],
  );
  return rows as (Change & { epoch: number })[];
}

/** One epoch's changes in key order, from the key after `afterKey` on. */
export async function readChangesOf(
  from: Queryable,
  epoch: number,
  afterKey: Uint8Array | null,
  limit: number,
): Promise<Change[]> {
  const { rows } = await from.query(
    `SELECT key, value FROM anchoring.change WHERE epoch = $1 AND ($2::bytea IS NULL OR key > $2) ORDER BY key LIMIT $3`,
    [epoch, afterKey === null ? null : Buffer.from(afterKey), limit],
  );
  return rows as Change[];
}

/** How many changes wait, counted up to `limit`. */
export async function countWaiting(from: Queryable, limit: number): Promise<number> {
  const { rows } = await from.query('SELECT count(*) AS n FROM (SELECT 1 FROM anchoring.outbox LIMIT $1) waiting', [
    limit,
  ]);
  return Number(rows[0]?.n);
}

/** @returns the change that waits under `key`, `undefined` where none does */
export async function readWaiting(from: Queryable, key: Uint8Array): Promise<Change | undefined> {
  const { rows } = await from.query('SELECT key, value FROM anchoring.outbox WHERE key = $1', [Buffer.from(key)]);
  return rows[0] as Change | undefined;
}

/** Takes the longest waiting changes out of the outbox. Those that a writer holds right now stay for the next epoch. */
export async function takeWaiting(from: Queryable, limit: number): Promise<Change[]> {
  const { rows } = await from.query(
    `WITH taken AS MATERIALIZED
       (SELECT key FROM anchoring.outbox ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED)
     DELETE FROM anchoring.outbox USING taken WHERE outbox.key = taken.key
     RETURNING outbox.key, outbox.value`,
    [limit],
  );
  return rows as Change[];
}

export async function insertEpoch(
  to: Queryable,
  epoch: Pick<Epoch, 'epoch' | 'previousRoot' | 'root' | 'madeAt'>,
  changes: readonly Change[],
): Promise<void> {
  await to.query('INSERT INTO anchoring.epoch (epoch, previous_root, root, made_at) VALUES ($1, $2, $3, $4)', [
    epoch.epoch,
    Buffer.from(epoch.previousRoot),
    Buffer.from(epoch.root),
    epoch.madeAt,
  ]);
  await to.query(
    `INSERT INTO anchoring.change (epoch, key, value)
     SELECT $1, key, value FROM unnest($2::bytea[], $3::bytea[]) AS given (key, value)`,
    [
      epoch.epoch,
      changes.map(({ key }) => Buffer.from(key)),
      changes.map(({ value }) => (value === null ? null : Buffer.from(value))),
    ],
  );
}

export async function recordIncluded(to: Queryable, epoch: number, inclusion: Inclusion): Promise<void> {
  await to.query(
    `UPDATE anchoring.epoch SET status = 'included', transaction = $2, block = $3, block_hash = $4, block_time = $5
     WHERE epoch = $1`,
    [epoch, toBytea(inclusion.transaction), inclusion.block, toBytea(inclusion.blockHash), inclusion.blockTime],
  );
}

export async function recordFinal(to: Queryable, epoch: number): Promise<void> {
  await to.query("UPDATE anchoring.epoch SET status = 'final' WHERE epoch = $1 AND status = 'included'", [epoch]);
}

/** Epochs after `after` are on the chain no more. @returns how many were thought to be */
export async function recordLost(to: Queryable, after: number): Promise<number> {
  const { rowCount } = await to.query(
    `UPDATE anchoring.epoch SET status = 'pending', transaction = NULL, block = NULL, block_hash = NULL, block_time = NULL
     WHERE epoch > $1 AND status <> 'pending'`,
    [after],
  );
  return rowCount ?? 0;
}

/** The chain was rewritten beneath final epochs, from `from` on: their blocks have to be found again. */
export async function recordNoLongerFinal(to: Queryable, from: number): Promise<void> {
  await to.query("UPDATE anchoring.epoch SET status = 'included' WHERE epoch >= $1 AND status = 'final'", [from]);
}

/** How many epochs have each status, and when the oldest pending one was made. */
export async function countEpochs(
  from: Queryable,
): Promise<Record<AnchorStatus, number> & { oldestPendingAt: Date | null }> {
  // Epochs are numbered without gaps, and only those not final are indexed by status: the rest is a difference.
  const { rows } = await from.query(
    `SELECT count(*) FILTER (WHERE status = 'pending') AS pending, count(*) FILTER (WHERE status = 'included') AS included,
       coalesce((SELECT max(epoch) FROM anchoring.epoch), 0) - count(*) AS final,
       min(made_at) FILTER (WHERE status = 'pending') AS "oldestPendingAt"
     FROM anchoring.epoch WHERE status <> 'final'`,
  );
  return rows[0] as Record<AnchorStatus, number> & { oldestPendingAt: Date | null };
}

// SQL for epochs, the public log of changes, and the contract they go to.
import type { Pool, Queryable } from '../platform/postgres/database.ts';
import type { AnchorStatus } from './anchor.ts';
import { logLinks } from './log-link.ts';
import type { Change } from './sparse-merkle-map.ts';
import { compareBytes } from './tree-hash.ts';

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
  /** When it was recorded as not of our making: its root is the chain's, not the map's. */
  disownedAt: Date | null;
}

/** A row of the public log. */
export interface LoggedChange extends Change {
  /** `null` in epochs made before there were links. */
  readonly link: Uint8Array | null;
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
  block_time AS "blockTime", disowned_at AS "disownedAt"`;

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

/** The newest final epoch of our own and all after it, oldest first: those whose maps may be asked for. */
export async function readLiveEpochs(from: Queryable): Promise<Epoch[]> {
  const { rows } = await from.query(
    `SELECT ${EPOCH_COLUMNS} FROM anchoring.epoch
     WHERE epoch >= coalesce((SELECT epoch FROM anchoring.epoch
       WHERE disowned_at IS NULL
         AND epoch < coalesce((SELECT min(epoch) FROM anchoring.epoch WHERE status <> 'final'), $1)
       ORDER BY epoch DESC LIMIT 1), 0)
     ORDER BY epoch`,
    [Number.MAX_SAFE_INTEGER],
  );
  return rows as Epoch[];
}

export async function readEpoch(from: Queryable, epoch: number): Promise<Epoch | null> {
  const { rows } = await from.query(`SELECT ${EPOCH_COLUMNS} FROM anchoring.epoch WHERE epoch = $1`, [epoch]);
  return (rows[0] as Epoch | undefined) ?? null;
}

export async function readLatestEpoch(from: Queryable): Promise<Epoch | null> {
  const { rows } = await from.query(`SELECT ${EPOCH_COLUMNS} FROM anchoring.epoch ORDER BY epoch DESC LIMIT 1`);
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
): Promise<LoggedChange[]> {
  const { rows } = await from.query(
    `SELECT key, value, link FROM anchoring.change WHERE epoch = $1 AND ($2::bytea IS NULL OR key > $2) ORDER BY key LIMIT $3`,
    [epoch, afterKey === null ? null : Buffer.from(afterKey), limit],
  );
  return rows as LoggedChange[];
}

/** Epochs from `first` on, oldest first. */
export async function readEpochsFrom(from: Queryable, first: number, limit: number): Promise<Epoch[]> {
  const { rows } = await from.query(
    `SELECT ${EPOCH_COLUMNS} FROM anchoring.epoch WHERE epoch >= $1 ORDER BY epoch LIMIT $2`,
    [first, limit],
  );
  return rows as Epoch[];
}

/** The log's rows after `after`, up to the end of epoch `upTo`, in the order of epochs and keys. */
export async function readLogRows(
  from: Queryable,
  after: { epoch: number; key: Uint8Array },
  upTo: number,
  limit: number,
): Promise<(LoggedChange & { epoch: number })[]> {
  const { rows } = await from.query(
    `SELECT epoch, key, value, link FROM anchoring.change
     WHERE (epoch, key) > ($1, $2::bytea) AND epoch <= $3 ORDER BY epoch, key LIMIT $4`,
    [after.epoch, Buffer.from(after.key), upTo, limit],
  );
  return rows as (LoggedChange & { epoch: number })[];
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

/** Writes an epoch and its part of the public log, each row linked to the one before. `changes`: in any order. */
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
  const ordered = [...changes].sort((a, b) => compareBytes(a.key, b.key));
  await to.query(
    `INSERT INTO anchoring.change (epoch, key, value, link)
     SELECT $1, key, value, link FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) AS given (key, value, link)`,
    [
      epoch.epoch,
      ordered.map(({ key }) => Buffer.from(key)),
      ordered.map(({ value }) => (value === null ? null : Buffer.from(value))),
      logLinks(epoch.previousRoot, ordered).map((link) => Buffer.from(link)),
    ],
  );
}

/** Records an epoch of the chain as not of our making: its root stands, and nothing changed by it. */
export async function insertDisowned(
  to: Queryable,
  epoch: Pick<Epoch, 'epoch' | 'previousRoot' | 'root' | 'madeAt'>,
  disownedAt: Date,
): Promise<void> {
  await insertEpoch(to, epoch, []);
  await to.query('UPDATE anchoring.epoch SET disowned_at = $2 WHERE epoch = $1', [epoch.epoch, disownedAt]);
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

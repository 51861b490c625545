// SQL for what the worker tells of itself, and for the console's list of epochs.
import type { Queryable } from '../platform/postgres/database.ts';
import type { AnchorStatus } from './anchor.ts';

/** As stored, JSON. */
export interface WorkerState {
  trouble: {
    code: string;
    detail: string;
    /** ISO 8601 */
    since: string;
    /** Whether epochs reach the chain all the same. */
    is_working: boolean;
  } | null;
  account: { address: string; balance_wei: string } | null;
  nodes: { host: string; state: 'in_use' | 'ready' | 'away' | 'wrong_chain' | 'disagrees'; block: number | null }[];
  /** The newest block of the node in use. */
  block: number | null;
}

export interface EpochRow {
  epoch: number;
  status: AnchorStatus;
  changes: number;
  madeAt: Date;
  /** 0x-hex */
  root: string;
  transaction: string | null;
  block: number | null;
  blockTime: Date | null;
  /** Transactions made for it. */
  sends: number;
  maxFee_wei: string | null;
}

export async function writeWorkerState(to: Queryable, state: WorkerState): Promise<void> {
  await to.query(
    `INSERT INTO anchoring.worker_state (state) VALUES ($1)
     ON CONFLICT (one) DO UPDATE SET state = excluded.state, written_at = now()`,
    [JSON.stringify(state)],
  );
}

/** @returns `null` where no worker ever ran */
export async function readWorkerState(from: Queryable): Promise<{ state: WorkerState; age_ms: number } | null> {
  const { rows } = await from.query(
    `SELECT state, (extract(epoch FROM now() - written_at) * 1000)::float8 AS age_ms FROM anchoring.worker_state`,
  );
  return (rows[0] as { state: WorkerState; age_ms: number } | undefined) ?? null;
}

/** Newest first. A transaction is named as soon as it was sent. */
export async function readNewestEpochs(from: Queryable, limit: number): Promise<EpochRow[]> {
  const { rows } = await from.query(
    `SELECT epoch.epoch, status, made_at AS "madeAt", '0x' || encode(root, 'hex') AS root, block, block_time AS "blockTime",
       '0x' || encode(coalesce(epoch.transaction, last.transaction), 'hex') AS transaction,
       (SELECT count(*) FROM anchoring.change WHERE change.epoch = epoch.epoch) AS changes,
       (SELECT count(*) FROM anchoring.sending WHERE sending.epoch = epoch.epoch) AS sends,
       (SELECT max(max_fee_wei)::text FROM anchoring.sending WHERE sending.epoch = epoch.epoch) AS "maxFee_wei"
     FROM anchoring.epoch LEFT JOIN LATERAL
       (SELECT sending.transaction FROM anchoring.sending WHERE sending.epoch = epoch.epoch AND NOT refused
        ORDER BY sent_at DESC, max_fee_wei DESC LIMIT 1) last ON true
     ORDER BY epoch.epoch DESC LIMIT $1`,
    [limit],
  );
  return rows as EpochRow[];
}

/** What a commit cost at most when one was last sent, in wei; `null` before the first. */
export async function readLastCommitCost_wei(from: Queryable): Promise<string | null> {
  const { rows } = await from.query(
    `SELECT (gas_limit * max_fee_wei)::text AS cost FROM anchoring.sending WHERE what = 'commit'
     ORDER BY epoch DESC, max_fee_wei DESC LIMIT 1`,
  );
  return (rows[0] as { cost: string } | undefined)?.cost ?? null;
}

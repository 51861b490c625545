// The SQL of trees of bills: runs that have none yet, their bills, and the trees as they are kept.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';

/** False while another copy works: its transaction holds the lock to its end. */
export async function holdBillTrees(to: Transaction): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.bill_trees')) AS held`,
  );
  return rows[0]?.held === true;
}

/** The first run that is done, has bills and no tree. */
export async function findRunWithoutTree(from: Queryable): Promise<number | null> {
  const { rows } = await from.query<{ run_id: number }>(
    `SELECT run_id FROM metering.bill_run run
      WHERE state = 'done' AND billed > 0
        AND NOT EXISTS (SELECT FROM metering.bill_tree tree WHERE tree.run_id = run.run_id)
      ORDER BY run_id LIMIT 1`,
  );
  return rows[0]?.run_id ?? null;
}

/** By id: the order of the leaves. */
export async function listDocumentHashes(
  from: Queryable,
  runId: number,
): Promise<{ bill_id: number; document_sha256: Buffer }[]> {
  const { rows } = await from.query<{ bill_id: number; document_sha256: Buffer }>(
    'SELECT bill_id, document_sha256 FROM metering.bill WHERE run_id = $1 ORDER BY bill_id',
    [runId],
  );
  return rows;
}

export interface NewBillTree {
  runId: number;
  made_ms: number;
  root: Uint8Array;
  billIds: readonly number[];
  /** 16 bytes each. */
  salts: Uint8Array;
  leaves: readonly Uint8Array[];
  /** Of each `stretch` of the leaves. */
  roots: readonly Uint8Array[];
}

/** Leaves under one of the kept roots: a power of two. */
export const stretch = 1_024;

export async function insertBillTree(to: Queryable, tree: NewBillTree): Promise<void> {
  await to.query(
    `INSERT INTO metering.bill_tree (run_id, made_at, leaf_count, root, leaves, roots)
     VALUES ($1, to_timestamp($2::float8 / 1000), $3, $4, $5, $6)`,
    [
      ...[tree.runId, tree.made_ms, tree.leaves.length, Buffer.from(tree.root)],
      Buffer.concat(tree.leaves),
      Buffer.concat(tree.roots),
    ],
  );
  for (let from = 0; from < tree.billIds.length; from += SALTS_AT_ONCE) {
    await to.query(
      `INSERT INTO metering.bill_leaf (bill_id, run_id, place, salt)
       SELECT bill_id, $2, $3 + nth::int - 1, substring($4::bytea FROM (nth::int - 1) * 16 + 1 FOR 16)
         FROM unnest($1::bigint[]) WITH ORDINALITY AS given (bill_id, nth)`,
      [
        ...[tree.billIds.slice(from, from + SALTS_AT_ONCE), tree.runId, from],
        Buffer.from(tree.salts.subarray(from * 16, (from + SALTS_AT_ONCE) * 16)),
      ],
    );
  }
}

const SALTS_AT_ONCE = 10_000;

export interface BillLeafPlace {
  run_id: number;
  place: number;
  salt: Buffer;
  leaf_count: number;
  root: Buffer;
  /** The leaves of the stretch in which the bill is. */
  leaves: Buffer;
  roots: Buffer;
}

/** null: the bill is in no tree yet. */
export async function findBillLeaf(from: Queryable, billId: number): Promise<BillLeafPlace | null> {
  const { rows } = await from.query<BillLeafPlace>(
    `SELECT leaf.run_id, leaf.place, leaf.salt, tree.leaf_count, tree.root, tree.roots,
            substring(tree.leaves FROM leaf.place / ${stretch} * ${stretch * 32} + 1 FOR ${stretch * 32}) AS leaves
       FROM metering.bill_leaf leaf JOIN metering.bill_tree tree USING (run_id) WHERE leaf.bill_id = $1`,
    [billId],
  );
  return rows[0] ?? null;
}

// Hashes the bills of a run that is done into a tree, its root into the anchored map: both or neither.
import { inTransaction } from '../../platform/postgres/database.ts';
import { billLeaf, stretchRoots } from './bill-leaf.ts';
import { findRunWithoutTree, holdBillTrees, insertBillTree, listDocumentHashes, stretch } from './bill-tree-store.ts';
import type { ProofOptions } from './build-zone-days-service.ts';
import { treeRoot } from './merkle-tree.ts';
import { treeValue } from './meter-day.ts';
import { nodeSha256 } from './salted-meter-day.ts';

const SALT_bytes = 16;

/** @returns how many bills; null where no run waits, or another copy is at it */
export async function buildBillTree({ pool, clock, random, anchor }: ProofOptions): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    if (!(await holdBillTrees(transaction))) return null;
    const runId = await findRunWithoutTree(transaction);
    if (runId === null) return null;
    const bills = await listDocumentHashes(transaction, runId);
    const salts = random.bytes(bills.length * SALT_bytes);
    const leaves = bills.map(({ document_sha256 }, at) =>
      billLeaf(salts.subarray(at * SALT_bytes, (at + 1) * SALT_bytes), document_sha256, nodeSha256),
    );
    const roots = stretchRoots(leaves, stretch, nodeSha256);
    const root = treeRoot(roots, nodeSha256);
    const billIds = bills.map(({ bill_id }) => bill_id);
    await insertBillTree(transaction, { runId, made_ms: clock.now_ms(), root, billIds, salts, leaves, roots });
    await anchor(transaction, 'bill-tree', String(runId), treeValue(leaves.length, root, nodeSha256));
    return bills.length;
  });
}

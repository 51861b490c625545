// The way on where the chain holds epochs that the database lacks: import them from a copy of the log, or disown them.
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import {
  asOnlyWorker,
  type Epoch,
  insertDisowned,
  insertEpoch,
  readEntries,
  readLatestEpoch,
  recordFinal,
  recordIncluded,
} from './anchor-store.ts';
import type { AuditChain, ChainCommit } from './audit-chain-port.ts';
import { bytes32, toHex } from './hexadecimal.ts';
import { asMapChange, type LogEpoch } from './public-log.ts';
import { type Change, SparseMerkleMap } from './sparse-merkle-map.ts';
import { EMPTY } from './tree-hash.ts';

/** Epochs of the chain that one run looks at; the next run goes on behind them. */
const EPOCHS_MAX = 10_000;

export interface ReconcileOptions {
  /** A copy of the public log, if there is one. */
  log: (() => Promise<AsyncIterable<LogEpoch>>) | null;
  /** Whether what is found is carried out, or only told. */
  importThem: boolean;
  disown: boolean;
  /** Blocks, the commit's own among them, below which no epoch is disowned: a re-org may still take it away. */
  confirmations: number;
  clock: Clock;
}

export interface ReconciledEpoch {
  epoch: number;
  root: string;
  transaction: string | null;
  committer: string | null;
  /** What was done with it, or with `left` what is to be done. */
  action: 'imported' | 'disowned' | 'left';
  detail: string;
}

/**
 * Takes the chain's epochs beyond the database, in order, up to the first that is left. Each is one transaction; changes
 * that wait in the outbox stay there and come after.
 *
 * @throws NOT_READY while a worker runs; CHAIN_DIFFERENT where the newest epoch of the database isn't the chain's
 */
export async function reconcile(pool: Pool, chain: AuditChain, options: ReconcileOptions): Promise<ReconciledEpoch[]> {
  let done: ReconciledEpoch[] = [];
  const ran = await asOnlyWorker(pool, async () => {
    done = await work(pool, chain, options);
  });
  if (!ran)
    throw problem('NOT_READY', 'A worker of this service is at work on epochs; stop the service and try again.');
  return done;
}

async function work(pool: Pool, chain: AuditChain, options: ReconcileOptions): Promise<ReconciledEpoch[]> {
  const newest = await readLatestEpoch(pool);
  const head = await chain.head();
  const at = newest?.epoch ?? 0;
  if (head.epoch <= at) return [];
  await refuseAnother(chain, newest);
  const latest = await chain.latestBlock();
  const last = Math.min(head.epoch, at + EPOCHS_MAX);
  const commits = await chain.commits(at + 1, last, { from: newest?.block ?? 0, upTo: latest });
  const logged = options.log === null ? new Map<number, LogEpoch>() : await epochsOf(await options.log(), at + 1, last);

  let map = SparseMerkleMap.empty.with(await readEntries(pool, at));
  let previousRoot = newest?.root ?? EMPTY;
  const done: ReconciledEpoch[] = [];
  for (const commit of commits) {
    const root = bytes32(commit.root);
    const epoch = { epoch: commit.epoch, previousRoot, root, madeAt: new Date(options.clock.now_ms()) };
    const inLog = logged.get(commit.epoch);
    const changes: Change[] = (inLog?.changes ?? []).map(asMapChange);
    const candidate = map.with(changes);
    // An epoch always changes something: one without changes is no epoch of ours, even where its root is the map's.
    if (changes.length > 0 && toHex(candidate.root) === commit.root) {
      if (!options.importThem) {
        done.push(await told(chain, commit, 'left', 'the copy of the log gives its root; it can be imported'));
      } else {
        await inTransaction(pool, async (transaction) => {
          await insertEpoch(transaction, { ...epoch, madeAt: dateOr(inLog?.made_at, epoch.madeAt) }, changes);
          const inclusion = await inclusionOf(chain, commit);
          if (inclusion !== null) await recordIncluded(transaction, commit.epoch, inclusion);
        });
        done.push(await told(chain, commit, 'imported', `${changes.length} changes`));
      }
      map = candidate;
      previousRoot = root;
      continue;
    }
    const why = inLog === undefined ? 'no copy of the log has it' : 'the copy of the log gives another root';
    const inclusion = await inclusionOf(chain, commit);
    if (!options.disown || inclusion === null || latest - inclusion.block + 1 < options.confirmations) {
      const young = inclusion === null ? 'its transaction was not found' : 'its block is too young to disown it';
      const then = options.disown ? young : 'find a copy, or disown it';
      done.push(await told(chain, commit, 'left', `${why}; ${then}`));
      // What comes behind builds on it; only a dry run looks further.
      if (options.disown || options.importThem) break;
    } else {
      await inTransaction(pool, async (transaction) => {
        await insertDisowned(transaction, epoch, epoch.madeAt);
        await recordIncluded(transaction, commit.epoch, inclusion);
        await recordFinal(transaction, commit.epoch);
      });
      done.push(await told(chain, commit, 'disowned', why));
    }
    previousRoot = root;
  }
  return done;
}

async function refuseAnother(chain: AuditChain, newest: Epoch | null): Promise<void> {
  if (newest === null) return;
  const [same] = await chain.commits(newest.epoch, newest.epoch, null);
  if (same?.root !== toHex(newest.root))
    throw problem(
      'CHAIN_DIFFERENT',
      `Epoch ${newest.epoch} has another root on the chain than in the database; this is more than a database that is behind.`,
    );
}

async function epochsOf(log: AsyncIterable<LogEpoch>, from: number, upTo: number): Promise<Map<number, LogEpoch>> {
  const found = new Map<number, LogEpoch>();
  for await (const epoch of log) if (epoch.epoch >= from && epoch.epoch <= upTo) found.set(epoch.epoch, epoch);
  return found;
}

async function inclusionOf(chain: AuditChain, { transaction, block, blockHash }: ChainCommit) {
  if (transaction === null || block === null || blockHash === null) return null;
  const time_s = await chain.blockTime_s(blockHash);
  return time_s === null ? null : { transaction, block, blockHash, blockTime: new Date(time_s * 1_000) };
}

async function told(
  chain: AuditChain,
  { epoch, root, transaction }: ChainCommit,
  action: ReconciledEpoch['action'],
  detail: string,
): Promise<ReconciledEpoch> {
  const committer = transaction === null ? null : await chain.sender(transaction);
  return { epoch, root, transaction, committer, action, detail };
}

function dateOr(text: string | undefined, otherwise: Date): Date {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? otherwise : date;
}

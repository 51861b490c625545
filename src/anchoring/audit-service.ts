// Checks the public log against the chain: rebuilds the map epoch by epoch and names the first that differs, and why.
import type { Anchor } from './anchor.ts';
import type { AuditChain, ChainCommit } from './audit-chain-port.ts';
import { type AuditFinding, finding } from './audit-finding.ts';
import { bytes32, toHex } from './hexadecimal.ts';
import { logLink } from './log-link.ts';
import { anchorIsProven } from './proofs.ts';
import { asMapChange, type LogChange, type LogEpoch } from './public-log.ts';
import { SparseMerkleMap } from './sparse-merkle-map.ts';
import { EMPTY } from './tree-hash.ts';

export const auditLimits = {
  /** Epochs, or changes, that are read before the chain is asked about them. */
  batch: { epochs: 200, changes: 50_000 },
  /** Epochs missing from the log that are told one by one. */
  missing: 100,
  /** Keys of an epoch for which the service is asked for proofs. */
  proofs: 200,
} as const;

export interface AuditOptions {
  /** Epochs before are rebuilt, but neither compared nor told. */
  from: number;
  /** Each epoch that the chain has, once it is compared. */
  onEpoch(epoch: LogEpoch, commit: ChainCommit): void | Promise<void>;
  /** The service's own answer for a key, where it can be asked. */
  proofOf?(key: string): Promise<Anchor | null>;
}

interface Suspicion {
  found: AuditFinding;
  /** What the log says under each key of the epoch, from that epoch on. */
  said: Map<string, { epoch: number; value: string | null }[]>;
}

/** One audit, which may be continued with later epochs. */
export class LogAudit {
  readonly findings: AuditFinding[] = [];
  /** Epochs compared with the chain. */
  compared = 0;
  changes = 0;
  /** Epochs of the log that the chain doesn't have yet. */
  pending = 0;
  /** Number of the epoch that comes next; those before it are done with. */
  next = 1;
  readonly #chain: AuditChain;
  readonly #options: AuditOptions;
  // The only place that rebuilds.
  #map = SparseMerkleMap.empty;
  #recordedRoot = toHex(EMPTY);
  #rebuiltAgrees = true;
  #suspicion: Suspicion | null = null;

  constructor(chain: AuditChain, options: AuditOptions) {
    this.#chain = chain;
    this.#options = options;
  }

  /**
   * @param log opens the log from an epoch at or before `next`; it is called once the chain's head is known, so that an
   *   epoch of the chain that the log lacks is no matter of timing
   * @throws what the chain and the log throw where they can't be read
   */
  async check(log: () => Promise<AsyncIterable<LogEpoch>>): Promise<void> {
    const head = await this.#chain.head();
    this.pending = 0;
    let batch: LogEpoch[] = [];
    let rows = 0;
    for await (const epoch of await log()) {
      if (epoch.epoch < this.next) continue;
      batch.push(epoch);
      rows += epoch.changes.length;
      if (batch.length < auditLimits.batch.epochs && rows < auditLimits.batch.changes) continue;
      await this.#checkBatch(batch, head.epoch);
      batch = [];
      rows = 0;
    }
    await this.#checkBatch(batch, head.epoch);
    await this.#tellMissing(head.epoch);
    await this.#askForProofs();
  }

  async #checkBatch(batch: readonly LogEpoch[], newestOnChain: number): Promise<void> {
    const commits = await this.#commitsOf(batch, newestOnChain);
    for (const epoch of batch) {
      if (epoch.epoch !== this.next) {
        this.#tell(finding('gap', this.next, `is missing from the log; epoch ${epoch.epoch} follows`));
        this.next = epoch.epoch;
      }
      const commit = commits.get(epoch.epoch);
      if (commit === undefined) {
        await this.#pendingEpoch(epoch);
        continue;
      }
      this.#compare(epoch, commit);
      this.next = epoch.epoch + 1;
      if (epoch.epoch < this.#options.from) continue;
      this.compared += 1;
      this.changes += epoch.changes.length;
      await this.#options.onEpoch(epoch, commit);
    }
  }

  async #commitsOf(batch: readonly LogEpoch[], newestOnChain: number): Promise<Map<number, ChainCommit>> {
    const numbers = batch.map(({ epoch }) => epoch).filter((n) => n <= newestOnChain && n >= this.#options.from);
    const first = numbers[0];
    const last = numbers.at(-1);
    if (first === undefined || last === undefined) {
      const replayed = batch.filter(({ epoch }) => epoch <= newestOnChain);
      return new Map(replayed.map((epoch) => [epoch.epoch, commitAsLogged(epoch)]));
    }
    if (last - first >= batch.length + auditLimits.batch.epochs) throw new RangeError('the log leaps over epochs');
    const blocks = batch.flatMap(({ block }) => (block === null ? [] : [block]));
    const span = blocks.length === 0 ? null : { from: Math.min(...blocks), upTo: Math.max(...blocks) };
    const commits = await this.#chain.commits(first, last, span);
    const replayed = batch.filter(({ epoch }) => epoch < first).map(commitAsLogged);
    return new Map([...replayed, ...commits].map((commit) => [commit.epoch, commit]));
  }

  #compare(epoch: LogEpoch, commit: ChainCommit): void {
    const { epoch: number, root: recorded, changes } = epoch;
    if (epoch.previous_root !== this.#recordedRoot)
      this.#tell(
        finding(
          'previous_root_wrong',
          number,
          `builds on ${epoch.previous_root}, but the log's epoch before has ${this.#recordedRoot}`,
        ),
      );
    this.#recordedRoot = recorded;
    this.#compareBlock(epoch, commit);
    for (const { key, value } of changes) this.#suspicion?.said.get(key)?.push({ epoch: number, value });
    const broken = firstBrokenLink(epoch);
    if (epoch.disowned_at !== null) {
      this.#tell(
        finding(
          'disowned',
          number,
          `root on chain ${commit.root} is disowned by the operator since ${epoch.disowned_at}: it was committed with their key, and the log doesn't explain it`,
          { root_on_chain: commit.root, transaction: commit.transaction },
        ),
      );
      if (recorded === commit.root && changes.length === 0) return;
    }
    this.#map = this.#map.with(changes.map(asMapChange));
    const rebuilt = toHex(this.#map.root);
    const hand = broken === null ? '' : `; first row that was changed by hand: key ${broken}`;
    const facts = { key: broken, root_on_chain: commit.root, root_of_log: rebuilt, transaction: commit.transaction };
    if (rebuilt === commit.root) {
      this.#rebuiltAgrees = true;
      if (recorded !== commit.root)
        this.#tell(
          finding(
            'root_differs',
            number,
            `root on chain ${commit.root}, as the log's changes give it, but the log records ${recorded}`,
            facts,
          ),
        );
      else if (broken !== null)
        this.#tell(
          finding('row_changed', number, `the root is right, but a link was changed by hand: key ${broken}`, facts),
        );
      return;
    }
    // What follows a difference differs too; told again is only what is wrong by itself.
    if (!this.#rebuiltAgrees && broken === null && recorded === commit.root) return;
    this.#rebuiltAgrees = false;
    const only = changes.length === 1 ? (changes[0]?.key ?? null) : null;
    const changed = `all links hold; it changed ${changes.length} ${only === null ? 'keys' : `key: ${only}`}`;
    const found = finding(
      'root_differs',
      number,
      `root on chain ${commit.root} but the log gives ${rebuilt}${hand === '' ? `; ${linked(changes) ? changed : 'its rows have no links'}` : hand}`,
      { ...facts, key: broken ?? only },
    );
    if (!this.#tell(found) || broken !== null || this.#suspicion !== null) return;
    const keys = changes.slice(0, auditLimits.proofs);
    this.#suspicion = { found, said: new Map(keys.map(({ key, value }) => [key, [{ epoch: number, value }]])) };
  }

  #compareBlock({ epoch, status, block, transaction, block_hash }: LogEpoch, commit: ChainCommit): void {
    if (commit.block === null || status !== 'final') return;
    const told = `block ${block}, transaction ${transaction}`;
    const seen = `block ${commit.block}, transaction ${commit.transaction}`;
    if (told !== seen || (block_hash !== null && block_hash !== commit.blockHash))
      this.#tell(
        finding('block_differs', epoch, `the log says ${told}, but its commit is in ${seen}`, {
          transaction: commit.transaction,
        }),
      );
  }

  /** Made, but not on the chain when its head was read. */
  async #pendingEpoch(epoch: LogEpoch): Promise<void> {
    this.pending += 1;
    if (epoch.status === 'pending') return;
    // It may have got there since.
    const head = await this.#chain.head();
    if (head.epoch < epoch.epoch)
      this.#tell(
        finding(
          'not_on_chain',
          epoch.epoch,
          `the log calls it ${epoch.status}, but the chain ends at epoch ${head.epoch}`,
        ),
      );
  }

  async #tellMissing(newestOnChain: number): Promise<void> {
    const first = Math.max(this.next, this.#options.from);
    const last = Math.min(newestOnChain, first + auditLimits.missing - 1);
    if (first > last || this.pending > 0) return;
    const upTo = await this.#chain.latestBlock();
    for (const commit of await this.#chain.commits(first, last, { from: Math.max(0, upTo - 100_000), upTo })) {
      const committer = commit.transaction === null ? null : await this.#chain.sender(commit.transaction);
      const by =
        committer === null
          ? 'in a transaction that was not found'
          : `in transaction ${commit.transaction} by ${committer}`;
      this.#tell(
        finding(
          'not_in_log',
          commit.epoch,
          `root ${commit.root} was committed on the chain ${by}, but the log does not have this epoch`,
          {
            ...{ root_on_chain: commit.root, transaction: commit.transaction, committer },
          },
        ),
      );
    }
    this.next = Math.max(this.next, last + 1);
  }

  /** A service that still has the true map in memory proves, against the chain, what the log should have said. */
  async #askForProofs(): Promise<void> {
    const { proofOf } = this.#options;
    if (this.#suspicion === null || proofOf === undefined) return;
    const { found, said } = this.#suspicion;
    for (const [key, values] of said) {
      const anchor = await proofOf(key).catch(() => null);
      if (anchor === null || anchor.epoch === null || anchor.root === null || anchor.key !== key) continue;
      const { epoch, value } = anchor;
      if (epoch < found.epoch || epoch >= this.next || !anchorIsProven(anchor)) continue;
      const [commit] = await this.#chain.commits(epoch, epoch, null);
      const logged = values.findLast((one) => one.epoch <= epoch)?.value ?? null;
      if (commit?.root !== anchor.root || logged === value) continue;
      found.key = key;
      found.detail += `; the value of key ${key} is proven to be ${value}, but the log says ${logged}`;
      return;
    }
  }

  #tell(found: AuditFinding): boolean {
    if (found.epoch < this.#options.from) return false;
    this.findings.push(found);
    return true;
  }
}

/** For epochs that are rebuilt without being compared. */
function commitAsLogged({ epoch, root }: LogEpoch): ChainCommit {
  return { epoch, root, transaction: null, block: null, blockHash: null };
}

function linked(changes: readonly LogChange[]): boolean {
  return changes.every(({ link }) => link !== null);
}

/** @returns the key of the first row that its link doesn't fit, `null` where all fit or none has one */
function firstBrokenLink({ previous_root, changes }: LogEpoch): string | null {
  if (changes.every(({ link }) => link === null)) return null;
  let before = bytes32(previous_root);
  for (const change of changes) {
    if (change.link !== toHex(logLink(before, asMapChange(change)))) return change.key;
    before = bytes32(change.link);
  }
  return null;
}

// How anchoring stands, from what the worker told the database: for the console and for readiness, in any process.
import type { Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { problemCatalogue } from '../platform/problem-catalogue.ts';
import { countWaiting, readRegistry } from './anchor-store.ts';
import { anchoringLimits } from './anchoring-limits.ts';
import type { AnchoringState } from './anchoring-state.ts';
import { type EpochRow, readLastCommitCost_wei, readNewestEpochs, readWorkerState } from './worker-state-store.ts';

export interface AnchoringStateService {
  state(): Promise<AnchoringState>;
  /** Code of what keeps epochs from the chain, as the worker told last; null for nothing. */
  trouble(): Promise<string | null>;
  /** @throws what keeps epochs from the chain, or NOT_READY where no worker tells */
  requireWorking(): Promise<void>;
}

export function createAnchoringStateService(pool: Pool): AnchoringStateService {
  return {
    async state() {
      const [told, registry, waiting, epochs, cost_wei] = await Promise.all([
        readWorkerState(pool),
        readRegistry(pool),
        countWaiting(pool, anchoringLimits.epochChanges),
        readNewestEpochs(pool, anchoringLimits.epochsShown),
        readLastCommitCost_wei(pool),
      ]);
      const { trouble = null, account = null, nodes = [], block = null } = told?.state ?? {};
      return {
        trouble: trouble && { code: trouble.code, detail: trouble.detail, since: trouble.since },
        changes_waiting: waiting,
        place: registry && {
          chain_id: registry.chainId,
          contract: registry.contract,
          registry_id: registry.registryId,
        },
        account: account && { ...account, commits_left: commitsLeft(account.balance_wei, cost_wei) },
        nodes,
        epochs: epochs.map((epoch) => shown(epoch, block)),
      };
    },

    trouble: async () => (await readWorkerState(pool))?.state.trouble?.code ?? null,

    async requireWorking() {
      const told = await readWorkerState(pool);
      if (told === null || told.age_ms > anchoringLimits.stateFresh_ms)
        throw problem('NOT_READY', 'No worker reports on anchoring; start one (NARU_ROLES with worker).');
      const { trouble } = told.state;
      if (trouble === null || trouble.is_working) return;
      throw problem(isProblemCode(trouble.code) ? trouble.code : 'NOT_READY', trouble.detail);
    },
  };
}

function shown(row: EpochRow, newestBlock: number | null): AnchoringState['epochs'][number] {
  const { epoch, status, changes, root, transaction, block, sends } = row;
  return {
    ...{ epoch, status, changes, root, transaction, block, sends },
    made_at: row.madeAt.toISOString(),
    block_time: row.blockTime?.toISOString() ?? null,
    confirmations: block === null || newestBlock === null ? null : Math.max(0, newestBlock - block + 1),
    max_fee_gwei: row.maxFee_wei === null ? null : Number(row.maxFee_wei) / 1e9,
  };
}

function commitsLeft(balance_wei: string, cost_wei: string | null): number | null {
  const cost = BigInt(cost_wei ?? 0);
  if (cost === 0n) return null;
  const left = BigInt(balance_wei) / cost;
  return left > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(left);
}

function isProblemCode(code: string): code is keyof typeof problemCatalogue {
  return Object.hasOwn(problemCatalogue, code);
}

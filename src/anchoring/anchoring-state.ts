// How anchoring stands, as the console is told. JSON as served.
import type { AnchorStatus } from './anchor.ts';

export interface AnchoringState {
  /** `since`: ISO 8601, UTC. */
  trouble: { code: string; detail: string; since: string } | null;
  changes_waiting: number;
  place: { chain_id: number; contract: string; registry_id: string } | null;
  /** `null` while no node answers. `commits_left`: at the cost of the last commit; `null` before the first. */
  account: { address: string; balance_wei: string; commits_left: number | null } | null;
  nodes: { host: string; state: NodeState; block: number | null }[];
  /** Newest first. */
  epochs: EpochRow[];
}

export type NodeState = 'in_use' | 'ready' | 'away' | 'wrong_chain' | 'disagrees';

export interface EpochRow {
  epoch: number;
  status: AnchorStatus;
  changes: number;
  made_at: string;
  root: string;
  transaction: string | null;
  block: number | null;
  block_time: string | null;
  confirmations: number | null;
  /** Transactions made for it; more than one where the fee was raised. */
  sends: number;
  max_fee_gwei: number | null;
}

// What the rest of the house and every page sees of an anchor: where a key's value is fixed, and how firmly.

/** 32 bytes as `0x` and 64 small hexadecimal digits. */
export type Hex32 = string;

/**
 * `pending`: not on the chain yet; `included`: in a block; `final`: that block has the configured number of
 * confirmations.
 */
export type AnchorStatus = 'pending' | 'included' | 'final';

/** One key's state in the map, with what is needed to check it against the chain. JSON as served. */
export interface Anchor {
  status: AnchorStatus;
  key: Hex32;
  /** `null`: the map holds nothing under this key. */
  value: Hex32 | null;
  chain_id: number;
  /** Address of the AnchorLog contract. */
  contract: string;
  registry_id: Hex32;
  /** The epoch whose root the proof leads to; `null` while the change still waits for its epoch. */
  epoch: number | null;
  root: Hex32 | null;
  transaction: Hex32 | null;
  block: number | null;
  /** ISO 8601, UTC. */
  block_time: string | null;
  /** base64url of the compact encoding (`proofs.ts`); `null` while there is no epoch. */
  proof: string | null;
}

/** The newest epoch and what waits behind it. JSON as served. */
export interface AnchorHead {
  epoch: number | null;
  root: Hex32 | null;
  status: AnchorStatus | null;
  transaction: Hex32 | null;
  block: number | null;
  block_time: string | null;
  contract: string;
  chain_id: number;
  registry_id: Hex32;
  changes_waiting: number;
}

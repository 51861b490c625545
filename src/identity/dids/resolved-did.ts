// A DID that was looked up here, as verdicts see it.
import type { Anchor } from '../../anchoring/anchor.ts';
import type { VerifiedDidLog } from './verify-did-log.ts';

/** A DID of this service, its log verified, with what its anchor is made of. */
export interface ResolvedDid {
  did: string;
  kind: 'institution' | 'person';
  verified: VerifiedDidLog;
  anchor: Anchor | null;
  /** What keeps its anchor from the chain; null for nothing. */
  chainTrouble: string | null;
  /** base64url, 32 bytes; null for an institution. */
  salt: string | null;
  /** The value the anchor must hold, whatever version was asked for: SHA-256(salt ‖ hash of the newest entry). */
  anchorValue: Uint8Array;
}

// Works an anchor's Merkle proof out where the person is, with the same code the service and the contract are tested on.
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchorIsProven } from '../../src/anchoring/proofs.ts';

export type AnchorCheck = 'proven' | 'disproven' | 'waiting';

/** `waiting`: there is no epoch yet. `disproven`: also where the proof cannot be read at all. */
export function checkAnchor(anchor: Anchor): AnchorCheck {
  if (anchor.root === null || anchor.proof === null) return 'waiting';
  return anchorIsProven(anchor) ? 'proven' : 'disproven';
}

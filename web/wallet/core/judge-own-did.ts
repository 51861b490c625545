// Holds what the service says of the wallet's DID against what the wallet wrote itself and what it was told before.
import type { Anchor } from '../../../src/anchoring/anchor.ts';
import { anchorKey, personValue } from '../../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../../src/anchoring/hexadecimal.ts';
import { anchorIsProven } from '../../../src/anchoring/proofs.ts';
import { type ServedLog, versionIdsOf } from './served-log.ts';
import type { SeenOfDid, StoredDid } from './wallet-store.ts';

export const didCheckLimits = {
  /** Epochs whose root is remembered. */
  roots: 64,
  /** How long a change may wait for its epoch before the wallet says that it takes too long. */
  waiting_ms: 86_400_000,
} as const;

/**
 * `UNKNOWN`: the service no longer knows the DID. `LOG_BROKEN`: its log does not verify. `LOG_LONGER`: the log goes on
 * with an entry the wallet did not write. `LOG_OLDER`: it ends before the wallet's last entry. `LOG_DIFFERS`: it is
 * another from some entry on. `RESOLVES_OTHERWISE`: the resolution is of another version or other keys than the log.
 * `ANCHOR_MISSING`: nothing is anchored and nothing waits. `ANCHOR_VALUE`: what is anchored is not the wallet's last
 * entry. `ANCHOR_PROOF`: the proof does not lead to the root. `ANCHOR_ROOT`: an epoch now has another root.
 * `ANCHOR_BACK`: what was final is not any more, or stands in an earlier epoch. `ANCHOR_MOVED`: it is said to be on
 * another chain, contract or registry. `ANCHOR_LATE`: a change has waited too long.
 */
export type DidWarning =
  | 'UNKNOWN'
  | 'LOG_BROKEN'
  | 'LOG_LONGER'
  | 'LOG_OLDER'
  | 'LOG_DIFFERS'
  | 'RESOLVES_OTHERWISE'
  | 'ANCHOR_MISSING'
  | 'ANCHOR_VALUE'
  | 'ANCHOR_PROOF'
  | 'ANCHOR_ROOT'
  | 'ANCHOR_BACK'
  | 'ANCHOR_MOVED'
  | 'ANCHOR_LATE';

/**
 * `fine`; `waiting`: fine, its newest change not in an epoch yet; `warned`; `unchecked`: the service could not be asked,
 * which says nothing about the DID; `ended`: erased, nothing is left to check.
 */
export type DidCheckOutcome = 'fine' | 'waiting' | 'warned' | 'unchecked' | 'ended';

export interface DidCheck {
  own: StoredDid;
  outcome: DidCheckOutcome;
  warnings: DidWarning[];
  /** As it was told and judged now; null when nothing was told. */
  anchor: Anchor | null;
  /** When the service last answered to a check; null: never. */
  checked_at_ms: number | null;
}

/** What `GET /1.0/identifiers/{did}` says, as far as it is held against the wallet's own. */
export interface DidResolution {
  didDocument?: { id?: string; verificationMethod?: { publicKeyMultibase?: string }[] } | null;
  didDocumentMetadata?: { versionId?: string; deactivated?: boolean; anchor?: Anchor | null; salt?: string | null };
}

export interface DidJudgement {
  warnings: DidWarning[];
  /** Whether the newest change is not in an epoch yet. */
  waiting: boolean;
  anchor: Anchor | null;
  seen: SeenOfDid;
}

const nothingSeen: Omit<SeenOfDid, 'checked_at_ms'> = { waiting_since_ms: null, roots: [], anchor: null, place: null };

/**
 * @param own of a DID that was registered and not erased
 * @param resolution null: the service does not know the DID
 */
export function judgeOwnDid(
  own: StoredDid,
  served: Exclude<ServedLog, { state: 'away' }>,
  resolution: DidResolution | null,
  now_ms: number,
): DidJudgement {
  const seen: SeenOfDid = { ...nothingSeen, ...own.seen, checked_at_ms: now_ms };
  const written = versionIdsOf(own.log);
  const newest = written.at(-1) ?? '';
  const warnings = judgeLog(written, served);
  if (resolution === null) {
    if (!warnings.includes('UNKNOWN')) warnings.push('UNKNOWN');
    return { warnings, waiting: false, anchor: null, seen };
  }
  if (warnings.length === 0 && !resolvesTo(newest, served, resolution)) warnings.push('RESOLVES_OTHERWISE');
  const { anchor = null, salt = null } = resolution.didDocumentMetadata ?? {};
  if (anchor === null) return { warnings: [...warnings, 'ANCHOR_MISSING'], waiting: false, anchor, seen };
  return judgeAnchor({ did: own.did, newest, anchor, salt, seen, warnings });
}

function judgeLog(written: string[], served: Exclude<ServedLog, { state: 'away' }>): DidWarning[] {
  if (served.state === 'broken') return ['LOG_BROKEN'];
  if (served.state !== 'log') return ['UNKNOWN'];
  const told = served.verified.versions.map(({ versionId }) => versionId);
  const shared = Math.min(told.length, written.length);
  if (told[shared - 1] !== written[shared - 1]) return ['LOG_DIFFERS'];
  if (told.length > written.length) return ['LOG_LONGER'];
  return told.length < written.length ? ['LOG_OLDER'] : [];
}

function resolvesTo(newest: string, served: ServedLog, { didDocument, didDocumentMetadata }: DidResolution): boolean {
  if (served.state !== 'log' || didDocumentMetadata?.versionId !== newest) return false;
  const keys = (document: DidResolution['didDocument'] | object): string =>
    JSON.stringify(
      ((document as DidResolution['didDocument'])?.verificationMethod ?? []).map((each) => each.publicKeyMultibase),
    );
  return keys(didDocument ?? null) === keys(served.verified.document ?? {});
}

function judgeAnchor(facts: {
  did: string;
  newest: string;
  anchor: Anchor;
  salt: string | null;
  seen: SeenOfDid;
  warnings: DidWarning[];
}): DidJudgement {
  const { did, newest, anchor, salt, seen } = facts;
  const warnings = [...facts.warnings];
  const place = `${anchor.chain_id} ${anchor.contract} ${anchor.registry_id}`.toLowerCase();
  if (seen.place !== null && seen.place !== place) warnings.push('ANCHOR_MOVED');
  const before = seen.anchor?.version_id === newest ? seen.anchor : null;
  const { epoch, root } = anchor;
  if (epoch === null || root === null) {
    const since_ms = seen.waiting_since_ms ?? seen.checked_at_ms;
    if (before !== null) warnings.push('ANCHOR_BACK');
    else if (seen.checked_at_ms - since_ms > didCheckLimits.waiting_ms) warnings.push('ANCHOR_LATE');
    return {
      warnings,
      waiting: true,
      anchor,
      seen: { ...seen, waiting_since_ms: since_ms, place: seen.place ?? place },
    };
  }
  if (!isValueOf(anchor, newest, salt)) warnings.push('ANCHOR_VALUE');
  if (anchor.key !== toHex(anchorKey('did', did)) || !anchorIsProven(anchor)) warnings.push('ANCHOR_PROOF');
  const known = seen.roots.find((each) => each.epoch === epoch);
  if (known !== undefined && known.root !== root) warnings.push('ANCHOR_ROOT');
  const final = anchor.status === 'final';
  if (before !== null && (epoch < before.epoch || (before.final && !final))) warnings.push('ANCHOR_BACK');
  const held = warnings.length === 0;
  return {
    warnings,
    waiting: false,
    anchor,
    seen: {
      ...seen,
      waiting_since_ms: null,
      place: seen.place ?? place,
      roots: held && known === undefined ? [...seen.roots, { epoch, root }].slice(-didCheckLimits.roots) : seen.roots,
      anchor: held ? { version_id: newest, epoch, final } : seen.anchor,
    },
  };
}

/** SHA-256(salt ‖ entry hash); false also where the salt cannot be read. */
function isValueOf(anchor: Anchor, versionId: string, salt: string | null): boolean {
  const entryHash = new TextEncoder().encode(versionId.slice(versionId.indexOf('-') + 1));
  try {
    const bytes = Uint8Array.from(atob((salt ?? '').replaceAll('-', '+').replaceAll('_', '/')), (each) =>
      each.charCodeAt(0),
    );
    return anchor.value === toHex(personValue(bytes, entryHash));
  } catch {
    return false;
  }
}

// Checks a did:webvh log, one's own or another host's, and tells a version of it. Runs in browsers.
// Source: did:webvh method specification 1.0, section 3.6.2.
import { resolveDIDFromLog } from 'didwebvh-ts';
import { problem } from '../../platform/problem.ts';
import { asVerifier, type Ed25519Verify, entryHash, isSigned, webCryptoVerify } from './did-entry.ts';
import {
  type DidDocument,
  type DidLog,
  type DidLogEntry,
  readDidLog,
  type WitnessRule,
  witnessRule,
} from './did-log.ts';
import { checkLogRules } from './did-log-rules.ts';
import { newestWitnessProofs, readWitnessProofs, soundWitnessProofs, type WitnessProofs } from './did-witness.ts';

/** How long a resolved DID may be kept where its log doesn't say. Source: 3.7.1. */
const TTL_s = 3_600;

export interface VerifiedDidLog {
  did: string;
  /** Of the version asked for, with the method's implicit services; null where that version is deactivated. */
  document: DidDocument | null;
  /** Of the version asked for: the newest where none was. */
  versionId: string;
  /** The hash in the newest entry's versionId, as UTF-8: what the anchor's value is made of. */
  entryHash: Uint8Array;
  created: string;
  /** The time of the version asked for. */
  updated: string;
  /** Whether the version asked for ended the DID. */
  deactivated: boolean;
  /** Every version, oldest first. */
  versions: { versionId: string; versionTime: string }[];
  /** The method's parameters in force at the version asked for. */
  parameters: { scid: string; portable: boolean; ttl_s: number; watchers: string[]; witness: WitnessRule | null };
  /** The newest approval of each witness; null where no entry needs witnesses. */
  witnessProofs: WitnessProofs | null;
}

/** A version by its id, or by a time at which it was the newest (ISO 8601). */
export interface DidVersion {
  versionId?: string | undefined;
  versionTime?: string | undefined;
}

export interface VerifyDidLogOptions {
  verify?: Ed25519Verify | undefined;
  version?: DidVersion | undefined;
  /** What `did-witness.json` holds. */
  witnessProofs?: unknown;
  /** The time that no entry may be far ahead of. */
  now_ms?: number | undefined;
}

/** What the library answers; its own types can't be read under Node's module rules. */
interface Resolved {
  did: string;
  doc: DidDocument | null;
  meta: {
    scid: string;
    portable: boolean;
    watchers: string[] | null;
    witness?: DidLogEntry['parameters']['witness'];
    error?: string;
  };
}

/**
 * Checks a log from its first entry to its last: form, SCID, hash chain, proofs by authorised keys, witnesses. A log
 * with a bad entry is refused whole; only a version that was asked for and stands before that entry is given
 * (did:webvh 1.0, 3.6.2, steps 10 and 11).
 *
 * @throws DID_LOG_INVALID, DID_VERSION_UNKNOWN where the log has no such version
 */
export async function verifyDidLog(log: unknown, options: VerifyDidLogOptions = {}): Promise<VerifiedDidLog> {
  if (options.version?.versionId === undefined && options.version?.versionTime === undefined) {
    const entries = readDidLog(log);
    return verifyEntries(entries, entries.length, options);
  }
  const count = countUntil(log, options.version);
  if (count === 0) {
    await verifyDidLog(log, { ...options, version: undefined });
    throw problem('DID_VERSION_UNKNOWN', 'The DID has no version of that id, or had none at that time.');
  }
  try {
    return await verifyEntries(readDidLog(log), count, options);
  } catch (error) {
    if (Array.isArray(log) && count < log.length) return verifyEntries(readDidLog(log.slice(0, count)), count, options);
    throw error;
  }
}

/** How many entries there are up to the version; 0 where there is no such version. */
function countUntil(log: unknown, { versionId, versionTime }: DidVersion): number {
  const entries: Partial<DidLogEntry>[] = Array.isArray(log) ? log.map((entry) => entry ?? {}) : [];
  const time_ms = versionTime === undefined ? Number.POSITIVE_INFINITY : Date.parse(versionTime);
  const fits = (entry: Partial<DidLogEntry>) =>
    (versionId === undefined || entry.versionId === versionId) && Date.parse(`${entry.versionTime}`) <= time_ms;
  return entries.findLastIndex(fits) + 1;
}

/** @param count how many entries lead to the version that is asked for */
async function verifyEntries(
  entries: DidLog,
  count: number,
  { verify = webCryptoVerify, witnessProofs = [], now_ms }: VerifyDidLogOptions,
): Promise<VerifiedDidLog> {
  const [first] = entries;
  const last = entries.at(-1);
  const asked = entries[count - 1];
  if (first === undefined || last === undefined || asked === undefined) {
    throw problem('DID_LOG_INVALID', 'The DID log has no entries.');
  }
  checkLogRules(entries, now_ms);
  // The library checks that later entries chain to the first one's versionId, but not that this one is its hash.
  if (first.versionId !== `1-${await entryHash({ ...first, versionId: first.parameters.scid ?? '' })}`) {
    throw problem('DID_LOG_INVALID', 'The versionId of the first entry is not its hash.');
  }
  const proofs = await soundWitnessProofs(readWitnessProofs(witnessProofs), entries, (document, proof) =>
    isSigned(document, proof, verify),
  );
  const { did, doc, meta } = await resolve(entries, { versionId: asked.versionId, proofs, verify });
  const deactivated = asked.parameters.deactivated === true;
  const isWitnessed = entries.some(({ parameters }) => witnessRule(parameters) !== null);
  return {
    did,
    document: deactivated ? null : doc,
    versionId: asked.versionId,
    entryHash: new TextEncoder().encode(last.versionId.slice(last.versionId.indexOf('-') + 1)),
    created: first.versionTime,
    updated: asked.versionTime,
    deactivated,
    versions: entries.map(({ versionId, versionTime }) => ({ versionId, versionTime })),
    parameters: {
      scid: meta.scid,
      portable: meta.portable,
      ttl_s: entries.slice(0, count).findLast(({ parameters }) => parameters.ttl != null)?.parameters.ttl ?? TTL_s,
      watchers: meta.watchers ?? [],
      witness: witnessRule(meta),
    },
    witnessProofs: isWitnessed ? newestWitnessProofs(proofs, entries) : null,
  };
}

async function resolve(
  log: DidLog,
  { versionId, proofs, verify }: { versionId: string; proofs: WitnessProofs; verify: Ed25519Verify },
): Promise<Resolved> {
  const verifier = asVerifier(verify);
  try {
    // Asked for a version, the library lets a bad later entry pass; so it first reads all.
    const whole: Resolved = await resolveDIDFromLog(log, { verifier, witnessProofs: proofs });
    if (versionId === log.at(-1)?.versionId) return whole;
    const resolved: Resolved = await resolveDIDFromLog(log, { verifier, witnessProofs: proofs, versionId });
    if (resolved.meta.error === undefined) return resolved;
  } catch {
    // Told below, in words that hold nothing of the log.
  }
  throw problem(
    'DID_LOG_INVALID',
    'An entry of the DID log does not fit its SCID, its hash, its proof or its witnesses.',
  );
}

// Resolves any DID: those registered here with their anchor, those of others through their methods, kept for a short time.
import type { Clock } from '../../platform/clock.ts';
import { Problem } from '../../platform/problem.ts';
import { type DidOptions, type DidResolution, parseDid, refusal, splitDidUrl } from './did-resolution.ts';
import type { ForeignDids } from './foreign-did-port.ts';
import type { ResolvedDid } from './resolved-did.ts';
import type { DidVersion } from './verify-did-log.ts';
import { webvhMetadata } from './webvh-metadata.ts';

export const resolutionLimits = { kept: 1_000, fresh_ms: 300_000, failure_ms: 10_000 } as const;

export interface ResolveDidOptions {
  clock: Clock;
  dids: {
    resolveDid(did: string, version?: DidVersion): Promise<ResolvedDid | null>;
    configuration(): { domain: string };
  };
  foreign: ForeignDids;
}

/** How a foreign DID's answer came about. */
export interface ResolutionFacts {
  retrieved: string;
  cached: boolean;
}

export type ResolveDidService = ReturnType<typeof createResolveDidService>;

interface Kept {
  answer: Promise<DidResolution>;
  retrieved_ms: number;
  until_ms: number;
}

export function createResolveDidService({ clock, dids, foreign }: ResolveDidOptions) {
  /** In the order of use, the longest unused first. */
  const kept = new Map<string, Kept>();

  async function resolve(
    did: string,
    { noCache = false, keys, ...version }: DidVersion & { noCache?: boolean; keys?: DidOptions } = {},
  ): Promise<DidResolution & { facts?: ResolutionFacts }> {
    const parsed = parseDid(did);
    if (parsed === null) return refusal('INVALID_DID', 'A DID is did:method:identifier, without path or fragment.');
    if (version.versionId !== undefined && version.versionTime !== undefined) {
      return refusal('INVALID_OPTIONS', 'Ask by versionId or by versionTime, not by both.');
    }
    if (version.versionTime !== undefined && Number.isNaN(Date.parse(version.versionTime))) {
      return refusal('INVALID_OPTIONS', 'versionTime is not a time such as 2026-01-15T03:00:00Z.');
    }
    const method = foreign.get(parsed.method);
    if (method === undefined) return refusal('METHOD_NOT_SUPPORTED', 'DIDs of that method are not resolved here.');
    if (parsed.method === 'webvh') {
      const own = await resolveOwn(did, version);
      if (own) return own;
      if (parsed.id.split(':')[1] === dids.configuration().domain) {
        return refusal('NOT_FOUND', 'No such DID is registered here.');
      }
    }
    const asksForKeys = keys?.publicKeyFormat !== undefined || keys?.enableEncryptionKeyDerivation === true;
    if (asksForKeys && parsed.method !== 'key') {
      return refusal('FEATURE_NOT_SUPPORTED', 'The keys of DIDs of that method are given as they stand.');
    }
    if (method.isLocal) {
      if (version.versionId ?? version.versionTime) {
        return refusal('FEATURE_NOT_SUPPORTED', 'DIDs of that method have no versions.');
      }
      return method.resolve(did, parsed.id, version, keys);
    }
    return once(JSON.stringify([did, version.versionId, version.versionTime]), noCache, () =>
      method.resolve(did, parsed.id, version),
    );
  }

  /** Null where the DID is not of this service. */
  async function resolveOwn(did: string, version: DidVersion): Promise<DidResolution | null> {
    try {
      const own = await dids.resolveDid(did, version);
      return own && ofOwn(own, version);
    } catch (error) {
      if (error instanceof Problem && error.code === 'DID_VERSION_UNKNOWN') return refusal('NOT_FOUND', error.detail);
      throw error;
    }
  }

  /** Concurrent questions share one answer; good ones are kept for minutes, refusals for seconds. */
  async function once(key: string, noCache: boolean, ask: () => Promise<DidResolution>) {
    const now_ms = clock.now_ms();
    const known = kept.get(key);
    const isUsable = known !== undefined && known.until_ms > now_ms && !noCache;
    const entry: Kept = isUsable ? known : { answer: ask(), retrieved_ms: now_ms, until_ms: Number.POSITIVE_INFINITY };
    kept.delete(key);
    kept.set(key, entry);
    if (kept.size > resolutionLimits.kept) kept.delete(kept.keys().next().value ?? '');
    try {
      const answer = await entry.answer;
      if (!isUsable) {
        const lifetime_ms = answer.error === null ? resolutionLimits.fresh_ms : resolutionLimits.failure_ms;
        entry.until_ms = clock.now_ms() + lifetime_ms;
      }
      return { ...answer, facts: { retrieved: new Date(entry.retrieved_ms).toISOString(), cached: isUsable } };
    } catch (error) {
      if (kept.get(key) === entry) kept.delete(key);
      throw error;
    }
  }

  /**
   * What a DID URL names in its DID's document: a verification method or a service.
   * Source: DID Resolution 1.0 (Candidate Recommendation), section 5.
   */
  async function dereference(
    url: string,
    options: Parameters<typeof resolve>[1] = {},
  ): Promise<DidResolution & { facts?: ResolutionFacts }> {
    const parts = splitDidUrl(url);
    if (parts === null) return refusal('INVALID_DID_URL', 'Only did:method:identifier#fragment is dereferenced.');
    const answer = await resolve(parts.did, options);
    if (answer.error !== null || answer.document === null) return answer;
    const resource = resourceOf(answer.document, parts);
    if (resource === null) return refusal('NOT_FOUND', 'The document of that DID has nothing of that name.');
    return { ...answer, document: resource };
  }

  return { resolve, dereference };
}

const WITH_IDS = ['verificationMethod', 'authentication', 'assertionMethod', 'keyAgreement', 'service'];

function resourceOf(document: object, { did, fragment }: { did: string; fragment: string }): object | null {
  const members = document as Record<string, unknown>;
  const entries = WITH_IDS.flatMap((name) => members[name] ?? []);
  const found = entries.find(
    (entry): entry is object =>
      typeof entry === 'object' &&
      entry !== null &&
      [`${did}#${fragment}`, `#${fragment}`].includes((entry as { id?: string }).id ?? ''),
  );
  return found === undefined ? null : { '@context': members['@context'], ...found };
}

/** Never another version than the one asked for. `anchor` and `salt` are Naru's own, and fix the newest version. */
function ofOwn({ verified, anchor, salt }: ResolvedDid, { versionId, versionTime }: DidVersion): DidResolution {
  const isOther = versionId !== undefined && versionId !== verified.versionId;
  if (isOther || (versionTime !== undefined && Date.parse(verified.updated) > Date.parse(versionTime))) {
    return refusal('NOT_FOUND', 'The DID has no such version.');
  }
  return { error: null, document: verified.document, metadata: { ...webvhMetadata(verified), anchor, salt } };
}

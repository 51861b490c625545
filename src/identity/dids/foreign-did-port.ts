// Resolves DIDs of other makers: those that are a key, and those whose document another host or chain keeps.
import { createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import { driver as jwkDriver } from '@digitalbazaar/did-method-jwk';
import { z } from 'zod';
import type { GuardedFetch } from '../../platform/http/guarded-fetch.ts';
import { Problem } from '../../platform/problem.ts';
import { parseDidLogText, witnessRule } from './did-log.ts';
import { type DidOptions, type DidResolution, refusal, webAddress } from './did-resolution.ts';
import type { EthrDids } from './ethr-did-port.ts';
import { resolveKeyDid } from './key-did-port.ts';
import { type DidVersion, verifyDidLog } from './verify-did-log.ts';
import { webvhMetadata } from './webvh-metadata.ts';

const DOCUMENT_TYPES = ['application/did+json', 'application/did+ld+json', 'application/did', 'application/json'];
const LOG_TYPES = ['text/jsonl', 'application/jsonl', 'application/x-ndjson', 'text/plain'];
const WITNESS_TYPES = ['application/json', 'text/plain'];

type Resolve = (did: string, id: string, version: DidVersion, options?: DidOptions) => Promise<DidResolution>;
/** By method name; `isLocal` ones read nothing but the DID itself. */
export type ForeignDids = ReadonlyMap<string, { isLocal: boolean; resolve: Resolve }>;

export function createForeignDids({ fetchText, ethr }: { fetchText: GuardedFetch; ethr: EthrDids }): ForeignDids {
  return new Map([
    ['key', { isLocal: true, resolve: (did, _id, _version, keyOptions) => resolveKeyDid(did, keyOptions) }],
    ['jwk', { isLocal: true, resolve: (did: string, id: string) => resolveJwk(did, id) }],
    ['web', { isLocal: false, resolve: (did, id, version) => resolveWeb(fetchText, did, id, version) }],
    ['webvh', { isLocal: false, resolve: (did, id, version) => resolveWebvh(fetchText, did, id, version) }],
    ['ethr', { isLocal: false, resolve: (did, _id, version) => ethr.resolve(did, version) }],
  ] satisfies [string, { isLocal: boolean; resolve: Resolve }][]);
}

/** Source: did:jwk method, "Read". A private key is refused: it would be shown to everybody. */
async function resolveJwk(did: string, id: string): Promise<DidResolution> {
  try {
    const key: JsonWebKeyInput['key'] = JSON.parse(Buffer.from(id, 'base64url').toString('utf8'));
    if ('d' in key || 'k' in key) return refusal('INVALID_DID', 'The did:jwk holds a secret key.');
    createPublicKey({ key, format: 'jwk' });
    return { error: null, document: await jwkDriver().get({ did }), metadata: {} };
  } catch {
    return refusal('INVALID_DID', 'The did:jwk does not hold a public key that is known here.');
  }
}

/** Source: did:web method, "Read (Resolve)". */
async function resolveWeb(
  fetchText: GuardedFetch,
  did: string,
  id: string,
  version: DidVersion,
): Promise<DidResolution> {
  if (version.versionId ?? version.versionTime) {
    return refusal('FEATURE_NOT_SUPPORTED', 'A did:web has no versions.');
  }
  const address = webAddress(id, 'did.json');
  if (address === null) return refusal('INVALID_DID', 'A did:web is a host name and path segments, split by colons.');
  return fetched(fetchText, address, DOCUMENT_TYPES, async (text) => {
    const document = z.looseObject({ id: z.string() }).safeParse(JSON.parse(text));
    if (!document.success) return refusal('INVALID_DID_DOCUMENT', 'What the host gave is not a DID document.');
    if (document.data.id !== did) return refusal('INVALID_DID_DOCUMENT', "The document's id is not the DID asked for.");
    return { error: null, document: document.data, metadata: {} };
  });
}

/** Source: did:webvh 1.0, 3.6.2. */
async function resolveWebvh(
  fetchText: GuardedFetch,
  did: string,
  id: string,
  version: DidVersion,
): Promise<DidResolution> {
  const address = webAddress(id.slice(id.indexOf(':') + 1), 'did.jsonl');
  if (address === null || !/^[1-9A-HJ-NP-Za-km-z]{40,60}:/.test(id)) {
    return refusal('INVALID_DID', 'A did:webvh is its SCID, a host name and path segments, split by colons.');
  }
  return fetched(fetchText, address, LOG_TYPES, async (text) => {
    const log = parseDidLogText(text);
    const isWitnessed = log.some(({ parameters }) => witnessRule(parameters) !== null);
    const proofs = isWitnessed && (await fetchText(address.replace(/did\.jsonl$/, 'did-witness.json'), WITNESS_TYPES));
    const witnessProofs = proofs ? JSON.parse(proofs) : [];
    const verified = await verifyDidLog(log, { version, witnessProofs });
    if (verified.did !== did) return refusal('INVALID_DID_DOCUMENT', 'The log at that host is of another DID.');
    return { error: null, document: verified.document, metadata: webvhMetadata(verified) };
  });
}

async function fetched(
  fetchText: GuardedFetch,
  address: string,
  types: readonly string[],
  read: (text: string) => Promise<DidResolution>,
): Promise<DidResolution> {
  try {
    const text = await fetchText(address, types);
    return text === null ? refusal('NOT_FOUND', 'The host has no such DID.') : await read(text);
  } catch (error) {
    if (error instanceof SyntaxError) return refusal('INVALID_DID_DOCUMENT', 'What the host gave is not JSON.');
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'DID_VERSION_UNKNOWN') return refusal('NOT_FOUND', error.detail);
    if (error.code === 'DID_LOG_INVALID') return refusal('INVALID_DID_DOCUMENT', error.detail);
    return refusal(error.code === 'FETCH_NOT_ALLOWED' ? 'FEATURE_NOT_SUPPORTED' : 'INTERNAL_ERROR', error.detail);
  }
}

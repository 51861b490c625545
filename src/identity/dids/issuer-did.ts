// The DID document of an issuer, which lists all of its keys, and the log that leads to it.
import { isDeepStrictEqual } from 'node:util';
import { problem } from '../../platform/problem.ts';
import type { Issuer, IssuerKeyGeneration, IssuerKeyRing } from '../trust/issuer-keys.ts';
import { type Ed25519Verify, ed25519Multikey } from './did-entry.ts';
import type { DidDocument, DidLog, VerificationMethod } from './did-log.ts';
import { changeDidDocument, createDidLog, DID_CONTEXT } from './did-webvh.ts';
import { encodeMultikey, multikeyOfEcJwk } from './multikey.ts';

/** The addresses in its document of an issuer's keys of one generation. */
export function issuerKeyIds(
  did: string,
  generation: number,
): Omit<Issuer, 'did' | 'keys' | 'generation' | 'certificate'> {
  const suffix = generation === 1 ? '' : `-${generation}`;
  return {
    p256KeyId: `${did}#p256${suffix}`,
    p256MultikeyId: `${did}#p256-multikey${suffix}`,
    p384KeyId: `${did}#p384${suffix}`,
    ed25519KeyId: `${did}#ed25519${suffix}`,
    bls12381KeyId: `${did}#bls12381${suffix}`,
  };
}

/** Who signs: the newest generation whose keys the document lists; null where it lists none of the ring's. */
export function issuerOf(document: DidDocument, { generations }: IssuerKeyRing): Issuer | null {
  const current = generations.findLast((generation) => {
    const ids = issuerKeyIds(document.id, generation.number);
    const wanted = methodsOf(document.id, generation);
    return [ids.ed25519KeyId, ids.p256KeyId].every((id) =>
      isDeepStrictEqual(methodIn(document, id), methodIn({ verificationMethod: wanted }, id)),
    );
  });
  if (current === undefined) return null;
  const { number, keys } = current;
  return { did: document.id, generation: number, keys, ...issuerKeyIds(document.id, number), certificate: null };
}

/**
 * Fragments of the methods that hold one key: a P-256 key has two.
 *
 * @param fragment of one of them, `p256` or `p256-multikey-2`
 */
export function fragmentsOfKey(fragment: string): string[] {
  const [, name = '', suffix = ''] = /^(p256)(?:-multikey)?(-\d+)?$/.exec(fragment) ?? [];
  return name === '' ? [fragment] : [`${name}${suffix}`, `${name}-multikey${suffix}`];
}

/** @param options.created ISO 8601, UTC, whole seconds */
export function createIssuerDidLog(
  { domain, keys, created }: { domain: string; keys: IssuerKeyGeneration; created: string },
  verify: Ed25519Verify,
): Promise<{ did: string; log: DidLog }> {
  const document = withGeneration({ id: '{DID}' }, keys);
  return createDidLog({ domain, path: [], signer: keys.keys.ed25519, created, document }, verify);
}

/**
 * The log with an entry whose document lists all keys of the generation that signs; null where the newest already does.
 *
 * @throws START_FAILED where the log is not of these keys, DID_LOG_INVALID where it does not hold
 */
export async function updatedIssuerDidLog(
  { log, ring, created }: { log: DidLog; ring: IssuerKeyRing; created: string },
  verify: Ed25519Verify,
): Promise<DidLog | null> {
  const state = newestDocument(log);
  const issuer = issuerOf(state, ring);
  if (issuer === null) {
    throw problem(
      'START_FAILED',
      "The issuer's key file is not the one its registered DID was made with; put back the file that belongs to this database.",
    );
  }
  const document = withGeneration(state, { number: issuer.generation, keys: issuer.keys });
  if (isDeepStrictEqual(document, state)) return null;
  return changeDidDocument({ log, signer: issuer.keys.ed25519, created, document }, verify);
}

/**
 * The log with an entry after which `next` signs, and alone may sign the entry that follows. Keys of earlier generations
 * stay listed, so that what they signed still verifies; those of `revoked` are listed no more.
 *
 * @param change.revoked fragments
 * @throws DID_LOG_INVALID
 */
export function rotatedIssuerDidLog(
  change: { log: DidLog; issuer: Issuer; next: IssuerKeyGeneration; revoked: readonly string[]; created: string },
  verify: Ed25519Verify,
): Promise<DidLog> {
  const { log, issuer, next, revoked, created } = change;
  const document = withoutMethods(withGeneration(newestDocument(log), next), revoked);
  const updateKeys = [ed25519Multikey(next.keys.ed25519.publicKey)];
  return changeDidDocument({ log, signer: issuer.keys.ed25519, created, document, updateKeys }, verify);
}

/** The log with an entry that lists the methods of `revoked`, fragments of earlier generations, no more. */
export function revokedIssuerDidLog(
  change: { log: DidLog; issuer: Issuer; revoked: readonly string[]; created: string },
  verify: Ed25519Verify,
): Promise<DidLog> {
  const { log, issuer, revoked, created } = change;
  const document = withoutMethods(newestDocument(log), revoked);
  return changeDidDocument({ log, signer: issuer.keys.ed25519, created, document }, verify);
}

export function newestDocument(log: DidLog): DidDocument {
  return (log.at(-1)?.state ?? { id: '' }) as DidDocument;
}

function methodsOf(did: string, { number, keys }: IssuerKeyGeneration): VerificationMethod[] {
  const ids = issuerKeyIds(did, number);
  const multikey = (id: string, publicKeyMultibase: string) => ({
    id,
    type: 'Multikey',
    controller: did,
    publicKeyMultibase,
  });
  return [
    multikey(ids.ed25519KeyId, ed25519Multikey(keys.ed25519.publicKey)),
    { id: ids.p256KeyId, type: 'JsonWebKey', controller: did, publicKeyJwk: keys.p256.publicJwk },
    // The same key a second time: JOSE knows it as a JWK, Data Integrity as a Multikey.
    multikey(ids.p256MultikeyId, multikeyOfEcJwk(keys.p256.publicJwk)),
    multikey(ids.p384KeyId, multikeyOfEcJwk(keys.p384.publicJwk)),
    multikey(ids.bls12381KeyId, encodeMultikey('Bls12381G2', keys.bls12381.publicKey)),
  ];
}

/** The document with all methods of a generation before those of the others. `id` is the DID or what stands for it. */
function withGeneration(document: DidDocument, generation: IssuerKeyGeneration): DidDocument {
  const did = document.id;
  const ids = issuerKeyIds(did, generation.number);
  const own: string[] = Object.values(ids);
  const others = (listed: readonly string[] = []) => listed.filter((id) => !own.includes(id));
  return {
    ...document,
    '@context': [...DID_CONTEXT, 'https://w3id.org/security/jwk/v1'],
    id: did,
    verificationMethod: [
      ...methodsOf(did, generation),
      ...(document.verificationMethod ?? []).filter(({ id }) => !own.includes(id)),
    ],
    authentication: [ids.ed25519KeyId, ids.p256KeyId, ids.p256MultikeyId, ...others(document.authentication)],
    assertionMethod: [
      ...[ids.ed25519KeyId, ids.p256KeyId, ids.p256MultikeyId, ids.p384KeyId, ids.bls12381KeyId],
      ...others(document.assertionMethod),
    ],
  };
}

function withoutMethods(document: DidDocument, fragments: readonly string[]): DidDocument {
  const kept = (id: string) => !fragments.includes(id.slice(id.indexOf('#') + 1));
  return {
    ...document,
    verificationMethod: (document.verificationMethod ?? []).filter(({ id }) => kept(id)),
    authentication: (document.authentication ?? []).filter(kept),
    assertionMethod: (document.assertionMethod ?? []).filter(kept),
  };
}

function methodIn({ verificationMethod }: Pick<DidDocument, 'verificationMethod'>, id: string) {
  return verificationMethod?.find((method) => method.id === id);
}

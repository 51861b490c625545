// The DID document of an issuer, which lists all of its keys, and the log that leads to it.
import { isDeepStrictEqual } from 'node:util';
import { problem } from '../../platform/problem.ts';
import type { Issuer, IssuerKeys } from '../trust/issuer-keys.ts';
import { type Ed25519Verify, ed25519Multikey } from './did-entry.ts';
import type { DidDocument, DidLog } from './did-log.ts';
import { changeDidDocument, createDidLog, DID_CONTEXT } from './did-webvh.ts';
import { encodeMultikey, multikeyOfEcJwk } from './multikey.ts';

/** The addresses of an issuer's keys in its document. */
export function issuerKeyIds(did: string): Omit<Issuer, 'did' | 'keys'> {
  return {
    p256KeyId: `${did}#p256`,
    p256MultikeyId: `${did}#p256-multikey`,
    p384KeyId: `${did}#p384`,
    ed25519KeyId: `${did}#ed25519`,
    bls12381KeyId: `${did}#bls12381`,
  };
}

/** @param did or what stands for it while it is not known yet */
function issuerDocument(did: string, keys: IssuerKeys): Omit<DidDocument, 'id'> {
  const ids = issuerKeyIds(did);
  const multikey = (id: string, publicKeyMultibase: string) => ({
    id,
    type: 'Multikey',
    controller: did,
    publicKeyMultibase,
  });
  return {
    '@context': [...DID_CONTEXT, 'https://w3id.org/security/jwk/v1'],
    verificationMethod: [
      multikey(ids.ed25519KeyId, ed25519Multikey(keys.ed25519.publicKey)),
      { id: ids.p256KeyId, type: 'JsonWebKey', controller: did, publicKeyJwk: keys.p256.publicJwk },
      // The same key a second time: JOSE knows it as a JWK, Data Integrity as a Multikey.
      multikey(ids.p256MultikeyId, multikeyOfEcJwk(keys.p256.publicJwk)),
      multikey(ids.p384KeyId, multikeyOfEcJwk(keys.p384.publicJwk)),
      multikey(ids.bls12381KeyId, encodeMultikey('Bls12381G2', keys.bls12381.publicKey)),
    ],
    authentication: [ids.ed25519KeyId, ids.p256KeyId],
    assertionMethod: [ids.ed25519KeyId, ids.p256KeyId, ids.p256MultikeyId, ids.p384KeyId, ids.bls12381KeyId],
  };
}

/** @param options.created ISO 8601, UTC, whole seconds */
export function createIssuerDidLog(
  { domain, keys, created }: { domain: string; keys: IssuerKeys; created: string },
  verify: Ed25519Verify,
): Promise<{ did: string; log: DidLog }> {
  const document = issuerDocument('{DID}', keys);
  return createDidLog({ domain, path: [], signer: keys.ed25519, created, document }, verify);
}

/**
 * The log with an entry whose document lists all keys; null where the newest already does.
 *
 * @throws START_FAILED where the log is not of these keys, DID_LOG_INVALID where it does not hold
 */
export async function updatedIssuerDidLog(
  { log, keys, created }: { log: DidLog; keys: IssuerKeys; created: string },
  verify: Ed25519Verify,
): Promise<DidLog | null> {
  const state = log.at(-1)?.state as DidDocument | undefined;
  const did = state?.id ?? '';
  const ids = issuerKeyIds(did);
  const wanted = issuerDocument(did, keys);
  const isListed = (id: string) =>
    isDeepStrictEqual(
      state?.verificationMethod?.find((method) => method.id === id),
      wanted.verificationMethod?.find((method) => method.id === id),
    );
  if (!isListed(ids.ed25519KeyId) || !isListed(ids.p256KeyId)) {
    throw problem(
      'START_FAILED',
      "The issuer's key file is not the one its registered DID was made with; put back the file that belongs to this database.",
    );
  }
  const document = { ...state, ...wanted, id: did };
  if (isDeepStrictEqual(document, state)) return null;
  return changeDidDocument({ log, signer: keys.ed25519, created, document }, verify);
}

// Which keys a credential request proves, and with which nonces: proofs read, their keys found, their signatures checked.
import type { Clock } from '../../platform/clock.ts';
import type { PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';
import type { DidResolution } from '../dids/did-resolution.ts';
import { decodeMultikey } from '../dids/multikey.ts';
import { credentialRefusal } from './credential-refusal.ts';
import type { Proofs } from './credential-request.ts';
import { holderDidMethods, holderJwkOfMultikey, publicHolderJwk } from './holder-key.ts';
import {
  distinctKeys,
  type HolderKey,
  type ProofExpectation,
  readProofAttestation,
  readProofJwt,
  type UnverifiedProof,
  verifyProofJwt,
} from './holder-proof.ts';
import type { KeyAttestationNeed, WalletProviders } from './key-attestation.ts';
import type { NonceSeal } from './proof-nonce.ts';

export interface ProvedHolder {
  keys: HolderKey[];
  /** Each once; unspent as far as their seals tell. */
  nonces: string[];
}

export interface ProveHolderOptions {
  clock: Clock;
  /** The credential issuer identifier. */
  audience: string;
  providers: WalletProviders;
  seal: NonceSeal;
  /** Of DIDs of `holderDidMethods`; nothing is fetched for those that are not of this service. */
  resolveDid(did: string): Promise<DidResolution>;
}

export type ProveHolderService = ReturnType<typeof createProveHolderService>;

export function createProveHolderService({ clock, audience, providers, seal, resolveDid }: ProveHolderOptions) {
  /** @throws invalid_proof, invalid_nonce. Source: OpenID4VCI 1.0, 8.2 and appendix F. */
  async function proveHolder(
    proofs: Proofs,
    of: { clientId: string | null; need: KeyAttestationNeed | null },
  ): Promise<ProvedHolder> {
    const now_s = Math.floor(clock.now_ms() / 1_000);
    const expected: ProofExpectation = { ...of, audience, providers, now_s };
    if (proofs.type === 'attestation') {
      const { keys, nonces } = readProofAttestation(proofs.jwt, expected);
      return { keys: distinctKeys(keys), nonces: fresh(nonces, now_s) };
    }
    const read = proofs.jwts.map((jwt) => readProofJwt(jwt, expected));
    const nonces = fresh(
      read.flatMap((proof) => proof.nonces),
      now_s,
    );
    const keys: HolderKey[] = [];
    for (const proof of read) keys.push(...verifyProofJwt(proof, await keyOf(proof)));
    return { keys: distinctKeys(keys), nonces };
  }

  function fresh(nonces: readonly string[], now_s: number): string[] {
    // The proofs of one request mostly share one.
    const distinct = [...new Set(nonces)];
    for (const nonce of distinct) {
      const end_s = seal.endOf(nonce);
      if (end_s === null || end_s <= now_s) throw nonceRefused();
    }
    return distinct;
  }

  async function keyOf({ key }: UnverifiedProof): Promise<PublicHolderJwk> {
    if ('jwk' in key) return key.jwk;
    const [did = ''] = key.didUrl.split('#');
    const known = holderDidMethods.some((method) => did.startsWith(`${method}:`));
    const resolution = known ? await resolveDid(did) : null;
    const jwk = resolution?.error === null ? keyIn(resolution.document, key.didUrl) : null;
    if (jwk !== null) return jwk;
    throw credentialRefusal(
      'invalid_proof',
      "The key proof is refused: its 'kid' leads to no key that a holder may use.",
    );
  }

  return { proveHolder };
}

export function nonceRefused() {
  return credentialRefusal('invalid_nonce', 'A nonce is not of this service, was used before, or has expired.');
}

interface DidDocument {
  verificationMethod?: { id?: string; publicKeyJwk?: unknown; publicKeyMultibase?: unknown }[];
  authentication?: unknown[];
}

/** A key that the DID itself may authenticate with. Source: DID Core 1.0, 5.3.1. */
function keyIn(document: object | null, didUrl: string): PublicHolderJwk | null {
  const { verificationMethod = [], authentication = [] } = (document ?? {}) as DidDocument;
  const fragment = didUrl.slice(didUrl.indexOf('#'));
  const isNamed = (id: unknown) => id === didUrl || id === fragment;
  if (!authentication.some((entry) => isNamed(typeof entry === 'string' ? entry : (entry as { id?: unknown })?.id))) {
    return null;
  }
  const methods = [...verificationMethod, ...(authentication as DidDocument['verificationMethod'] & object)];
  const method = methods.find((each) => isNamed(each?.id));
  if (method?.publicKeyJwk !== undefined) return publicHolderJwk(method.publicKeyJwk);
  const { publicKeyMultibase: text } = method ?? {};
  const multikey = typeof text === 'string' ? decodeMultikey(text) : null;
  return multikey === null ? null : holderJwkOfMultikey(multikey.kind, multikey.bytes);
}

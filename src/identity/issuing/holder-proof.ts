// Proofs that a wallet holds the keys its credentials will be bound to. Source: OpenID4VCI 1.0, 8.2 and appendix F.
import type { PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';
import { credentialRefusal } from './credential-refusal.ts';
import { credentialLimits } from './credential-request.ts';
import {
  holderKeyThumbprint,
  isSignedBy,
  type ProofAlgorithm,
  proofAlgorithms,
  publicHolderJwk,
} from './holder-key.ts';
import {
  type KeyAttestation,
  type KeyAttestationNeed,
  readKeyAttestation,
  type WalletProviders,
} from './key-attestation.ts';

export const PROOF_TYPE = 'openid4vci-proof+jwt';

export interface ProofExpectation {
  /** The credential issuer identifier. */
  audience: string;
  /** Null for a wallet that took a pre-authorized code without naming itself. */
  clientId: string | null;
  /** Null where the configuration asks for no key attestation. */
  need: KeyAttestationNeed | null;
  providers: WalletProviders;
  now_s: number;
}

/** A `jwt` proof, right in everything but its signature, which waits for the key. */
export interface UnverifiedProof {
  jwt: string;
  algorithm: ProofAlgorithm;
  /** In the proof itself, or where its DID URL leads to. */
  key: { jwk: PublicHolderJwk } | { didUrl: string };
  nonces: string[];
  attested: KeyAttestation | null;
}

/** A key that a credential is bound to, by itself and by its DID URL where it was proved under one. */
export interface HolderKey {
  jwk: PublicHolderJwk;
  didUrl: string | null;
}

/** @throws invalid_proof. Source: OpenID4VCI 1.0, appendix F.1. */
export function readProofJwt(jwt: string, expected: ProofExpectation): UnverifiedProof {
  const { header, payload } = decode(jwt);
  if (header.typ !== PROOF_TYPE) throw refused(`'typ' is not ${PROOF_TYPE}`);
  // Symmetric algorithms and `none` are in no list of ours. Source: RFC 8725, 3.1.
  const algorithm = proofAlgorithms.find((name) => name === header.alg);
  if (algorithm === undefined) throw refused(`'alg' is none of ${proofAlgorithms.join(', ')}`);
  if (header.crit !== undefined) throw refused("'crit' is not understood");
  const { iss, aud, iat, nbf, exp, nonce } = payload;
  if (aud !== expected.audience) throw refused("'aud' is not this credential issuer");
  if (typeof iat !== 'number' || Math.abs(expected.now_s - iat) > credentialLimits.proofAge_s) {
    throw refused("'iat' is too far from now");
  }
  const isOver = exp !== undefined && !(typeof exp === 'number' && exp > expected.now_s);
  const isToCome =
    nbf !== undefined && !(typeof nbf === 'number' && nbf <= expected.now_s + credentialLimits.proofAge_s);
  if (isOver || isToCome) throw refused("'exp' or 'nbf' says that now is not its time");
  // Source: OpenID4VCI 1.0, appendix F.1: left out where the wallet is anonymous, the wallet's id elsewhere.
  if (iss !== undefined && iss !== expected.clientId)
    throw refused("'iss' is not the wallet that has the access token");
  if (typeof nonce !== 'string') throw refused("'nonce' is missing");

  const { key_attestation: attestation } = header;
  if (attestation === undefined && expected.need !== null) throw refused("'key_attestation' is missing");
  if (attestation !== undefined && typeof attestation !== 'string') throw refused("'key_attestation' is not a JWT");
  const attested = attestation === undefined ? null : readKeyAttestation(attestation, { ...expected, usedIn: 'jwt' });
  // Source: OpenID4VCI 1.0, appendix F.1: the attestation's nonce is one of ours as well.
  if (attested !== null && attested.nonce === null) throw refused("the key attestation's 'nonce' is missing");
  return {
    jwt,
    algorithm,
    key: keyOf(header, attested),
    nonces: attested?.nonce == null ? [nonce] : [nonce, attested.nonce],
    attested,
  };
}

function keyOf(header: Record<string, unknown>, attested: KeyAttestation | null): UnverifiedProof['key'] {
  const { jwk, kid, x5c, trust_chain: chain } = header;
  if (x5c !== undefined || chain !== undefined) throw refused("keys in 'x5c' and 'trust_chain' are not taken");
  if ((jwk === undefined) === (kid === undefined)) throw refused("exactly one of 'jwk' and 'kid' is needed");
  if (jwk !== undefined) {
    const key = publicHolderJwk(jwk);
    if (key === null) throw refused("'jwk' is not a public key on P-256 or Ed25519");
    return { jwk: key };
  }
  if (typeof kid !== 'string') throw refused("'kid' is not a text");
  if (kid.startsWith('did:')) return { didUrl: kid };
  // Source: OpenID4VCI 1.0, appendix F.1, second example: a key named by its attestation, or counted there.
  const named =
    attested?.keys.find((key) => key.kid === kid) ?? attested?.keys[/^\d{1,3}$/.test(kid) ? Number(kid) : -1];
  if (named === undefined) throw refused("'kid' is neither a DID URL nor an attested key");
  return { jwk: named.jwk };
}

/**
 * The keys that a proof stands for: its own, or all that its key attestation names, of which its own is one.
 *
 * @throws invalid_proof
 */
export function verifyProofJwt(proof: UnverifiedProof, jwk: PublicHolderJwk): HolderKey[] {
  if (!isSignedBy(proof.jwt, proof.algorithm, jwk)) throw refused('it is not signed by the key it names');
  const own = { jwk, didUrl: 'didUrl' in proof.key ? proof.key.didUrl : null };
  if (proof.attested === null) return [own];
  const thumbprint = holderKeyThumbprint(jwk);
  const keys = proof.attested.keys.map((key) =>
    holderKeyThumbprint(key.jwk) === thumbprint ? own : { jwk: key.jwk, didUrl: null },
  );
  if (!keys.includes(own)) throw refused('it is not signed by a key of its key attestation');
  return keys;
}

/** The keys of an `attestation` proof. @throws invalid_proof. Source: OpenID4VCI 1.0, appendix F.3. */
export function readProofAttestation(jwt: string, expected: ProofExpectation): { keys: HolderKey[]; nonces: string[] } {
  const { keys, nonce } = readKeyAttestation(jwt, { ...expected, usedIn: 'attestation' });
  if (nonce === null) throw refused("the key attestation's 'nonce' is missing");
  return { keys: keys.map(({ jwk }) => ({ jwk, didUrl: null })), nonces: [nonce] };
}

/** Each key once, in the order they came. Source: OpenID4VCI 1.0, 8.3: a key is bound to one credential at most. */
export function distinctKeys(keys: readonly HolderKey[]): HolderKey[] {
  const byThumbprint = new Map<string, HolderKey>();
  for (const key of keys) {
    const thumbprint = holderKeyThumbprint(key.jwk);
    if (!byThumbprint.has(thumbprint) || key.didUrl !== null) byThumbprint.set(thumbprint, key);
  }
  if (byThumbprint.size > credentialLimits.batchSize) {
    throw refused(`more than ${credentialLimits.batchSize} keys are proved`);
  }
  return [...byThumbprint.values()];
}

function decode(jwt: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header, payload, signature, ...rest] = jwt.split('.');
  if (header === undefined || payload === undefined || !signature || rest.length > 0) throw refused('it is not a JWT');
  return { header: part(header), payload: part(payload) };
}

function part(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered below, in words that repeat nothing of what was sent.
  }
  throw refused('it is not a JWT');
}

function refused(what: string) {
  return credentialRefusal('invalid_proof', `The key proof is refused: ${what}.`);
}

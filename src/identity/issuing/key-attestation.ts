// Key attestations: a wallet provider's word on where keys are kept and who may use them.
// Source: OpenID4VCI 1.0, appendix D; HAIP 1.0, 4.5.1.
import type { X509Certificate } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';
import { leafOfChain } from '../trust/certificate-chain.ts';
import { credentialRefusal } from './credential-refusal.ts';
import { credentialLimits } from './credential-request.ts';
import { isSignedBy, proofAlgorithms, publicHolderJwk } from './holder-key.ts';

const KEY_ATTESTATION_TYPE = 'key-attestation+jwt';

/** From the strongest. Source: OpenID4VCI 1.0, appendix D.2. */
export const attackPotentials = ['high', 'moderate', 'enhanced-basic', 'basic'] as const;
export type AttackPotential = (typeof attackPotentials)[number];

/** `key_attestations_required` of a configuration: the levels that are taken, for storage and for the person's unlocking. */
export interface KeyAttestationNeed {
  key_storage: string[];
  user_authentication: string[];
}

/** The level and all above it. */
export function atLeast(level: AttackPotential): KeyAttestationNeed {
  const taken = attackPotentials.slice(0, attackPotentials.indexOf(level) + 1).map((name) => `iso_18045_${name}`);
  return { key_storage: taken, user_authentication: taken };
}

/** Whose attestations are believed: those of a chain to a root (`x5c`), and without one those of known keys. */
export interface WalletProviders {
  roots: readonly X509Certificate[];
  keys: readonly PublicHolderJwk[];
}

export interface KeyAttestation {
  /** In the attestation's order, with the name each goes by there. */
  keys: { jwk: PublicHolderJwk; kid: string | null }[];
  nonce: string | null;
}

/**
 * @param need null where the configuration asks for none; what is attested must still be true
 * @param usedIn `jwt`: in the header of a proof, where it must say when it ends
 * @throws invalid_proof
 */
export function readKeyAttestation(
  jwt: string,
  expected: {
    providers: WalletProviders;
    need: KeyAttestationNeed | null;
    usedIn: 'jwt' | 'attestation';
    now_s: number;
  },
): KeyAttestation {
  const { header, payload } = decode(jwt);
  if (header.typ !== KEY_ATTESTATION_TYPE) throw refused(`its 'typ' is not ${KEY_ATTESTATION_TYPE}`);
  const algorithm = proofAlgorithms.find((name) => name === header.alg);
  if (algorithm === undefined) throw refused(`its 'alg' is none of ${proofAlgorithms.join(', ')}`);
  if (header.crit !== undefined) throw refused("'crit' is not understood");
  const signers = signersOf(header.x5c, expected.providers, expected.now_s);
  if (signers.length === 0) throw refused('no trusted wallet provider has that certificate');
  if (!signers.some((signer) => isSignedBy(jwt, algorithm, signer))) {
    throw refused('no trusted wallet provider has signed it');
  }

  const { iat, exp, nonce, attested_keys: attested, key_storage, user_authentication } = payload;
  if (!isTime(iat) || iat > expected.now_s + credentialLimits.proofAge_s)
    throw refused("its 'iat' is not a time before now");
  if (exp === undefined && expected.usedIn === 'jwt') throw refused("its 'exp' is missing");
  if (exp !== undefined && (!isTime(exp) || exp <= expected.now_s)) throw refused('it has expired');
  if (!Array.isArray(attested) || attested.length === 0 || attested.length > credentialLimits.batchSize) {
    throw refused(`'attested_keys' must hold 1 to ${credentialLimits.batchSize} keys`);
  }
  const keys = attested.map((each: { kid?: unknown } | null) => {
    const jwk = publicHolderJwk(each);
    if (jwk === null) throw refused("'attested_keys' must be public keys on P-256 or Ed25519");
    return { jwk, kid: typeof each?.kid === 'string' ? each.kid : null };
  });
  if (expected.need !== null) {
    if (!meets(key_storage, expected.need.key_storage)) throw refused("its 'key_storage' is not of a level asked for");
    if (!meets(user_authentication, expected.need.user_authentication)) {
      throw refused("its 'user_authentication' is not of a level asked for");
    }
  }
  return { keys, nonce: typeof nonce === 'string' ? nonce : null };
}

function signersOf(x5c: unknown, { roots, keys }: WalletProviders, now_s: number): readonly PublicHolderJwk[] {
  if (x5c === undefined) return keys;
  const jwk = publicHolderJwk(leafOfChain(x5c, roots, now_s)?.publicKey.export({ format: 'jwk' }));
  return jwk === null ? [] : [jwk];
}

function meets(asserted: unknown, accepted: readonly string[]): boolean {
  return Array.isArray(asserted) && asserted.some((level) => accepted.includes(level));
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function decode(jwt: string) {
  try {
    return { header: decodeProtectedHeader(jwt), payload: decodeJwt<Record<string, unknown>>(jwt) };
  } catch {
    throw refused('it is not a JWT');
  }
}

function refused(what: string) {
  return credentialRefusal('invalid_proof', `The key attestation is refused: ${what}.`);
}

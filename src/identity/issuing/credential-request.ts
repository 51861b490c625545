// A credential request: what is asked for, with which proofs, and how the answer is to be sealed.
// Source: OpenID4VCI 1.0, 8.2. It is read by hand: the library's schema of all drafts costs more than the signature.
import { type ResponseEncryption, readResponseEncryption } from './credential-encryption.ts';
import { credentialRefusal } from './credential-refusal.ts';

export const credentialLimits = {
  /** Credentials of one answer, each for a key of its own: shown once a day, each to one verifier, they last a month. */
  batchSize: 30,
  /** Encoded, before anything is decoded. */
  proof_chars: 16_384,
  nonceLifetime_s: 300,
  /** How far the wallet's clock, which dates its proof, may be from ours. */
  proofAge_s: 300,
  /** Credentials say the day they were issued, and no hour: a time would tell two of one answer as such. */
  issueTimeGrain_s: 86_400,
  /** When a wallet whose credential waits for somebody may ask again. */
  deferredInterval_s: 60,
  sweepRows: 5_000,
} as const;

export type Proofs = { type: 'jwt'; jwts: string[] } | { type: 'attestation'; jwt: string };

export interface CredentialRequest {
  asked: { configurationId: string } | { identifier: string };
  /** Read on their own, so that a credential that does not exist is refused for that. */
  proofs: unknown;
  responseEncryption: ResponseEncryption | null;
}

/** @throws invalid_credential_request, invalid_encryption_parameters */
export function readCredentialRequest(body: unknown): CredentialRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw credentialRefusal('invalid_credential_request', 'The request is not a JSON object.');
  }
  const {
    credential_configuration_id: configurationId,
    credential_identifier: identifier,
    proofs,
    credential_response_encryption: encryption,
  } = body as Record<string, unknown>;
  const responseEncryption = encryption === undefined ? null : readResponseEncryption(encryption);
  if (typeof configurationId === 'string' && identifier === undefined) {
    return { asked: { configurationId }, proofs, responseEncryption };
  }
  if (typeof identifier === 'string' && configurationId === undefined) {
    return { asked: { identifier }, proofs, responseEncryption };
  }
  throw credentialRefusal(
    'invalid_credential_request',
    "Exactly one of 'credential_configuration_id' and 'credential_identifier' is needed, as a text.",
  );
}

/** @throws invalid_proof. Source: OpenID4VCI 1.0, 8.2 and appendix F. */
export function readProofs(proofs: unknown): Proofs {
  if (typeof proofs !== 'object' || proofs === null) throw credentialRefusal('invalid_proof', "'proofs' is missing.");
  const [entry, ...others] = Object.entries(proofs) as [string, unknown][];
  if (entry === undefined || others.length > 0) {
    throw credentialRefusal('invalid_proof', "'proofs' must hold exactly one proof type.");
  }
  const [type, values] = entry;
  if (type !== 'jwt' && type !== 'attestation') {
    throw credentialRefusal('invalid_proof', "The proof types here are 'jwt' and 'attestation'.");
  }
  if (!isTexts(values)) throw credentialRefusal('invalid_proof', `'proofs.${type}' must be an array of JWTs.`);
  const [first, ...more] = values;
  if (type === 'attestation') {
    if (first !== undefined && more.length === 0) return { type, jwt: first };
    throw credentialRefusal('invalid_proof', "'proofs.attestation' must hold exactly one key attestation.");
  }
  if (first === undefined || values.length > credentialLimits.batchSize) {
    throw credentialRefusal('invalid_proof', `'proofs.jwt' must hold 1 to ${credentialLimits.batchSize} proofs.`);
  }
  return { type, jwts: values };
}

function isTexts(values: unknown): values is string[] {
  return (
    Array.isArray(values) &&
    values.every((value) => typeof value === 'string' && value.length <= credentialLimits.proof_chars)
  );
}

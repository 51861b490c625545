// The step that checks the Data Integrity proofs of a document: a single one, a set, or a chain.
// Source: Verifiable Credential Data Integrity 1.0, 4.4 and 4.5; Controlled Identifiers 1.0, 3.3.
import type { Proof, VerificationKey } from '../credentials/credential-format.ts';
import { proofFormat } from '../credentials/credential-formats.ts';
import type { JsonLd } from '../credentials/json-ld.ts';
import { proofTime_ms } from '../credentials/vc-terms.ts';
import type { DidDocument, VerificationMethod } from '../dids/did-log.ts';
import { type DidResolver, parseDid } from '../dids/did-resolution.ts';
import { decodeMultikey, multikeyOfJwk } from '../dids/multikey.ts';
import { absoluteDidUrl } from '../dids/verification-method.ts';
import type { TraceReason } from './trace-reasons.ts';
import { verdictLimits } from './validity-step.ts';
import { type TraceStep, traceStep } from './verdict.ts';

/** What whoever asks wants of every proof, where it says so. */
export interface AskedOfProofs {
  proofPurpose?: string | undefined;
  domain?: string | undefined;
  challenge?: string | undefined;
  cryptosuite?: string | undefined;
}

export interface ProofExpectations extends AskedOfProofs {
  /**
   * Who must have made one of the proofs: the issuer, the holder. An issuer that is no DID says nothing about keys, so that
   * the proofs of its credentials show only that nothing was changed since somebody signed.
   */
  by: string;
  purpose: 'assertionMethod' | 'authentication';
  now_ms: number;
}

export interface ProofParts {
  resolver: DidResolver;
  jsonLd: JsonLd;
}

type Relationship = string | { id: string };

/** Every proof of a document must hold, each over the document and the proofs it names as previous. */
export async function proofStep(
  document: Record<string, unknown>,
  expected: ProofExpectations,
  parts: ProofParts,
): Promise<TraceStep> {
  const { proof, ...unsecured } = document;
  const proofs = [proof].flat() as Proof[];
  const namesKeys = parseDid(expected.by) !== null || expected.purpose === 'authentication';
  const own = namesKeys ? proofs.find((one) => didOf(one.verificationMethod) === expected.by) : proofs[0];
  if (own === undefined) return traceStep('signature', 'failed', 'PROOF_NOT_BY_ISSUER');
  for (const one of proofs) {
    const reason = await reasonAgainst(one, proofs, unsecured, expected, parts);
    if (reason !== null) {
      return traceStep('signature', 'failed', reason, {
        data: { algorithm: one.cryptosuite, key: one.verificationMethod },
      });
    }
  }
  return traceStep('signature', 'passed', 'SIGNATURE_OK', {
    data: { algorithm: own.cryptosuite, key: own.verificationMethod, proofs: proofs.length },
  });
}

/** Null where the proof holds. */
async function reasonAgainst(
  proof: Proof,
  all: readonly Proof[],
  unsecured: Record<string, unknown>,
  expected: ProofExpectations,
  { resolver, jsonLd }: ProofParts,
): Promise<TraceReason | null> {
  const format = proofFormat(proof.cryptosuite);
  if (format === null) return 'PROOF_SUITE_UNKNOWN';
  const asked = reasonByMembers(proof, expected);
  if (asked !== null) return asked;
  const previous = previousProofs(proof, all);
  if (previous === null) return 'PROOF_PREVIOUS_MISSING';

  const did = didOf(proof.verificationMethod);
  const resolved = did === null ? null : await resolver.resolve(did);
  if (resolved === null || resolved.error !== null || resolved.document === null) return 'SIGNER_UNRESOLVED';
  const key = keyFor(proof.verificationMethod, resolved.document as DidDocument, expected.purpose);
  if (typeof key === 'string') return key;
  if (!(format.keyKinds as readonly string[]).includes(key.kind)) return 'PROOF_KEY_KIND_WRONG';
  const input = previous.length === 0 ? unsecured : { ...unsecured, proof: previous };
  // The library refuses by throwing, in words that may quote the document.
  const isGenuine = await format.verifyProof(structuredClone(input), proof, key, { jsonLd }).catch(() => false);
  return isGenuine ? null : 'SIGNATURE_INVALID';
}

function reasonByMembers(proof: Proof, expected: ProofExpectations): TraceReason | null {
  const { purpose, now_ms, proofPurpose = purpose, domain, challenge, cryptosuite } = expected;
  const skew_ms = verdictLimits.clockSkew_s * 1000;
  if (proof.type !== 'DataIntegrityProof') return 'PROOF_SUITE_UNKNOWN';
  if (proof.proofPurpose !== purpose || proofPurpose !== purpose) return 'PROOF_PURPOSE_WRONG';
  if (cryptosuite !== undefined && proof.cryptosuite !== cryptosuite) return 'PROOF_SUITE_NOT_ASKED';
  if (proof.created !== undefined && proofTime_ms(proof.created) > now_ms + skew_ms) return 'PROOF_NOT_YET_MADE';
  if (proof.expires !== undefined && proofTime_ms(proof.expires) + skew_ms < now_ms) return 'PROOF_EXPIRED';
  if (domain !== undefined && ![proof.domain].flat().includes(domain)) return 'PROOF_DOMAIN_WRONG';
  if (challenge !== undefined && proof.challenge !== challenge) return 'PROOF_CHALLENGE_WRONG';
  return null;
}

/** The proofs a proof was made over; null where one that it names is missing. */
function previousProofs({ previousProof }: Proof, all: readonly Proof[]): Proof[] | null {
  const named = [previousProof ?? []].flat();
  const found = named.map((id) => all.find((proof) => proof.id === id));
  return found.every((proof) => proof !== undefined) ? found : null;
}

/** The key that a DID document lists for the purpose under this address, or why there is none to be used. */
function keyFor(
  address: string,
  document: DidDocument,
  purpose: ProofExpectations['purpose'],
): VerificationKey | TraceReason {
  const method = methodsOf(document).find(({ id }) => absoluteDidUrl(id, document.id) === address);
  if (method === undefined) return 'SIGNATURE_KEY_UNKNOWN';
  const listed = ((document[purpose] ?? []) as Relationship[]).map((entry) =>
    absoluteDidUrl(typeof entry === 'string' ? entry : entry.id, document.id),
  );
  if (!listed.includes(address)) return 'PROOF_PURPOSE_WRONG';
  if (method.controller !== document.id) return 'SIGNATURE_KEY_UNKNOWN';
  const multikey =
    method.type === 'Multikey'
      ? method.publicKeyMultibase
      : // A did:jwk has no other form than that of its JWK.
        document.id.startsWith('did:jwk:')
        ? multikeyOfJwk(method.publicKeyJwk)
        : null;
  if (typeof multikey !== 'string') return 'PROOF_METHOD_NOT_MULTIKEY';
  const decoded = decodeMultikey(multikey);
  if (decoded === null) return 'PROOF_METHOD_NOT_MULTIKEY';
  return { id: address, controller: method.controller, ...decoded, publicKeyMultibase: multikey };
}

function methodsOf(document: DidDocument): VerificationMethod[] {
  const embedded = [document.assertionMethod, document.authentication].flat() as (Relationship | undefined)[];
  return [...(document.verificationMethod ?? []), ...embedded].filter(
    (entry): entry is VerificationMethod => typeof entry === 'object',
  );
}

function didOf(address: string): string | null {
  const [did = '', ...fragments] = address.split('#');
  return fragments.length === 1 && parseDid(did) !== null ? did : null;
}

// The Data Integrity proofs a document carries: their form, and how those of a set hang on each other.
// Source: Verifiable Credential Data Integrity 1.0, 2.1 and 4.5.
import { z } from 'zod';
import { dateTimeStamp, oneOrMany, url, vcLimits } from './vc-terms.ts';

/** @param purpose what the proof must be for */
function proofSchema(purpose: 'assertionMethod' | 'authentication') {
  return z.looseObject({
    id: url.optional(),
    type: z.literal('DataIntegrityProof'),
    cryptosuite: z.string().min(1).max(64),
    verificationMethod: url,
    proofPurpose: z.literal(purpose),
    proofValue: z
      .string()
      .max(65_536)
      .regex(/^(z[1-9A-HJ-NP-Za-km-z]+|u[A-Za-z0-9_-]+)$/, 'must be multibase text'),
    created: dateTimeStamp.optional(),
    expires: dateTimeStamp.optional(),
    domain: oneOrMany(z.string().min(1).max(vcLimits.url_chars)).optional(),
    challenge: z.string().min(1).max(vcLimits.url_chars).optional(),
    nonce: z.string().max(vcLimits.url_chars).optional(),
    previousProof: oneOrMany(url).optional(),
  });
}

export type Proof = z.infer<ReturnType<typeof proofSchema>>;

/** One proof, or a set whose chains lead back to proofs of the set. */
export function proofs(purpose: 'assertionMethod' | 'authentication') {
  const one = proofSchema(purpose);
  return z
    .union([one, z.array(one).min(1).max(vcLimits.proofs)])
    .transform((value) => [value].flat())
    .refine(hasDistinctIds, 'has two proofs with one id')
    .refine((set) => set.every((proof) => previousProofs(proof, set) !== null), {
      message: 'names a previousProof that is not among the proofs',
    })
    .refine(isAcyclic, 'has proofs that hang on each other in a circle');
}

/** The proofs a proof was made over, in the order named; null where one is missing. */
export function previousProofs({ previousProof }: Proof, set: readonly Proof[]): Proof[] | null {
  const named = [previousProof ?? []].flat();
  const found = named.map((id) => set.find((proof) => proof.id === id));
  return found.every((proof) => proof !== undefined) ? found : null;
}

function hasDistinctIds(set: readonly Proof[]): boolean {
  const ids = set.flatMap(({ id }) => id ?? []);
  return new Set(ids).size === ids.length;
}

/** Taking away again and again what hangs on nothing that is left takes everything away. */
function isAcyclic(set: readonly Proof[]): boolean {
  let left = [...set];
  for (let round = 0; round < set.length; round += 1) {
    left = left.filter((proof) => (previousProofs(proof, set) ?? []).some((previous) => left.includes(previous)));
  }
  return left.length === 0;
}

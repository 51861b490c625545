// The form of the Data Integrity proofs a document carries; what they prove is for who checks them.
// Source: Verifiable Credential Data Integrity 1.0, 2.1.
import { z } from 'zod';
import { oneOrMany, proofTime, url, vcLimits } from './vc-terms.ts';

/**
 * One proof or a set of them, as a list.
 *
 * @param purpose what each must be for
 */
export function proofs(purpose: 'assertionMethod' | 'authentication') {
  const one = z.looseObject({
    id: url.optional(),
    type: z.literal('DataIntegrityProof'),
    cryptosuite: z.string().min(1).max(64),
    verificationMethod: url,
    proofPurpose: z.literal(purpose),
    proofValue: z
      .string()
      .max(65_536)
      .regex(/^(z[1-9A-HJ-NP-Za-km-z]+|u[A-Za-z0-9_-]+)$/, 'must be multibase text'),
    created: proofTime.optional(),
    expires: proofTime.optional(),
    domain: oneOrMany(z.string().min(1).max(vcLimits.url_chars)).optional(),
    challenge: z.string().min(1).max(vcLimits.url_chars).optional(),
    nonce: z.string().max(vcLimits.url_chars).optional(),
    previousProof: oneOrMany(url).optional(),
  });
  return z.union([one, z.array(one).min(1).max(vcLimits.proofs)]).transform((value) => [value].flat());
}

// The form a credential must have before a proof is made over it or looked at: that of VC 2.0, or of 1.1 where it says so.
// Source: Verifiable Credentials Data Model 2.0, sections 4 and 5.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { relatedResource } from './related-resources.ts';
import { problemInside } from './vc-nested-values.ts';
import { proofs } from './vc-proofs.ts';
import {
  contexts,
  dateTimeStamp,
  describeIssue,
  oneOrMany,
  party,
  partyId,
  text,
  typed,
  typesWith,
  url,
} from './vc-terms.ts';
import { isVersion1, version1Members, withPeriodOfValidity } from './vc-version-1.ts';

const subject = z
  .looseObject({ id: url.optional() })
  .refine((value) => Object.keys(value).length > 0, 'must make a claim');

const credentialMembers = {
  '@context': contexts,
  id: url.optional(),
  type: typesWith('VerifiableCredential'),
  name: text.optional(),
  description: text.optional(),
  validFrom: dateTimeStamp.optional(),
  validUntil: dateTimeStamp.optional(),
  credentialSubject: oneOrMany(subject),
  credentialStatus: oneOrMany(typed).optional(),
  credentialSchema: oneOrMany(typed.extend({ id: url })).optional(),
  relatedResource: relatedResource.optional(),
  refreshService: oneOrMany(typed).optional(),
  termsOfUse: oneOrMany(typed).optional(),
  evidence: oneOrMany(typed).optional(),
  // Source: VC Data Model 2.0, 5.10, reserved extension points.
  confidenceMethod: oneOrMany(typed).optional(),
  renderMethod: oneOrMany(typed).optional(),
};

type Validity = { validFrom?: string | undefined; validUntil?: string | undefined };

/** Source: VC Data Model 2.0, 4.9. */
function endsAfterItBegins({ validFrom, validUntil }: Validity): boolean {
  return validFrom === undefined || validUntil === undefined || Date.parse(validFrom) <= Date.parse(validUntil);
}

const orderOfTimes = { path: ['validUntil'], message: 'comes before validFrom' };

const unsignedSchema = z
  .looseObject({ ...credentialMembers, issuer: party.optional() })
  .refine(endsAfterItBegins, orderOfTimes);

/** What is secured from outside: by a JOSE envelope, or by the presentation that its holder signs. */
const conformingSchema = z.looseObject({ ...credentialMembers, issuer: party }).refine(endsAfterItBegins, orderOfTimes);

const signedSchema = z
  .looseObject({ ...credentialMembers, issuer: party, proof: proofs('assertionMethod') })
  .refine(endsAfterItBegins, orderOfTimes);

const version1 = { ...credentialMembers, ...version1Members };

const unsignedVersion1Schema = z.looseObject({
  ...version1,
  issuanceDate: version1.issuanceDate.optional(),
  issuer: party.optional(),
});

const signedVersion1Schema = z
  .looseObject({ ...version1, issuer: party, proof: proofs('assertionMethod') })
  .transform(withPeriodOfValidity)
  .refine(endsAfterItBegins, { ...orderOfTimes, path: ['expirationDate'] });

export type UnsignedCredential = z.infer<typeof unsignedSchema>;
export type ConformingCredential = z.infer<typeof conformingSchema>;
export type SignedCredential = z.infer<typeof signedSchema>;

/**
 * @param knowsContexts whether all of these contexts are bundled
 * @throws CREDENTIAL_INVALID names the member that is wrong
 */
export function checkUnsignedCredential(
  credential: unknown,
  knowsContexts: (contexts: readonly unknown[]) => boolean,
): UnsignedCredential {
  const read = isVersion1(credential)
    ? readWith(unsignedVersion1Schema, credential)
    : readWith(unsignedSchema, credential);
  if (typeof read === 'string') throw problem('CREDENTIAL_INVALID', `${read}.`);
  if ('proof' in read) throw problem('CREDENTIAL_INVALID', 'proof: the credential already has one.');
  if (!knowsContexts(read['@context'])) {
    throw problem('CREDENTIAL_INVALID', '@context: names a context that is not bundled; none are fetched.');
  }
  return read;
}

/** The credential, or what is wrong with its form: `member: what`. */
export function readSignedCredential(credential: unknown): SignedCredential | string {
  return isVersion1(credential) ? readWith(signedVersion1Schema, credential) : readWith(signedSchema, credential);
}

/** The credential that something else secures, or what is wrong with its form. It may have no proof of its own. */
export function readConformingCredential(credential: unknown): ConformingCredential | string {
  const read = readWith(conformingSchema, credential);
  if (typeof read !== 'string' && 'proof' in read) return 'proof: the credential is secured in two ways';
  return read;
}

/** The issuer's id; null where the credential names none. */
export function issuerOf({ issuer }: Pick<UnsignedCredential, 'issuer'>): string | null {
  return issuer === undefined ? null : partyId(issuer);
}

function readWith<T extends z.ZodType<Record<string, unknown>>>(schema: T, credential: unknown): z.infer<T> | string {
  const read = schema.safeParse(credential);
  if (!read.success) return describeIssue(read.error, 'credential');
  return problemInside(credential as Record<string, unknown>) ?? read.data;
}

// The form a VC 2.0 credential must have before a proof is made over it or looked at.
// Source: Verifiable Credentials Data Model 2.0, section 4.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';

const VC_CONTEXT = 'https://www.w3.org/ns/credentials/v2';
const MANY = 32;
const PROOFS = 8;

const url = z.string().max(2_048).refine(isUrl, 'must be a URL');
// dateTimeStamp: a date-time with its zone. Source: XML Schema 1.1, 3.4.28.
const dateTimeStamp = z.iso.datetime({ offset: true });
const typeNames = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(MANY)]);
const typed = z.looseObject({ id: url.optional(), type: typeNames });
const subject = z
  .looseObject({ id: url.optional() })
  .refine((value) => Object.keys(value).length > 0, 'must make a claim');

function oneOrMany<T extends z.ZodType>(of: T) {
  return z.union([of, z.array(of).min(1).max(MANY)]);
}

const languageValue = z.looseObject({ '@value': z.string(), '@language': z.string().optional() });
const text = z.union([z.string(), languageValue, z.array(languageValue).min(1).max(MANY)]);

const unsignedSchema = z.looseObject({
  '@context': z
    .array(z.union([z.string(), z.looseObject({})]))
    .min(1)
    .max(MANY)
    .refine((contexts) => contexts[0] === VC_CONTEXT, `must begin with ${VC_CONTEXT}`),
  id: url.optional(),
  type: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(MANY)])
    .transform((type) => (typeof type === 'string' ? [type] : type))
    .refine((types) => types.includes('VerifiableCredential'), 'must include VerifiableCredential'),
  issuer: z.union([url, z.looseObject({ id: url })]).optional(),
  name: text.optional(),
  description: text.optional(),
  validFrom: dateTimeStamp.optional(),
  validUntil: dateTimeStamp.optional(),
  credentialSubject: oneOrMany(subject),
  credentialStatus: oneOrMany(typed).optional(),
  credentialSchema: oneOrMany(typed.extend({ id: url })).optional(),
  termsOfUse: oneOrMany(typed).optional(),
  evidence: oneOrMany(typed).optional(),
  refreshService: oneOrMany(typed).optional(),
});

const proofSchema = z.looseObject({
  type: z.literal('DataIntegrityProof'),
  id: url.optional(),
  cryptosuite: z.string().min(1).max(64),
  verificationMethod: url,
  proofPurpose: z.literal('assertionMethod'),
  proofValue: z
    .string()
    .max(65_536)
    .regex(/^(z[1-9A-HJ-NP-Za-km-z]+|u[\w-]+)$/, 'must be multibase text'),
  created: dateTimeStamp.optional(),
  expires: dateTimeStamp.optional(),
  previousProof: oneOrMany(url).optional(),
});

const signedSchema = unsignedSchema.extend({
  issuer: z.union([url, z.looseObject({ id: url })]),
  proof: z.union([proofSchema, z.array(proofSchema).min(1).max(PROOFS)]),
});

export type UnsignedCredential = z.infer<typeof unsignedSchema>;
export type SignedCredential = z.infer<typeof signedSchema>;

/**
 * @param knowsContexts whether all of these contexts are bundled
 * @throws CREDENTIAL_INVALID names the member that is wrong
 */
export function checkUnsignedCredential(
  credential: unknown,
  knowsContexts: (contexts: readonly unknown[]) => boolean,
): UnsignedCredential {
  const read = unsignedSchema.safeParse(credential);
  if (!read.success) throw problem('CREDENTIAL_INVALID', describe(read.error));
  if ('proof' in read.data) throw problem('CREDENTIAL_INVALID', 'proof: the credential already has one.');
  if (read.data.credentialStatus !== undefined) {
    throw problem('CREDENTIAL_INVALID', 'credentialStatus: leave it out; this service gives the credential its entry.');
  }
  const { validFrom, validUntil } = read.data;
  if (validFrom !== undefined && validUntil !== undefined && Date.parse(validUntil) < Date.parse(validFrom)) {
    throw problem('CREDENTIAL_INVALID', 'validUntil: comes before validFrom.');
  }
  if (!knowsContexts(read.data['@context'])) {
    throw problem('CREDENTIAL_INVALID', '@context: names a context that is not bundled; none are fetched.');
  }
  return read.data;
}

/** The credential, or what is wrong with its form: `member: what`. */
export function readSignedCredential(credential: unknown): SignedCredential | string {
  const read = signedSchema.safeParse(credential);
  return read.success ? read.data : describe(read.error);
}

/** The issuer's id; null where the credential names none. */
export function issuerOf({ issuer }: Pick<UnsignedCredential, 'issuer'>): string | null {
  return typeof issuer === 'object' ? issuer.id : (issuer ?? null);
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('/') || 'credential'}: ${issue?.message ?? 'invalid'}`;
}

function isUrl(text: string): boolean {
  // Absolute, with a scheme, and nothing that an address can't hold; URL() alone would trim and repair.
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>"{}|\\^`]+$/.test(text) && URL.canParse(text);
}

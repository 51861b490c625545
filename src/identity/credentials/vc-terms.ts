// The values that credentials and presentations of VC 2.0 are made of: URLs, times, types, texts in a language.
// Source: Verifiable Credentials Data Model 2.0, 4.4 to 4.9 and 11.1.
import { z } from 'zod';

export const VC_CONTEXT = 'https://www.w3.org/ns/credentials/v2';
/** Of version 1.1, whose credentials are taken with Data Integrity proofs. */
export const VC_1_CONTEXT = 'https://www.w3.org/2018/credentials/v1';

export const vcLimits = {
  /** Values of one property, and contexts of one document. */
  many: 32,
  url_chars: 2_048,
  /** Proofs of one document. */
  proofs: 8,
  /** Of nested values. */
  depth: 24,
  /** Objects and values of one document together. */
  values: 5_000,
  /** Of a credential or presentation inside a data: URL. */
  envelope_chars: 524_288,
} as const;

/** An absolute URL as it stands: nothing is trimmed or repaired. */
export const url = z.string().max(vcLimits.url_chars).refine(isUrl, 'must be a URL');

// Source: XML Schema 1.1, 3.4.28. Years from 0000 to 9999, which is what times are calculated with here.
const DATE_TIME_STAMP =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?|24:00:00(?:\.0+)?)(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/;
const HAS_OFFSET = /(?:Z|[+-]\d\d:\d\d)$/;

/** A date-time with its offset, of a day that exists. */
export const dateTimeStamp = z.string().refine(isDateTimeStamp, 'must be a date-time with its offset from UTC');

/** The same of a proof, where a time without an offset is one in UTC. Source: VC Data Integrity 1.0, 2.1. */
export const proofTime = z.string().refine((value) => isDateTimeStamp(inUtc(value)), 'must be a date-time');

/** @param time a `proofTime` @returns milliseconds since 1970 */
export function proofTime_ms(time: string): number {
  return Date.parse(inUtc(time));
}

function inUtc(time: string): string {
  return HAS_OFFSET.test(time) ? time : `${time}Z`;
}

/** Source: RFC 6901, section 3. */
export const jsonPointer = z
  .string()
  .max(vcLimits.url_chars)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer');

export const typeNames = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(vcLimits.many)]);

/** An object that says what it is, and may say which. */
export const typed = z.looseObject({ id: url.optional(), type: typeNames });

export function oneOrMany<T extends z.ZodType>(of: T) {
  return z.union([of, z.array(of).min(1).max(vcLimits.many)]);
}

// Source: VC Data Model 2.0, 11.1: the object has no other members; RFC 5646 for the tag.
const languageValue = z.strictObject({
  '@value': z.string(),
  '@language': z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'must be a language tag')
    .optional(),
  '@direction': z.enum(['ltr', 'rtl']).optional(),
});

/** A text, or a text per language. Source: VC Data Model 2.0, 4.6. */
export const text = z.union([z.string(), languageValue, z.array(languageValue).min(1).max(vcLimits.many)]);

/** Somebody who issues or holds: a URL, or an object with one as its id. Source: VC Data Model 2.0, 4.7. */
export const party = z.union([url, z.looseObject({ id: url, name: text.optional(), description: text.optional() })]);

export type Party = z.infer<typeof party>;

export function partyId(of: Party): string {
  return typeof of === 'string' ? of : of.id;
}

/** Begins with the context of VC 2.0; the others are URLs or contexts of their own. Source: VC Data Model 2.0, 4.3. */
export const contexts = contextsFrom(VC_CONTEXT);

/** The same of another version. */
export function contextsFrom(first: string) {
  return z
    .array(z.union([url, z.looseObject({})]))
    .min(1)
    .max(vcLimits.many)
    .refine((list) => list[0] === first, `must begin with ${first}`);
}

/** The types, as a list, with the one that every such document has. Source: VC Data Model 2.0, 4.5. */
export function typesWith(required: string) {
  return typeNames
    .transform((type) => (typeof type === 'string' ? [type] : type))
    .refine((types) => types.includes(required), `must include ${required}`);
}

/** `member: what is wrong`, of the first thing that is; never a value. */
export function describeIssue(error: z.ZodError, whole: string): string {
  let issue = error.issues[0];
  const path = [...(issue?.path ?? [])];
  // Of alternatives that all fail, the one that came furthest tells most.
  while (issue?.code === 'invalid_union') {
    const furthest = issue.errors.flat().toSorted((one, other) => other.path.length - one.path.length)[0];
    if (furthest === undefined) break;
    path.push(...furthest.path);
    issue = furthest;
  }
  return `${path.join('/') || whole}: ${issue?.message ?? 'invalid'}`;
}

function isUrl(value: string): boolean {
  // Absolute, with a scheme, and nothing that an address can't hold; URL() alone would trim and repair.
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>"{}|\\^`]+$/.test(value) && URL.canParse(value);
}

function isDateTimeStamp(value: string): boolean {
  const [, year, month, day] = DATE_TIME_STAMP.exec(value)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

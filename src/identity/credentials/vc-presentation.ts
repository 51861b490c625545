// The form of a VC 2.0 presentation, and of an envelope around a credential or a presentation.
// Source: Verifiable Credentials Data Model 2.0, 4.13.
import { z } from 'zod';
import { problemInside } from './vc-nested-values.ts';
import { proofs } from './vc-proofs.ts';
import { contexts, describeIssue, oneOrMany, party, typed, typesWith, url, VC_CONTEXT, vcLimits } from './vc-terms.ts';

const presentationSchema = z.looseObject({
  '@context': contexts,
  id: url.optional(),
  type: typesWith('VerifiablePresentation'),
  // Objects only: a number, a text or a URL is no credential.
  verifiableCredential: z
    .union([z.looseObject({}), z.array(z.looseObject({})).max(vcLimits.many)])
    .transform((value) => [value].flat())
    .optional(),
  holder: party.optional(),
  termsOfUse: oneOrMany(typed).optional(),
  proof: proofs('authentication').optional(),
});

export type Presentation = z.infer<typeof presentationSchema>;

/** The presentation, or what is wrong with its form: `member: what`. */
export function readPresentation(presentation: unknown): Presentation | string {
  const read = presentationSchema.safeParse(presentation);
  if (!read.success) return describeIssue(read.error, 'presentation');
  const { verifiableCredential: _embedded, ...own } = presentation as Record<string, unknown>;
  return problemInside(own) ?? read.data;
}

export const mediaTypes = {
  EnvelopedVerifiableCredential: ['application/vc+jwt', 'application/vc+sd-jwt'],
  EnvelopedVerifiablePresentation: ['application/vp+jwt', 'application/vp+sd-jwt'],
} as const;

export type EnvelopeType = keyof typeof mediaTypes;
export type EnvelopeMediaType = (typeof mediaTypes)[EnvelopeType][number];

export interface Envelope {
  mediaType: EnvelopeMediaType;
  /** The compact serialization. */
  token: string;
}

const envelopeSchema = z.looseObject({
  '@context': z
    .union([z.string(), z.array(z.union([z.string(), z.looseObject({})])).max(vcLimits.many)])
    .refine((context) => [context].flat()[0] === VC_CONTEXT, `must begin with ${VC_CONTEXT}`),
  type: z.union([z.string(), z.array(z.string()).length(1)]).transform((type) => [type].flat()[0] ?? ''),
  id: z.string().max(vcLimits.envelope_chars),
});

/** Whether a value says of itself that it is an envelope; its form is for `readEnvelope`. */
export function isEnvelope(value: unknown): boolean {
  const type = (value as { type?: unknown } | null)?.type;
  return [type].flat().some((name) => typeof name === 'string' && name in mediaTypes);
}

/** What the envelope holds, or what is wrong with its form. Source: VC Data Model 2.0, 4.13.1 and 4.13.2; RFC 2397. */
export function readEnvelope(value: unknown, type: EnvelopeType): Envelope | string {
  const read = envelopeSchema.safeParse(value);
  if (!read.success) return describeIssue(read.error, 'envelope');
  if (read.data.type !== type) return `type: must be ${type}`;
  const [, mediaType, token] = /^data:([a-z+/-]+),([A-Za-z0-9_.~-]+)$/.exec(read.data.id) ?? [];
  const known = mediaTypes[type].find((candidate) => candidate === mediaType);
  if (known === undefined || token === undefined) {
    return `id: must be a data: URL of ${mediaTypes[type].join(' or ')} with the compact serialization`;
  }
  return { mediaType: known, token };
}

/** The envelope around a token. */
export function envelope(type: EnvelopeType, { mediaType, token }: Envelope) {
  return { '@context': VC_CONTEXT, type, id: `data:${mediaType},${token}` };
}

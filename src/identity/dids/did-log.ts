// The form a DID log must have before anything in it is believed: known members only, and bounded.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';

export const didLogLimits = { entries: 100, updateKeys: 8, proofs: 8, text_bytes: 65_536 } as const;

const multikey = z.string().regex(/^z[1-9A-HJ-NP-Za-km-z]{10,120}$/);
const hash = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{40,60}$/);

const entrySchema = z.strictObject({
  versionId: z.string().regex(/^[1-9]\d{0,5}-[1-9A-HJ-NP-Za-km-z]{40,60}$/),
  versionTime: z.iso.datetime(),
  parameters: z.strictObject({
    method: z.literal('did:webvh:1.0').optional(),
    scid: hash.optional(),
    updateKeys: z.array(multikey).max(didLogLimits.updateKeys).optional(),
    nextKeyHashes: z.array(hash).max(didLogLimits.updateKeys).optional(),
    portable: z.boolean().optional(),
    deactivated: z.boolean().optional(),
    // Witnesses and watchers would have the resolver follow addresses that the log brings.
    witness: z.strictObject({}).optional(),
    watchers: z.array(z.never()).max(0).nullable().optional(),
  }),
  state: z.looseObject({ id: z.string().startsWith('did:webvh:').max(512) }),
  proof: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        type: z.literal('DataIntegrityProof'),
        cryptosuite: z.literal('eddsa-jcs-2022'),
        verificationMethod: z.string().max(512),
        created: z.iso.datetime(),
        proofPurpose: z.literal('assertionMethod'),
        proofValue: multikey,
      }),
    )
    .min(1)
    .max(didLogLimits.proofs),
});

export type DidLogEntry = z.infer<typeof entrySchema>;
export type DidLog = DidLogEntry[];

export interface VerificationMethod {
  id: string;
  type: string;
  controller: string;
  publicKeyMultibase?: string;
  publicKeyJwk?: object;
}

/** The members of a DID document that Naru writes and reads. */
export interface DidDocument {
  '@context'?: string[];
  id: string;
  verificationMethod?: VerificationMethod[];
  authentication?: string[];
  assertionMethod?: string[];
  service?: object[];
}

const firstParameters = z.object({ method: z.string(), scid: z.string(), updateKeys: z.array(z.string()).min(1) });

/** @throws DID_LOG_INVALID says which member of which entry */
export function readDidLog(log: unknown): DidLog {
  const read = z.array(entrySchema).min(1).max(didLogLimits.entries).safeParse(log);
  if (!read.success) throw problem('DID_LOG_INVALID', describe(read.error));
  const first = firstParameters.safeParse(read.data[0]?.parameters);
  if (!first.success) throw problem('DID_LOG_INVALID', `First entry of the DID log: ${describe(first.error)}`);
  return read.data;
}

/** @throws DID_LOG_INVALID */
export function parseDidLogText(text: string): DidLog {
  if (text.length > didLogLimits.text_bytes) throw problem('DID_LOG_INVALID', 'The DID log is too long.');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  try {
    return readDidLog(lines.map((line) => JSON.parse(line)));
  } catch (error) {
    if (error instanceof SyntaxError) throw problem('DID_LOG_INVALID', 'A line of the DID log is not JSON.');
    throw error;
  }
}

/** The log as it is stored and served: one entry a line. Source: did:webvh 1.0, 3.1. */
export function didLogText(log: DidLog): string {
  return log.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** A person's document holds keys and nothing else: everybody can read it, for as long as anybody kept it. */
const personState = z.strictObject({
  '@context': z.array(z.string()).optional(),
  id: z.string(),
  controller: z.string().optional(),
  verificationMethod: z
    .array(
      z.strictObject({
        id: z.string(),
        type: z.literal('Multikey'),
        controller: z.string(),
        publicKeyMultibase: multikey,
      }),
    )
    .min(1)
    .max(didLogLimits.updateKeys),
  authentication: z.array(z.string()).optional(),
  assertionMethod: z.array(z.string()).optional(),
});

/** @throws DID_LOG_INVALID where a document holds more than a person's may */
export function checkPersonDocument(state: unknown): void {
  const read = personState.safeParse(state);
  if (!read.success) {
    throw problem('DID_LOG_INVALID', `A person's DID document holds Multikeys only: ${describe(read.error)}`);
  }
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('/') || 'log'}: ${issue?.message ?? 'invalid'}`;
}

// The form a DID log must have before anything in it is believed: known members only, and bounded.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';

export const didLogLimits = {
  entries: 100,
  updateKeys: 8,
  proofs: 8,
  witnesses: 8,
  watchers: 16,
  context: 16,
  /** Of nested values, the log itself counted. */
  depth: 24,
  /** A log of all its entries. */
  text_bytes: 262_144,
  /** The first entry, and approvals. */
  registration_bytes: 16_384,
  /** Some next entries, and approvals. */
  change_bytes: 65_536,
  /** Changes of DIDs from one address. */
  changesPerMinute: 60,
} as const;

/** The contexts a person's document may name; another one could say anything. */
const PERSON_CONTEXTS = [
  'https://www.w3.org/ns/did/v1',
  'https://www.w3.org/ns/did/v1.1',
  'https://www.w3.org/ns/cid/v1',
  'https://w3id.org/security/multikey/v1',
] as const;

const multikey = z.string().regex(/^z[1-9A-HJ-NP-Za-km-z]{10,120}$/);
const hash = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{40,60}$/);
const didKeyUrl = z.string().regex(/^did:key:(z[1-9A-HJ-NP-Za-km-z]{10,120})#\1$/);
export const versionIdSchema = z.string().regex(/^[1-9]\d{0,5}-[1-9A-HJ-NP-Za-km-z]{40,60}$/);

/** Nobody (`{}`), or witnesses and how many of them must agree. */
const witness = z
  .strictObject({
    threshold: z.int().min(1).max(didLogLimits.witnesses).optional(),
    witnesses: z
      .array(z.strictObject({ id: z.string().regex(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{40,50}$/) }))
      .min(1)
      .max(didLogLimits.witnesses)
      .optional(),
  })
  .refine(({ threshold, witnesses }) => (threshold ?? 0) <= (witnesses?.length ?? 0) && !threshold === !witnesses, {
    message: 'the threshold is from 1 to the number of witnesses',
  });

/** Source: did:webvh 1.0, 3.7.1. Early implementations wrote `null` where nothing is meant, and may go on doing so. */
const parametersSchema = z.strictObject({
  method: z.literal('did:webvh:1.0').optional(),
  scid: hash.optional(),
  updateKeys: z.array(multikey).max(didLogLimits.updateKeys).nullish(),
  nextKeyHashes: z.array(hash).max(didLogLimits.updateKeys).nullish(),
  portable: z.boolean().optional(),
  deactivated: z.boolean().optional(),
  witness: witness.nullish(),
  // Kept and shown, never followed.
  watchers: z.array(z.string().max(512)).max(didLogLimits.watchers).nullish(),
  ttl: z.int().min(0).max(2_147_483_648).nullish(),
});

export const logProofSchema = z.strictObject({
  id: z.string().max(512).optional(),
  type: z.literal('DataIntegrityProof'),
  cryptosuite: z.literal('eddsa-jcs-2022'),
  verificationMethod: didKeyUrl,
  created: z.iso.datetime({ offset: true }).optional(),
  proofPurpose: z.literal('assertionMethod'),
  proofValue: multikey,
});

const entrySchema = z.strictObject({
  versionId: versionIdSchema,
  versionTime: z.iso.datetime({ offset: true }),
  parameters: parametersSchema,
  state: z.looseObject({ id: z.string().startsWith('did:webvh:').max(512) }),
  proof: z.array(logProofSchema).min(1).max(didLogLimits.proofs),
});

/** Source: did:webvh 1.0, 3.7.8. */
export interface WitnessRule {
  threshold: number;
  witnesses: { id: string }[];
}

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
  alsoKnownAs?: string[];
  service?: object[];
}

const firstParameters = z.object({ method: z.string(), scid: z.string(), updateKeys: z.array(z.string()).min(1) });

/**
 * The form of any log, another host's too.
 *
 * @throws DID_LOG_INVALID says which member of which entry
 */
export function readDidLog(log: unknown): DidLog {
  const entries = readEntries(log);
  const first = firstParameters.safeParse(entries[0]?.parameters);
  if (!first.success) throw problem('DID_LOG_INVALID', `First entry of the DID log: ${describe(first.error)}`);
  return entries;
}

function readEntries(entries: unknown): DidLog {
  const read = z.array(entrySchema).min(1).max(didLogLimits.entries).safeParse(entries);
  if (!read.success) throw problem('DID_LOG_INVALID', describe(read.error));
  if (!isPlain(entries)) throw problem('DID_LOG_INVALID', 'The DID log is nested too deeply, or holds __proto__.');
  // As they came, with their members in the order they were written: a log is served as its holder made it.
  return entries as DidLog;
}

/**
 * Whether a JSON value can be copied whole. A member `__proto__` is lost in copies, and with it what a signature covers: a
 * host could add keys to a document that never had them.
 */
function isPlain(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth < didLogLimits.depth; depth += 1) {
    const objects = level.filter((item) => typeof item === 'object' && item !== null);
    if (objects.some((object) => Object.hasOwn(object as object, '__proto__'))) return false;
    if (objects.length === 0) return true;
    level = objects.flatMap((object) => Object.values(object as object));
  }
  return false;
}

/** @throws DID_LOG_INVALID */
export function parseDidLogText(text: string): DidLog {
  return readDidLog(parseEntryLines(text));
}

/**
 * The lines of a log, or of entries that are to follow it, as JSON of any form.
 *
 * @throws DID_LOG_INVALID
 */
export function parseEntryLines(text: string): unknown[] {
  if (text.length > didLogLimits.text_bytes) throw problem('DID_LOG_INVALID', 'The DID log is too long.');
  try {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line));
  } catch {
    throw problem('DID_LOG_INVALID', 'A line of the DID log is not JSON.');
  }
}

/** The rule that an entry's parameters set; null where they set none, or end it. */
export function witnessRule({ witness }: Pick<DidLogEntry['parameters'], 'witness'>): WitnessRule | null {
  return witness?.threshold && witness.witnesses
    ? { threshold: witness.threshold, witnesses: witness.witnesses }
    : null;
}

/** The log as it is stored and served: one entry a line. Source: did:webvh 1.0, 3.1. */
export function didLogText(log: DidLog): string {
  return log.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

const keyReferences = z.array(z.string()).max(didLogLimits.updateKeys).optional();

/**
 * A person's entry holds keys and nothing else: everybody can read it, for as long as anybody kept it. So names in it
 * are numbers or keys, there are no services, and the DID stays where it is.
 */
const personEntry = z.object({
  parameters: z.object({
    portable: z.literal(false).optional(),
    watchers: z.array(z.never()).max(0).nullish(),
  }),
  proof: z.array(z.object({ id: z.never().optional() })),
  state: z.strictObject({
    '@context': z.array(z.enum(PERSON_CONTEXTS)).max(didLogLimits.context).optional(),
    id: z.string(),
    controller: z.string().optional(),
    verificationMethod: z
      .array(
        z.strictObject({
          id: z.string().regex(/#(key-\d{1,6}|z[1-9A-HJ-NP-Za-km-z]{10,120})$/),
          type: z.literal('Multikey'),
          controller: z.string(),
          publicKeyMultibase: multikey,
        }),
      )
      .max(didLogLimits.updateKeys)
      .optional(),
    authentication: keyReferences,
    assertionMethod: keyReferences,
  }),
});

/**
 * The form of entries of a person's log, the first ones or those that follow: they are kept and served here.
 *
 * @throws DID_LOG_INVALID where an entry holds more than a person's may
 */
export function readPersonEntries(sent: unknown): DidLog {
  const entries = readEntries(sent);
  for (const entry of entries) {
    const read = personEntry.safeParse(entry);
    if (!read.success) {
      throw problem('DID_LOG_INVALID', `A person's DID log holds Multikeys only: ${describe(read.error)}`);
    }
    checkNames(read.data.state);
  }
  return entries;
}

function checkNames(state: z.infer<typeof personEntry>['state']): void {
  const methods = state.verificationMethod ?? [];
  const ids = methods.map(({ id }) => id);
  const references = [...(state.authentication ?? []), ...(state.assertionMethod ?? [])];
  const controllers = [state.controller ?? state.id, ...methods.map(({ controller }) => controller)];
  const areOwn =
    ids.every((id) => id.startsWith(`${state.id}#`)) &&
    references.every((reference) => ids.includes(reference)) &&
    controllers.every((controller) => controller === state.id);
  if (!areOwn) throw problem('DID_LOG_INVALID', "A person's DID document speaks of its own keys only.");
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('/') || 'log'}: ${issue?.message ?? 'invalid'}`;
}

// Verifies a W3C VC 2.0 with its Data Integrity proof, shown without a presentation around it, and gives the trace.
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { credentialTypes } from '../credentials/credential-types.ts';
import type { DataIntegrity } from '../credentials/data-integrity.ts';
import type { StatusListService } from '../credentials/status-list-service.ts';
import { issuerOf, readSignedCredential, type SignedCredential } from '../credentials/vc-data-model.ts';
import type { DidService } from '../dids/did-service.ts';
import { mayIssue } from '../trust/trusted-issuers.ts';
import { anchorStep } from './anchor-step.ts';
import { type FreshnessPolicy, freshnessPolicies } from './freshness-policy.ts';
import { statusStep } from './status-step.ts';
import { verdictLimits } from './validity-step.ts';
import { completeTrace, isVerified, type TraceStep, traceStep, type Verdict } from './verdict.ts';

export interface VerifyCredentialServiceOptions {
  clock: Clock;
  dids: DidService;
  statusLists: StatusListService;
  dataIntegrity: DataIntegrity;
  policy?: FreshnessPolicy;
}

export type VerifyCredentialService = ReturnType<typeof createVerifyCredentialService>;

const statusEntrySchema = z.object({
  type: z.literal('BitstringStatusListEntry'),
  statusPurpose: z.literal('revocation'),
  statusListIndex: z.string().regex(/^(0|[1-9]\d{0,9})$/),
  statusListCredential: z.string(),
});

export function createVerifyCredentialService(options: VerifyCredentialServiceOptions) {
  const { clock, dids, statusLists, dataIntegrity, policy = freshnessPolicies.standard } = options;

  /** Never throws for a bad credential: the verdict says what is wrong with it. */
  async function verifyW3cCredential(credential: unknown): Promise<Verdict> {
    const read = readSignedCredential(credential);
    if (typeof read === 'string') {
      return verdict([traceStep('format', 'failed', 'FORMAT_MALFORMED', { data: { problem: read } })]);
    }
    if (!dataIntegrity.knowsContexts(read['@context'])) {
      return verdict([traceStep('format', 'failed', 'CONTEXT_UNKNOWN')]);
    }
    const type = credentialTypes.find(({ w3cName }) => read.type.includes(w3cName))?.id ?? null;
    const trace = [traceStep('format', 'passed', 'FORMAT_OK', { data: { type, format: 'ldp_vc' } })];

    const did = issuerOf(read) ?? '';
    const issuer = await dids.resolveDid(did);
    trace.push(
      await signatureStep(read, credential as object, issuer?.verified.document ?? null),
      mayIssue(issuer)
        ? traceStep('issuer', 'passed', 'ISSUER_TRUSTED', { data: { did } })
        : traceStep('issuer', 'failed', 'ISSUER_NOT_TRUSTED'),
    );
    if (issuer === null || trace[1]?.outcome !== 'passed') return verdict(trace, { type });

    const { step: status, credentialId } = await statusStep(statusReference(read), statusLists, policy);
    trace.push(
      status,
      validity(read, clock.now_ms()),
      traceStep('holder', 'not_checked', 'HOLDER_NOT_ASKED'),
      traceStep('disclosures', 'not_checked', 'DISCLOSURES_NOT_USED'),
      anchorStep(issuer.anchor, issuer.anchorValue, issuer, policy),
    );
    return verdict(trace, { type, claims: subjectOf(read), credential_id: credentialId });
  }

  async function signatureStep(
    credential: SignedCredential,
    original: object,
    document: Parameters<DataIntegrity['verify']>[2] | null,
  ): Promise<TraceStep> {
    const [proof] = [credential.proof].flat();
    const method = document?.verificationMethod?.find(({ id }) => id === proof?.verificationMethod);
    if (!document || !method || !document.assertionMethod?.includes(method.id)) {
      return traceStep('signature', 'failed', 'SIGNATURE_KEY_UNKNOWN');
    }
    const within = credential.validFrom ?? credential.validUntil;
    const at_ms = within === undefined ? clock.now_ms() : Date.parse(within);
    return (await dataIntegrity.verify(original, method, document, at_ms))
      ? traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: 'eddsa-rdfc-2022', key: method.id } })
      : traceStep('signature', 'failed', 'SIGNATURE_INVALID');
  }

  return { verifyW3cCredential };
}

function verdict(trace: TraceStep[], found: Partial<Pick<Verdict, 'type' | 'claims' | 'credential_id'>> = {}): Verdict {
  const complete = completeTrace(trace);
  return {
    verified: isVerified(complete),
    trace: complete,
    type: null,
    claims: {},
    credential_id: null,
    holder_thumbprint: null,
    ...found,
  };
}

/** Both ends are optional in the data model. */
function validity({ validFrom, validUntil, proof }: SignedCredential, now_ms: number): TraceStep {
  const skew_ms = verdictLimits.clockSkew_s * 1000;
  const ends = [validUntil, [proof].flat()[0]?.expires].filter((end) => end !== undefined);
  if (validFrom !== undefined && Date.parse(validFrom) > now_ms + skew_ms) {
    return traceStep('validity', 'failed', 'CREDENTIAL_NOT_YET_VALID', { data: { from: validFrom } });
  }
  if (ends.some((end) => Date.parse(end) + skew_ms < now_ms)) {
    return traceStep('validity', 'failed', 'CREDENTIAL_EXPIRED', { data: { until: validUntil ?? null } });
  }
  return traceStep('validity', 'passed', 'VALIDITY_OK', { data: { until: validUntil ?? null } });
}

function statusReference({ credentialStatus }: SignedCredential): { uri: string; index: number } | null {
  for (const entry of [credentialStatus ?? []].flat()) {
    const read = statusEntrySchema.safeParse(entry);
    if (read.success) return { uri: read.data.statusListCredential, index: Number(read.data.statusListIndex) };
  }
  return null;
}

function subjectOf({ credentialSubject }: SignedCredential): Record<string, unknown> {
  const [subject] = [credentialSubject].flat();
  const { id: _id, ...claims } = subject ?? {};
  return claims;
}

// Verifies a W3C presentation: who presents it, for which request, and each credential in it.
// Source: Verifiable Credentials Data Model 2.0, 4.13; Verifiable Credential Data Integrity 1.0, 4.4.
import type { Clock } from '../../platform/clock.ts';
import type { DataIntegrity } from '../credentials/data-integrity.ts';
import { didOfKey } from '../credentials/jose-header.ts';
import { isEnvelope, type Presentation, readPresentation } from '../credentials/vc-presentation.ts';
import { partyId } from '../credentials/vc-terms.ts';
import type { ResolveDidService } from '../dids/resolve-did-service.ts';
import { openPresentationEnvelope } from './open-envelope.ts';
import { proofStep } from './proof-step.ts';
import { tokenStep } from './token-step.ts';
import { verdictLimits } from './validity-step.ts';
import { type TraceStep, traceStep } from './verdict.ts';
import type { VcVerdict, VerifyCredentialService } from './verify-credential-service.ts';

export interface VerifyVcPresentationOptions {
  clock: Clock;
  resolver: ResolveDidService;
  dataIntegrity: DataIntegrity;
  credentials: VerifyCredentialService;
}

/** What the presentation must answer; where the asker names neither, the trace says so. */
export interface PresentationRequestBinding {
  challenge?: string | undefined;
  domain?: string | undefined;
}

export interface VcPresentationVerdict {
  verified: boolean;
  /** Of the presentation itself: its form and its holder. */
  trace: TraceStep[];
  /** Of each credential in it, in their order. */
  credentials: VcVerdict[];
  holder: string | null;
  content: Record<string, unknown> | null;
}

export type VerifyVcPresentationService = ReturnType<typeof createVerifyVcPresentationService>;

export function createVerifyVcPresentationService(options: VerifyVcPresentationOptions) {
  const { clock, resolver, dataIntegrity, credentials } = options;

  /** Never throws for a bad presentation: the verdict says what is wrong with it. */
  async function verifyW3cPresentation(
    value: unknown,
    asked: PresentationRequestBinding,
  ): Promise<VcPresentationVerdict> {
    if (isEnvelope(value)) return verifyEnveloped(value, asked);
    const { presentation, failed } = read(value);
    if (presentation === null) return refusal([failed]);
    const format = traceStep('format', 'passed', 'FORMAT_OK', { data: { type: null, format: 'ldp_vp' } });
    const first = presentation.proof?.[0];
    if (first === undefined) return refusal([format, traceStep('holder', 'failed', 'HOLDER_NOT_SIGNED')]);
    const holder =
      presentation.holder === undefined ? didOfKey(first.verificationMethod) : partyId(presentation.holder);
    const signature = await proofStep(
      value as Record<string, unknown>,
      { by: holder, purpose: 'authentication', now_ms: clock.now_ms(), ...asked },
      { resolver, jsonLd: dataIntegrity.tools.jsonLd },
    );
    return judge(presentation, value, [format, holderStep(signature, asked)], holder);
  }

  async function verifyEnveloped(value: unknown, asked: PresentationRequestBinding): Promise<VcPresentationVerdict> {
    const opened = openPresentationEnvelope(value);
    if ('outcome' in opened) return refusal([opened]);
    const { token, content } = opened;
    const { presentation, failed } = read(content);
    if (presentation === null) return refusal([failed]);
    if (presentation.proof !== undefined) return refusal([malformed('proof: the presentation is secured in two ways')]);
    const holder = presentation.holder === undefined ? didOfKey(token.header.kid) : partyId(presentation.holder);
    const signature = await tokenStep(token, { by: holder, purpose: 'authentication' }, resolver);
    const reason = reasonOfClaims(token.payload, holder, asked);
    const step = reason === null ? holderStep(signature, asked) : traceStep('holder', 'failed', reason);
    const format = traceStep('format', 'passed', 'FORMAT_OK', { data: { type: null, format: opened.format } });
    return judge(presentation, content, [format, step], holder);
  }

  /** The token's own claims: `nonce` is the challenge, `aud` the domain. Null where nothing is wrong with them. */
  function reasonOfClaims(
    payload: Record<string, unknown>,
    holder: string,
    { challenge, domain }: PresentationRequestBinding,
  ): TraceStep['reason'] | null {
    const { iss, aud, nonce, exp, nbf } = payload;
    const now_s = clock.now_ms() / 1000;
    if ('vc' in payload || 'vp' in payload || (iss !== undefined && iss !== holder)) return 'HOLDER_PROOF_MALFORMED';
    if (challenge !== undefined && nonce !== challenge) return 'HOLDER_NONCE_WRONG';
    if (domain !== undefined && ![aud].flat().includes(domain)) return 'HOLDER_AUDIENCE_WRONG';
    const isOver = typeof exp === 'number' && exp + verdictLimits.clockSkew_s < now_s;
    const isAhead = typeof nbf === 'number' && nbf - verdictLimits.clockSkew_s > now_s;
    return isOver || isAhead ? 'HOLDER_PROOF_STALE' : null;
  }

  function read(
    value: unknown,
  ): { presentation: Presentation; failed?: never } | { presentation: null; failed: TraceStep } {
    const presentation = readPresentation(value);
    if (typeof presentation === 'string') return { presentation: null, failed: malformed(presentation) };
    return dataIntegrity.knowsContexts(presentation['@context'])
      ? { presentation }
      : { presentation: null, failed: traceStep('format', 'failed', 'CONTEXT_UNKNOWN') };
  }

  async function judge(
    presentation: Presentation,
    value: unknown,
    trace: TraceStep[],
    holder: string,
  ): Promise<VcPresentationVerdict> {
    const isHolders = trace.every(({ outcome }) => outcome !== 'failed');
    const verdicts: VcVerdict[] = [];
    for (const credential of presentation.verifiableCredential ?? []) {
      verdicts.push(
        'proof' in credential || isEnvelope(credential)
          ? await credentials.verifyW3cCredential(credential)
          : await credentials.verifySelfAsserted(credential, isHolders ? holder : null),
      );
    }
    return {
      verified: isHolders && verdicts.every(({ verified }) => verified),
      ...{ trace, credentials: verdicts, holder: isHolders ? holder : null },
      content: value as Record<string, unknown>,
    };
  }

  return { verifyW3cPresentation };
}

/** The signature of a presentation is the holder's proof. */
function holderStep(signature: TraceStep, { challenge }: PresentationRequestBinding): TraceStep {
  const data = signature.data === undefined ? {} : { data: signature.data };
  if (signature.outcome !== 'passed') {
    const reason = signature.reason === 'PROOF_NOT_BY_ISSUER' ? 'HOLDER_KEY_UNKNOWN' : signature.reason;
    return traceStep('holder', 'failed', reason, data);
  }
  return challenge === undefined
    ? traceStep('holder', 'not_checked', 'HOLDER_NOT_BOUND', data)
    : traceStep('holder', 'passed', 'HOLDER_SIGNED', data);
}

function refusal(trace: TraceStep[]): VcPresentationVerdict {
  return { verified: false, trace, credentials: [], holder: null, content: null };
}

function malformed(what: string): TraceStep {
  return traceStep('format', 'failed', 'FORMAT_MALFORMED', { data: { problem: what } });
}

// Verifies a W3C presentation that answers a request of OpenID4VP: for this request, by whom the credential is about.
// Source: OpenID4VP 1.0, B.1; Verifiable Credentials Data Model 2.0, 4.13; Securing Verifiable Credentials using JOSE and COSE.
import { claimsSchema, credentialType } from '../credentials/credential-types.ts';
import { envelope } from '../credentials/vc-presentation.ts';
import { VP_JWT_TYPE } from '../credentials/vc-token.ts';
import type { AskedFormat } from './presentation-request.ts';
import { completeTrace, isVerified, type TraceStep, traceStep, type Verdict } from './verdict.ts';
import type { VcVerdict } from './verify-credential-service.ts';
import type { VerifyVcPresentationService } from './verify-vc-presentation-service.ts';

export interface W3cAnswerExpectation {
  format: Extract<AskedFormat, 'ldp_vc' | 'jwt_vc_json'>;
  /** `challenge` of the proof, `nonce` of the token. */
  nonce: string;
  /** `domain` of the proof, `aud` of the token. */
  audience: string;
  /** Credential type ids that were asked for. */
  types: readonly string[];
}

export function createVerifyW3cAnswerService(parts: { presentations: VerifyVcPresentationService }) {
  /** Never throws for a bad presentation: the verdict says what is wrong with it. */
  async function verifyW3cAnswer(presentation: unknown, expected: W3cAnswerExpectation): Promise<Verdict> {
    const value = secured(presentation, expected.format);
    if (value === null) return verdictOf([traceStep('format', 'failed', 'FORMAT_MALFORMED')]);
    const { nonce: challenge, audience: domain } = expected;
    const found = await parts.presentations.verifyW3cPresentation(value, { challenge, domain });
    const refused = found.trace.find(({ outcome }) => outcome === 'failed');
    if (refused !== undefined) return verdictOf([refused]);
    const [shown, ...more] = found.credentials;
    if (shown === undefined || more.length > 0) {
      const data = { problem: 'a presentation must hold the one credential that was asked for' };
      return verdictOf([traceStep('format', 'failed', 'FORMAT_MALFORMED', { data })]);
    }
    const holder = found.trace.find(({ step }) => step === 'holder');
    return judge(shown, expected, holderOf(shown, found.holder, holder));
  }

  return { verifyW3cAnswer };
}

/** The presentation as it is verified, where it is secured in the way that was asked for. */
function secured(presentation: unknown, format: W3cAnswerExpectation['format']): unknown {
  if (format === 'ldp_vc') {
    return typeof presentation === 'object' && presentation !== null && 'proof' in presentation ? presentation : null;
  }
  if (typeof presentation !== 'string') return null;
  return envelope('EnvelopedVerifiablePresentation', { mediaType: `application/${VP_JWT_TYPE}`, token: presentation });
}

/** Who presents must be whom the credential is about: a credential that was passed on shows nothing of who holds it. */
function holderOf({ content }: VcVerdict, holder: string | null, signed: TraceStep | undefined): TraceStep {
  const subjects = [content?.credentialSubject].flat() as ({ id?: unknown } | undefined)[];
  if (content !== null && !(subjects.length === 1 && holder !== null && subjects[0]?.id === holder)) {
    return traceStep('holder', 'failed', 'HOLDER_NOT_SUBJECT');
  }
  return signed ?? traceStep('holder', 'failed', 'HOLDER_NOT_SIGNED');
}

function judge(shown: VcVerdict, { types, format }: W3cAnswerExpectation, holder: TraceStep): Verdict {
  const type = types.find((id) => id === shown.type);
  const claims = type === undefined ? {} : shown.claims;
  const fits = type !== undefined && claimsSchema(credentialType(type)).partial().safeParse(claims).success;
  const trace = shown.trace.map((step) => {
    if (step.step === 'holder') return holder;
    if (step.outcome === 'failed') return step;
    if (step.step === 'format') {
      return type === undefined
        ? traceStep('format', 'failed', 'TYPE_NOT_ASKED', { data: { type: shown.type } })
        : traceStep('format', 'passed', 'FORMAT_OK', { data: { type, format } });
    }
    return step.step === 'disclosures' && type !== undefined && !fits && shown.content !== null
      ? traceStep('disclosures', 'failed', 'CLAIMS_NOT_OF_TYPE')
      : step;
  });
  return verdictOf(trace, {
    type: type ?? null,
    claims: fits ? claims : {},
    credential_id: shown.credential_id,
  });
}

function verdictOf(trace: readonly TraceStep[], found: Partial<Verdict> = {}): Verdict {
  const complete = completeTrace(trace);
  const verified = isVerified(complete);
  return {
    ...{ verified, trace: complete, type: null, claims: {}, credential_id: null, holder_thumbprint: null },
    ...found,
  };
}

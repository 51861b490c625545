// Verifies a presentation of an SD-JWT VC and says of each step whether it passed, and why.
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { claimsSchema, typeOfVct } from '../credentials/credential-types.ts';
import { sdJwtHasher } from '../credentials/sd-jwt-vc.ts';
import type { DidService, ResolvedDid } from '../dids/did-service.ts';
import { mayIssue } from '../trust/trusted-issuers.ts';
import { anchorStep } from './anchor-step.ts';
import { applyDisclosures } from './disclosures.ts';
import { type FreshnessPolicy, freshnessPolicies } from './freshness-policy.ts';
import {
  type Jwt,
  keyBindingHeaderProblem,
  readSdJwtPresentation,
  type SdJwtPresentation,
} from './sd-jwt-presentation.ts';
import { type StatusSource, statusStep } from './status-step.ts';
import { validityStep, verdictLimits } from './validity-step.ts';
import { completeTrace, isVerified, type TraceStep, traceStep, type Verdict } from './verdict.ts';

export interface VerifyPresentationServiceOptions {
  clock: Clock;
  /** No slash at the end. */
  publicUrl: string;
  /** The service's own, or what was kept of them (kept-trust.ts). */
  dids: Pick<DidService, 'resolveDid'>;
  statusLists: StatusSource;
  policy?: FreshnessPolicy;
}

export interface PresentationExpectation {
  /** The nonce of the request this must answer. */
  nonce: string;
  /** Who it must have been made for: the verifier's client id. */
  audience: string;
  /** Credential type ids that were asked for. */
  types: readonly string[];
}

/** Members of the payload that are the protocol's, not claims about the holder. */
const protocolMembers = new Set([
  ...['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti'],
  ...['vct', 'vct#integrity', 'cnf', 'status', '_sd_alg'],
]);

const holderKeySchema = z.object({
  jwk: z.union([
    z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
    z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
  ]),
});

export function createVerifyPresentationService(options: VerifyPresentationServiceOptions) {
  const { clock, publicUrl, dids, statusLists, policy = freshnessPolicies.standard } = options;

  /** Never throws for a bad presentation: the verdict says what is wrong with it. */
  async function verifySdJwtPresentation(compact: unknown, expected: PresentationExpectation): Promise<Verdict> {
    const presentation = readSdJwtPresentation(compact);
    if (typeof presentation === 'string') return refusal([traceStep('format', 'failed', presentation)]);
    const { payload } = presentation.jwt;
    const type = typeOfVct(payload.vct, publicUrl);
    if (type === null) return refusal([traceStep('format', 'failed', 'TYPE_UNKNOWN')]);
    const trace = [
      expected.types.includes(type.id)
        ? traceStep('format', 'passed', 'FORMAT_OK', { data: { type: type.id, format: 'dc+sd-jwt' } })
        : traceStep('format', 'failed', 'TYPE_NOT_ASKED', { data: { type: type.id } }),
    ];

    const issuer = await dids.resolveDid(String(payload.iss));
    const signature = await signatureStep(presentation.jwt, issuer);
    trace.push(signature);
    if (!mayIssue(issuer)) trace.push(traceStep('issuer', 'failed', 'ISSUER_NOT_TRUSTED'));
    else trace.push(traceStep('issuer', 'passed', 'ISSUER_TRUSTED', { data: { did: String(payload.iss) } }));
    // What nobody trusted has signed says nothing about status, validity or holder.
    if (issuer === null || signature.outcome !== 'passed') return refusal(trace, type.id);

    const now_s = Math.floor(clock.now_ms() / 1000);
    const { step: status, credentialId } = await statusStep(statusReference(payload), statusLists, policy);
    const { step: holder, thumbprint } = await holderStep(presentation, expected, now_s);
    const disclosed = applyDisclosures(payload, presentation.disclosures);
    const claims = disclosed.ok
      ? Object.fromEntries(Object.entries(disclosed.payload).filter(([name]) => !protocolMembers.has(name)))
      : {};
    const fits = claimsSchema(type).partial().safeParse(claims).success;
    trace.push(
      status,
      validityStep({ notBefore_s: payload.nbf ?? payload.iat, expires_s: payload.exp }, now_s),
      holder,
      disclosed.ok
        ? fits
          ? traceStep('disclosures', 'passed', 'DISCLOSURES_OK', {
              data: { disclosed: presentation.disclosures.length },
            })
          : traceStep('disclosures', 'failed', 'CLAIMS_NOT_OF_TYPE')
        : traceStep('disclosures', 'failed', disclosed.reason),
      anchorStep(issuer.anchor, issuer.anchorValue, issuer, policy),
    );
    return {
      verified: isVerified(trace),
      trace: completeTrace(trace),
      type: type.id,
      claims: fits ? claims : {},
      credential_id: credentialId,
      holder_thumbprint: thumbprint,
    };
  }

  return { verifySdJwtPresentation };
}

/** @param type the type, where at least that could be read */
function refusal(trace: TraceStep[], type: string | null = null): Verdict {
  return {
    verified: false,
    trace: completeTrace(trace),
    type,
    claims: {},
    credential_id: null,
    holder_thumbprint: null,
  };
}

async function signatureStep(jwt: Jwt, issuer: ResolvedDid | null): Promise<TraceStep> {
  const keyId = jwt.header.kid;
  const document = issuer?.verified.document;
  const method = document?.verificationMethod?.find(({ id }) => id === keyId);
  if (!method?.publicKeyJwk || !document?.assertionMethod?.includes(method.id)) {
    return traceStep('signature', 'failed', 'SIGNATURE_KEY_UNKNOWN');
  }
  return (await isSignedBy(jwt, method.publicKeyJwk, 'ES256'))
    ? traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: 'ES256', key: method.id } })
    : traceStep('signature', 'failed', 'SIGNATURE_INVALID');
}

async function isSignedBy(jwt: Jwt, jwk: JWK, algorithm: 'ES256' | 'EdDSA'): Promise<boolean> {
  try {
    await compactVerify(jwt.compact, await importJWK(jwk, algorithm), { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}

async function holderStep(
  { jwt, keyBinding, bound }: SdJwtPresentation,
  { nonce, audience }: PresentationExpectation,
  now_s: number,
): Promise<{ step: TraceStep; thumbprint: string | null }> {
  const refused = (reason: TraceStep['reason']) => ({ step: traceStep('holder', 'failed', reason), thumbprint: null });
  const key = holderKeySchema.safeParse(jwt.payload.cnf);
  if (!key.success) return refused('HOLDER_KEY_MISSING');
  if (keyBinding === null) return refused('HOLDER_PROOF_MISSING');
  const algorithm = key.data.jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
  const headerProblem = keyBindingHeaderProblem(keyBinding.header, algorithm);
  if (headerProblem) return refused(headerProblem);
  if (!(await isSignedBy(keyBinding, key.data.jwk, algorithm))) return refused('HOLDER_SIGNATURE_INVALID');
  const { payload } = keyBinding;
  if (payload.nonce !== nonce) return refused('HOLDER_NONCE_WRONG');
  if (payload.aud !== audience) return refused('HOLDER_AUDIENCE_WRONG');
  if (typeof payload.iat !== 'number') return refused('HOLDER_PROOF_MALFORMED');
  const age_s = now_s - payload.iat;
  if (age_s > verdictLimits.holderProofAge_s || age_s < -verdictLimits.clockSkew_s)
    return refused('HOLDER_PROOF_STALE');
  if (payload.sd_hash !== Buffer.from(sdJwtHasher(bound)).toString('base64url')) {
    return refused('HOLDER_CONTENT_CHANGED');
  }
  const thumbprint = await calculateJwkThumbprint(key.data.jwk);
  return { step: traceStep('holder', 'passed', 'HOLDER_OK', { data: { age_s: Math.max(0, age_s) } }), thumbprint };
}

function statusReference(payload: Record<string, unknown>): { uri: string; index: number } | null {
  const reference = z.object({ status_list: z.object({ uri: z.string(), idx: z.number() }) }).safeParse(payload.status);
  return reference.success ? { uri: reference.data.status_list.uri, index: reference.data.status_list.idx } : null;
}

// Verifies a presentation of an SD-JWT VC and says of each step whether it passed, and why.
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { claimsSchema, typeOfVct } from '../credentials/credential-types.ts';
import { didOfKey } from '../credentials/jose-header.ts';
import type { DidResolver } from '../dids/did-resolution.ts';
import type { DidService } from '../dids/did-service.ts';
import type { ResolvedDid } from '../dids/resolved-did.ts';
import { methodFor, publicJwkOf } from '../dids/verification-method.ts';
import { authorityKeyIds } from '../trust/authority-key-ids.ts';
import { type IssuerTrust, noOtherIssuers } from '../trust/trusted-issuers.ts';
import { anchorStep } from './anchor-step.ts';
import { certifiedJwt, chainSteps } from './chain-step.ts';
import { applyDisclosures } from './disclosures.ts';
import type { ForeignStatusLists } from './foreign-status-list-port.ts';
import { createForeignTokenStatus } from './foreign-token-status-service.ts';
import { type FreshnessPolicy, freshnessPolicies } from './freshness-policy.ts';
import { type HolderExpectation, holderStep } from './holder-step.ts';
import { issuerStep } from './issuer-step.ts';
import { isSignedBy, type Jwt } from './jws.ts';
import { readSdJwtPresentation } from './sd-jwt-presentation.ts';
import { type StatusSource, statusStep } from './status-step.ts';
import { tokenStep } from './token-step.ts';
import { validityStep } from './validity-step.ts';
import { completeTrace, isVerified, type TraceStep, traceStep, type Verdict } from './verdict.ts';

export interface VerifyPresentationServiceOptions {
  clock: Clock;
  /** No slash at the end. */
  publicUrl: string;
  /** The service's own, or what was kept of them (kept-trust.ts). */
  dids: Pick<DidService, 'resolveDid'>;
  statusLists: StatusSource;
  policy?: FreshnessPolicy;
  /** Who else may issue, and where their keys and status lists are found; nobody where absent, as without a network. */
  others?: { trust: IssuerTrust; resolver: DidResolver; statusLists: ForeignStatusLists };
}

export interface PresentationExpectation extends HolderExpectation {
  /** Credential type ids that were asked for. */
  types: readonly string[];
  /** Key identifiers of authorities, one of which must have certified the issuer. Source: OpenID4VP 1.0, 6.1.1.1 */
  authorities?: readonly string[] | undefined;
}

/** Members of the payload that are the protocol's, not claims about the holder. */
const protocolMembers = new Set([
  ...['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti'],
  ...['vct', 'vct#integrity', 'cnf', 'status', '_sd_alg'],
]);

export function createVerifyPresentationService(options: VerifyPresentationServiceOptions) {
  const { clock, publicUrl, dids, statusLists, others, policy = freshnessPolicies.standard } = options;
  const foreign =
    others && createForeignTokenStatus({ ...others, lists: others.statusLists, publicUrl, clock, policy });

  /** Where nobody else may issue, none of this is ever asked. */
  const foreignStatusStep = foreign?.stepFor ?? (async () => traceStep('status', 'failed', 'STATUS_UNKNOWN'));

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

    const now_s = Math.floor(clock.now_ms() / 1000);
    const issuer = issuerNamedIn(presentation.jwt);
    const own = await dids.resolveDid(issuer);
    const { authorities } = expected;
    const signed = await signedBy(presentation.jwt, { did: issuer, own }, { type: type.id, now_s, authorities });
    const { signature } = signed;
    const trusted =
      signed.issuer.outcome === 'passed' && !isCertifiedByOneOf(presentation.jwt, authorities)
        ? traceStep('issuer', 'failed', 'AUTHORITY_NOT_ASKED')
        : signed.issuer;
    trace.push(signature, trusted);
    // What nobody trusted has signed says nothing about status, validity or holder.
    if (trusted.outcome !== 'passed' || signature.outcome !== 'passed') return refusal(trace, type.id);

    const reference = statusReference(payload);
    const { step: status, credentialId } =
      own === null
        ? { step: await foreignStatusStep(reference, { issuer: issuerIn(payload), type: type.id }), credentialId: null }
        : await statusStep(reference, statusLists, policy);
    const { step: holder, thumbprint } = holderStep(presentation, expected, now_s);
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
      own === null
        ? traceStep('anchor', 'not_checked', 'ANCHOR_NOT_USED')
        : anchorStep(own.anchor, own.anchorValue, own, policy),
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

  /** By a key of the DID it names; a certificate in the header speaks for those alone whose DID does not. */
  async function signedBy(
    jwt: Jwt,
    { did, own }: { did: string; own: ResolvedDid | null },
    { type, now_s, authorities }: { type: string; now_s: number; authorities: readonly string[] | undefined },
  ) {
    const trust = others?.trust ?? noOtherIssuers;
    const kid = String(jwt.header.kid);
    const issuer = await issuerStep(did, own, type, trust);
    if (own !== null || others === undefined) return { signature: signatureStep(jwt, own), issuer };
    // Of another's certificates only a chain that holds shows that an authority which was asked for signed them.
    const speaksForDid = issuer.outcome === 'passed' && kid.startsWith(`${did}#`) && authorities === undefined;
    if (jwt.header.x5c !== undefined && !speaksForDid) return chainSteps(certifiedJwt(jwt), { type, now_s, trust });
    // Nobody's DID is looked up elsewhere before it is trusted.
    if (issuer.outcome !== 'passed') return { signature: signatureStep(jwt, null), issuer };
    const token = { compact: jwt.compact, header: { alg: 'ES256', kid } } as const;
    return { signature: await tokenStep(token, { by: did, purpose: 'assertionMethod' }, others.resolver), issuer };
  }

  return { verifySdJwtPresentation };
}

/** Certificates of our own issuer are those the key was given, whose signature has been checked. */
function isCertifiedByOneOf({ header }: Jwt, authorities: readonly string[] | undefined): boolean {
  return authorities === undefined || authorityKeyIds(header.x5c).some((keyId) => authorities.includes(keyId));
}

function issuerIn({ iss }: Record<string, unknown>): string | null {
  return typeof iss === 'string' ? iss : null;
}

/** As `iss`, or where a certificate makes that one superfluous, the DID of the key. Whether it is true, the signature shows. */
function issuerNamedIn({ header, payload }: Jwt): string {
  if (typeof payload.iss === 'string') return payload.iss;
  return typeof header.kid === 'string' ? didOfKey(header.kid) : '';
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

function signatureStep(jwt: Jwt, issuer: ResolvedDid | null): TraceStep {
  const document = issuer?.verified.document;
  const method = document && methodFor(document, String(jwt.header.kid), 'assertionMethod');
  const jwk = method && publicJwkOf(method);
  if (!jwk) return traceStep('signature', 'failed', 'SIGNATURE_KEY_UNKNOWN');
  return isSignedBy(jwt, { ...jwk }, 'ES256')
    ? traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: 'ES256', key: method.id } })
    : traceStep('signature', 'failed', 'SIGNATURE_INVALID');
}

function statusReference(payload: Record<string, unknown>): Parameters<typeof statusStep>[0] {
  if (payload.status === undefined) return null;
  const reference = z.object({ status_list: z.object({ uri: z.string(), idx: z.number() }) }).safeParse(payload.status);
  if (!reference.success) return 'unreadable';
  return { uri: reference.data.status_list.uri, index: reference.data.status_list.idx };
}

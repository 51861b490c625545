// Verifies a presentation of an mdoc and says of each step whether it passed, and why.
// Source: ISO/IEC 18013-5:2021, 9.3.1; OpenID4VP 1.0, B.2.
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { CredentialType } from '../credentials/credential-type.ts';
import { claimsSchema, doctypeOf, typeOfDoctype } from '../credentials/credential-types.ts';
import { claimOfElement, MDOC_FORMAT } from '../credentials/mdoc-elements.ts';
import type { DidResolver } from '../dids/did-resolution.ts';
import type { DidService } from '../dids/did-service.ts';
import { methodOfKey } from '../dids/verification-method.ts';
import { authorityKeyIds } from '../trust/authority-key-ids.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import type { IssuerTrust } from '../trust/trusted-issuers.ts';
import { anchorStep } from './anchor-step.ts';
import { chainSteps } from './chain-step.ts';
import { deviceStep, isCoseSignedBy, type MdocSession } from './device-step.ts';
import type { ForeignStatusLists } from './foreign-status-list-port.ts';
import { createForeignTokenStatus } from './foreign-token-status-service.ts';
import { type FreshnessPolicy, freshnessPolicies } from './freshness-policy.ts';
import { issuerStep } from './issuer-step.ts';
import {
  type MdocPresentation,
  type OpenedElements,
  openElements,
  readMdocPresentation,
  statusNamedIn,
} from './mdoc-presentation.ts';
import { type StatusSource, statusStep } from './status-step.ts';
import { validityStep, verdictLimits } from './validity-step.ts';
import { completeTrace, isVerified, type TraceStep, traceStep, type Verdict } from './verdict.ts';

export interface VerifyMdocServiceOptions {
  clock: Clock;
  /** No slash at the end. */
  publicUrl: string;
  dids: Pick<DidService, 'resolveDid'>;
  /** The service's own: what its keys sign, its DID answers for. */
  issuer: Pick<Issuer, 'did' | 'certificate'>;
  statusLists: StatusSource;
  policy?: FreshnessPolicy;
  /** Who else may issue, and where their status lists are found. */
  others: { trust: IssuerTrust; resolver: DidResolver; statusLists: ForeignStatusLists };
}

export interface MdocExpectation extends MdocSession {
  /** Credential type ids that were asked for. */
  types: readonly string[];
  /** Key identifiers of authorities, one of which must have certified the issuer. Source: OpenID4VP 1.0, 6.1.1.1 */
  authorities?: readonly string[] | undefined;
}

export function createVerifyMdocService(options: VerifyMdocServiceOptions) {
  const { clock, publicUrl, dids, issuer, statusLists, others, policy = freshnessPolicies.standard } = options;
  const { trust } = others;
  const foreign = createForeignTokenStatus({ ...others, lists: others.statusLists, publicUrl, clock, policy });

  /** Never throws for a bad presentation: the verdict says what is wrong with it. */
  async function verifyMdocPresentation(text: unknown, expected: MdocExpectation): Promise<Verdict> {
    const presentation = readMdocPresentation(text);
    if (typeof presentation === 'string') return verdict([traceStep('format', 'failed', presentation)]);
    const { object } = presentation;
    const type = typeOfDoctype(object.docType);
    if (type === null) return verdict([traceStep('format', 'failed', 'TYPE_UNKNOWN')]);
    const trace = [
      expected.types.includes(type.id)
        ? traceStep('format', 'passed', 'FORMAT_OK', { data: { type: type.id, format: MDOC_FORMAT } })
        : traceStep('format', 'failed', 'TYPE_NOT_ASKED', { data: { type: type.id } }),
    ];
    const { own, signature, trusted } = await signedBy(presentation, type, expected.authorities);
    trace.push(signature, trusted);
    // What nobody trusted has signed says nothing about status, validity or holder.
    if (trusted.outcome !== 'passed' || signature.outcome !== 'passed') return verdict(trace, { type: type.id });

    const reference = statusNamedIn(object);
    const { step: status, credentialId } =
      own === null
        ? { step: await foreign.stepFor(reference, { issuer: null, type: type.id }), credentialId: null }
        : await statusStep(reference, statusLists, policy);
    const { step: holder, thumbprint } = await deviceStep(presentation, expected);
    const opened = openElements(presentation);
    const claims = opened.ok ? claimsIn(opened, type) : null;
    trace.push(
      ...[status, periodStep(presentation), holder],
      opened.ok
        ? claims === null
          ? traceStep('disclosures', 'failed', 'CLAIMS_NOT_OF_TYPE')
          : traceStep('disclosures', 'passed', 'DISCLOSURES_OK', { data: { disclosed: opened.count } })
        : traceStep('disclosures', 'failed', opened.reason),
      own === null
        ? traceStep('anchor', 'not_checked', 'ANCHOR_NOT_USED')
        : anchorStep(own.anchor, own.anchorValue, own, policy),
    );
    return verdict(trace, {
      ...{ type: type.id, claims: claims ?? {}, credential_id: credentialId, holder_thumbprint: thumbprint },
    });
  }

  /** By a key of our own DID, which answers for it also after its certificate has run out; everybody else by a chain. */
  async function signedBy(
    { document, x5c }: MdocPresentation,
    type: CredentialType,
    authorities: readonly string[] | undefined,
  ) {
    const { issuerAuth } = document.issuerSigned;
    const jwk = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).publicKey.export({ format: 'jwk' });
    const found = await dids.resolveDid(issuer.did);
    const keys = found?.verified.document ?? null;
    const method = keys && methodOfKey(keys, jwk, 'assertionMethod');
    const own = method ? found : null;
    const now_s = Math.floor(clock.now_ms() / 1000);
    const isSignedBy = (key: typeof jwk) => key.crv === 'P-256' && isCoseSignedBy(issuerAuth, key);
    const { signature, issuer: named } = method
      ? {
          signature: isSignedBy(jwk)
            ? traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: 'ES256', key: method.id } })
            : traceStep('signature', 'failed', 'SIGNATURE_INVALID'),
          issuer: await issuerStep(issuer.did, own, type.id, trust),
        }
      : await chainSteps({ x5c, iss: undefined, isSignedBy }, { type: type.id, now_s, trust });
    // Nobody signs the header that brings the certificates: of our own, only what the key was really given counts.
    const proven = own === null || x5c[0] === issuer.certificate?.x5c[0] ? authorityKeyIds(x5c) : [];
    const isAsked = authorities === undefined || proven.some((keyId) => authorities.includes(keyId));
    const trusted =
      named.outcome === 'passed' && !isAsked ? traceStep('issuer', 'failed', 'AUTHORITY_NOT_ASKED') : named;
    return { own, signature, trusted };
  }

  /** The period that is signed, and whether it was signed in the certificate's. Source: ISO/IEC 18013-5:2021, 9.3.1 */
  function periodStep({ object, x5c }: MdocPresentation): TraceStep {
    const { signed, validFrom, validUntil } = object.validityInfo;
    const leaf = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64'));
    const skew_ms = verdictLimits.clockSkew_s * 1_000;
    const outside =
      signed.getTime() + skew_ms < Date.parse(leaf.validFrom) || signed.getTime() - skew_ms > Date.parse(leaf.validTo);
    if (outside) return traceStep('validity', 'failed', 'SIGNED_OUTSIDE_CERTIFICATE');
    const [notBefore_s, expires_s] = [validFrom, validUntil].map((time) => Math.floor(time.getTime() / 1_000));
    return validityStep({ notBefore_s, expires_s }, Math.floor(clock.now_ms() / 1_000));
  }

  return { verifyMdocPresentation };
}

/** As its type has them; null where an element, or a namespace, is none of the type's. */
function claimsIn(
  { namespaces }: Extract<OpenedElements, { ok: true }>,
  type: CredentialType,
): Record<string, unknown> | null {
  const own = doctypeOf(type);
  if ([...namespaces.keys()].some((namespace) => namespace !== own)) return null;
  const elements = [...(namespaces.get(own) ?? [])].map(([name, value]) => [name, claimOfElement(value)]);
  const claims = Object.fromEntries(elements) as Record<string, unknown>;
  return claimsSchema(type).partial().safeParse(claims).success ? claims : null;
}

function verdict(trace: readonly TraceStep[], found: Partial<Verdict> = {}): Verdict {
  const complete = completeTrace(trace);
  return {
    ...{ verified: isVerified(complete), trace: complete, type: null, claims: {} },
    ...{ credential_id: null, holder_thumbprint: null },
    ...found,
  };
}

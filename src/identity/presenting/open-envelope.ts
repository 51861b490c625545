// Takes an enveloped credential or presentation apart, up to where its signature is to be checked.
// Source: VC Data Model 2.0, 4.13.1 and 4.13.2; Securing Verifiable Credentials using JOSE and COSE, 3.1 and 3.2.
import { readJoseClaims, type SignatureTimes } from '../credentials/jose-claims.ts';
import { type ConformingCredential, issuerOf, readConformingCredential } from '../credentials/vc-data-model.ts';
import { type Envelope, type EnvelopeType, readEnvelope } from '../credentials/vc-presentation.ts';
import {
  type ReadToken,
  readVcJwt,
  readVcSdJwt,
  VC_JWT_TYPE,
  VC_SD_JWT_TYPE,
  VP_JWT_TYPE,
  VP_SD_JWT_TYPE,
} from '../credentials/vc-token.ts';
import { applyDisclosures } from './disclosures.ts';
import { type TraceStep, traceStep } from './verdict.ts';

export interface OpenedEnvelope {
  token: ReadToken;
  /** What the token secures, with what was disclosed. */
  content: Record<string, unknown>;
  format: string;
  disclosures: TraceStep;
}

export interface OpenedCredential extends OpenedEnvelope {
  credential: ConformingCredential;
  times: SignatureTimes;
}

/** Members of a token that are the token's, not the document's. */
const TOKEN_MEMBERS = new Set(['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti', 'nonce', 'cnf', '_sd_alg']);

/** @param value an EnvelopedVerifiableCredential, or the token alone */
export function openCredentialEnvelope(value: unknown): OpenedCredential | TraceStep {
  const opened = open(value, 'EnvelopedVerifiableCredential');
  if ('outcome' in opened) return opened;
  const credential = readConformingCredential(opened.content);
  if (typeof credential === 'string') return malformed(credential);
  const [subject] = [credential.credentialSubject].flat();
  const names = { issuer: issuerOf(credential), subject: subject?.id ?? null, id: credential.id ?? null };
  const times = readJoseClaims(opened.token.members, opened.token.payload, names);
  return typeof times === 'string' ? malformed(times) : { ...opened, credential, times };
}

export function openPresentationEnvelope(value: unknown): OpenedEnvelope | TraceStep {
  return open(value, 'EnvelopedVerifiablePresentation');
}

function open(value: unknown, type: EnvelopeType): OpenedEnvelope | TraceStep {
  const envelope = typeof value === 'string' ? bare(value, type) : readEnvelope(value, type);
  if (typeof envelope === 'string') return malformed(envelope);
  const { mediaType, token: compact } = envelope;
  const jwtType = type === 'EnvelopedVerifiableCredential' ? VC_JWT_TYPE : VP_JWT_TYPE;
  const sdJwtType = type === 'EnvelopedVerifiableCredential' ? VC_SD_JWT_TYPE : VP_SD_JWT_TYPE;
  if (mediaType === `application/${jwtType}`) {
    const token = readVcJwt(compact, jwtType);
    if (typeof token === 'string') return traceStep('format', 'failed', token);
    const disclosures = traceStep('disclosures', 'not_checked', 'DISCLOSURES_NOT_USED');
    return { token, content: documentOf(token.payload), format: jwtType, disclosures };
  }
  const token = readVcSdJwt(compact, sdJwtType);
  if (typeof token === 'string') return traceStep('format', 'failed', token);
  const disclosed = applyDisclosures(token.payload, token.disclosures, ALWAYS_SHOWN);
  if (!disclosed.ok) return traceStep('disclosures', 'failed', disclosed.reason);
  const disclosures = traceStep('disclosures', 'passed', 'DISCLOSURES_OK', {
    data: { disclosed: token.disclosures.length },
  });
  return { token, content: documentOf(disclosed.payload), format: sdJwtType, disclosures };
}

/** What a verifier needs is not left to the holder to show. Source: VC-JOSE-COSE, 3.2.1. */
const ALWAYS_SHOWN: ReadonlySet<string> = new Set([
  ...['@context', 'type', 'issuer', 'holder', 'validFrom', 'validUntil', 'credentialStatus', 'credentialSchema'],
  ...['iss', 'iat', 'nbf', 'exp', 'cnf'],
]);

/** A token that came without its envelope, told by its form. */
function bare(token: string, type: EnvelopeType): Envelope | string {
  if (type !== 'EnvelopedVerifiableCredential') return 'presentation: must be an object';
  return { mediaType: token.includes('~') ? 'application/vc+sd-jwt' : 'application/vc+jwt', token };
}

function documentOf(payload: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !TOKEN_MEMBERS.has(name)));
}

function malformed(what: string): TraceStep {
  return traceStep('format', 'failed', 'FORMAT_MALFORMED', { data: { problem: what } });
}

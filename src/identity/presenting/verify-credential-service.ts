// Verifies a W3C VC 2.0, with its Data Integrity proofs or in its JOSE envelope, and gives the trace.
import type { Clock } from '../../platform/clock.ts';
import { credentialTypes } from '../credentials/credential-types.ts';
import type { DataIntegrity } from '../credentials/data-integrity.ts';
import type { StatusListService } from '../credentials/status-list-service.ts';
import {
  type ConformingCredential,
  issuerOf,
  readConformingCredential,
  readSignedCredential,
} from '../credentials/vc-data-model.ts';
import { isEnvelope } from '../credentials/vc-presentation.ts';
import type { DidService } from '../dids/did-service.ts';
import type { ResolveDidService } from '../dids/resolve-did-service.ts';
import { type IssuerTrust, isOwnIssuer } from '../trust/trusted-issuers.ts';
import { anchorStep } from './anchor-step.ts';
import type { ForeignStatusLists } from './foreign-status-list-port.ts';
import { issuerStep } from './issuer-step.ts';
import { openCredentialEnvelope } from './open-envelope.ts';
import { type AskedOfProofs, proofStep } from './proof-step.ts';
import { tokenStep } from './token-step.ts';
import { createVcStatusService } from './vc-status-service.ts';
import { vcValidityStep } from './vc-validity-step.ts';
import { completeTrace, isVerified, type TraceStep, traceStep, type Verdict } from './verdict.ts';

export interface VerifyCredentialServiceOptions {
  clock: Clock;
  dids: DidService;
  resolver: ResolveDidService;
  trust: IssuerTrust;
  statusLists: StatusListService;
  foreignStatusLists: ForeignStatusLists;
  dataIntegrity: DataIntegrity;
}

export interface VcVerdict extends Verdict {
  issuer: string | null;
  /** The credential as it is secured, and what was disclosed; null where it could not be read. */
  content: Record<string, unknown> | null;
}

export type VerifyCredentialService = ReturnType<typeof createVerifyCredentialService>;

/** A credential whose form is right and whose signature was looked at. */
interface Secured {
  credential: ConformingCredential;
  content: Record<string, unknown>;
  format: string;
  signature: TraceStep;
  disclosures: TraceStep;
  times: { notBefore_s: number | undefined; expires_s: number | undefined };
}

const NO_TIMES = { notBefore_s: undefined, expires_s: undefined };

export function createVerifyCredentialService(options: VerifyCredentialServiceOptions) {
  const { clock, dids, resolver, trust: issuers, dataIntegrity } = options;
  const statuses = createVcStatusService({
    statusLists: options.statusLists,
    foreign: options.foreignStatusLists,
    verifyList: async (list) => {
      const secured = await secure(list);
      if ('outcome' in secured) return { verified: false, issuer: null, content: null };
      const validity = vcValidityStep(secured.credential, secured.times, clock.now_ms());
      const verified = secured.signature.outcome === 'passed' && validity.outcome === 'passed';
      return { verified, issuer: issuerOf(secured.credential), content: secured.content };
    },
  });

  /**
   * Never throws for a bad credential: the verdict says what is wrong with it.
   *
   * @param asked what its proofs must be for and of, where whoever asks says
   */
  async function verifyW3cCredential(credential: unknown, asked: AskedOfProofs = {}): Promise<VcVerdict> {
    return judge(await secure(credential, asked));
  }

  /**
   * A credential that its holder says of himself: nothing but the presentation secures it.
   * Source: VC Data Model 2.0, 4.13.4.
   *
   * @param holder who signed the presentation; null where that does not hold
   */
  async function verifySelfAsserted(credential: unknown, holder: string | null): Promise<VcVerdict> {
    const read = readConformingCredential(credential);
    if (typeof read === 'string') return judge(malformed(read));
    const signature =
      holder !== null && issuerOf(read) === holder
        ? traceStep('signature', 'passed', 'SIGNATURE_OK', { data: { algorithm: 'presentation', key: holder } })
        : traceStep('signature', 'failed', 'HOLDER_SELF_ASSERTED');
    return judge(known(read) ?? { ...plain(read, credential), format: 'self-asserted', signature });
  }

  async function secure(credential: unknown, asked: AskedOfProofs = {}): Promise<Secured | TraceStep> {
    if (typeof credential === 'string' || isEnvelope(credential)) return openEnvelope(credential);
    const read = readSignedCredential(credential);
    if (typeof read === 'string') return malformed(read);
    const unknown = known(read);
    if (unknown !== null) return unknown;
    const isOverJson = read.proof.some(({ cryptosuite }) => cryptosuite.includes('-jcs-'));
    const undefinedOne = isOverJson ? await undefinedTerm(unsecured(credential)) : null;
    if (undefinedOne !== null) return undefinedOne;
    const signature = await proofStep(
      credential as Record<string, unknown>,
      { ...asked, by: issuerOf(read) ?? '', purpose: 'assertionMethod', now_ms: clock.now_ms() },
      { resolver, jsonLd: dataIntegrity.tools.jsonLd },
    );
    return { ...plain(read, credential), format: 'ldp_vc', signature };
  }

  async function openEnvelope(value: unknown): Promise<Secured | TraceStep> {
    const opened = openCredentialEnvelope(value);
    if ('outcome' in opened) return opened;
    const { credential, content, format, disclosures, times, token } = opened;
    const by = issuerOf(credential) ?? '';
    const unknown = known(credential) ?? (await undefinedTerm(content));
    if (unknown !== null) return unknown;
    const signature = await tokenStep(token, { by, purpose: 'assertionMethod' }, resolver);
    return { credential, content, format, signature, disclosures, times };
  }

  /** A failed step where a context is not bundled. */
  function known(credential: ConformingCredential): TraceStep | null {
    return dataIntegrity.knowsContexts(credential['@context'])
      ? null
      : traceStep('format', 'failed', 'CONTEXT_UNKNOWN');
  }

  /** What no proof over the meaning of the terms would find out: a failed step where a context does not define one. */
  async function undefinedTerm(content: Record<string, unknown>): Promise<TraceStep | null> {
    try {
      await dataIntegrity.tools.jsonLd.canonize(content, 'sha256');
      return null;
    } catch {
      return traceStep('format', 'failed', 'TERM_UNDEFINED');
    }
  }

  async function judge(secured: Secured | TraceStep): Promise<VcVerdict> {
    if ('outcome' in secured) return verdict([secured]);
    const { credential, content, signature } = secured;
    const type = credentialTypes.find(({ w3cName }) => credential.type.includes(w3cName))?.id ?? null;
    const did = issuerOf(credential) ?? '';
    const issuer = await dids.resolveDid(did);
    const trust = await issuerStep(did, issuer, type, issuers);
    const trace = [
      traceStep('format', 'passed', 'FORMAT_OK', { data: { type, format: secured.format } }),
      ...[signature, trust],
    ];
    // What nobody signed, or signed who may not, says nothing about anything else.
    if (signature.outcome !== 'passed' || trust.outcome === 'failed') return verdict(trace, { type, issuer: did });
    const { step: status, credentialId } = await statuses.statusOf(credential, isOwnIssuer(issuer));
    trace.push(
      ...[status, vcValidityStep(credential, secured.times, clock.now_ms())],
      ...[traceStep('holder', 'not_checked', 'HOLDER_NOT_ASKED'), secured.disclosures],
      issuer === null
        ? traceStep('anchor', 'not_checked', 'ANCHOR_NOT_USED')
        : anchorStep(issuer.anchor, issuer.anchorValue, issuer),
    );
    return verdict(trace, {
      ...{ type, issuer: did, content, credential_id: credentialId, claims: subjectOf(credential) },
    });
  }

  return { verifyW3cCredential, verifySelfAsserted };
}

function unsecured(credential: unknown): Record<string, unknown> {
  const { proof: _proof, ...rest } = credential as Record<string, unknown>;
  return rest;
}

function malformed(what: string): TraceStep {
  return traceStep('format', 'failed', 'FORMAT_MALFORMED', { data: { problem: what } });
}

function plain(credential: ConformingCredential, original: unknown) {
  return {
    ...{ credential, content: original as Record<string, unknown>, times: NO_TIMES },
    disclosures: traceStep('disclosures', 'not_checked', 'DISCLOSURES_NOT_USED'),
  };
}

function verdict(trace: TraceStep[], found: Partial<VcVerdict> = {}): VcVerdict {
  const complete = completeTrace(trace);
  return {
    ...{ verified: isVerified(complete), trace: complete, type: null, claims: {}, issuer: null, content: null },
    ...{ credential_id: null, holder_thumbprint: null },
    ...found,
  };
}

function subjectOf({ credentialSubject }: ConformingCredential): Record<string, unknown> {
  const [subject] = [credentialSubject].flat();
  const { id: _id, ...claims } = subject ?? {};
  return claims;
}

// A signed-in citizen proves, by showing a credential, what their tariff gives a reduction for.
import type { IssueStatuses } from '../identity/credentials/issue-status-service.ts';
import type { PresentationRequests } from '../identity/presenting/presentation-request.ts';
import type { TraceStep, Verdict } from '../identity/presenting/verdict.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { insertAudit } from './audit-store.ts';
import type { CitizenSession } from './citizen-store.ts';
import { laterDay, localDay } from './days.ts';
import { type ProvablePredicate, provablePredicate } from './predicates.ts';
import { type EndReason, standingOf } from './reduction-standing.ts';
import {
  endProof,
  hasReductionRequest,
  insertProof,
  insertReductionRequest,
  isUsedElsewhere,
  type LiveProof,
  liveProofAt,
  lockReference,
  newestProofsAt,
  takeReductionRequest,
} from './reduction-store.ts';
import { type SignInMode, type SignInOutcome, signInLimits } from './sign-in-service.ts';

export const reductionVerifier = 'portal-reductions';

/** A reduction of the tariff that holds at a place. */
export interface OfferedReduction {
  predicate: string;
  name: { ko: string; en: string };
  /** What the tariff takes off, in a sentence. */
  takesOff: { ko: string; en: string };
}

/** All that metering learns of a proof. */
export interface ProvenPeriod {
  servicePoint: string;
  predicate: string;
  /** Days, YYYY-MM-DD; `until` is the first that no longer counts. Of one `from` the last word counts. */
  from: string;
  until: string;
  recordedAt: Date;
}

/** What the portal needs of billing for reductions. */
export interface ReductionBilling {
  reductionsOffered(servicePoint: string, on: string): Promise<OfferedReduction[]>;
  recordProven(within: Transaction, proven: ProvenPeriod): Promise<void>;
}

export interface ReductionView extends OfferedReduction {
  /** Whether a credential of this city proves it; others are the water office's to see to. */
  provable: boolean;
  standing: {
    mine: boolean;
    from: string;
    until: string;
    ended: EndReason | null;
    /** Since when the credential's status could not be learnt; null while it is known. */
    unconfirmed_since: string | null;
  } | null;
}

export type ReductionService = ReturnType<typeof createReductionService>;

export function createReductionService(parts: {
  pool: Pool;
  clock: Clock;
  timeZone: string;
  presentations: PresentationRequests;
  statuses: Pick<IssueStatuses, 'referenceOf'>;
  billing: ReductionBilling;
  publicUrl: string;
}) {
  const { pool, clock, timeZone, presentations, statuses, billing, publicUrl } = parts;
  const now = () => new Date(clock.now_ms());
  const today = () => localDay(clock.now_ms(), timeZone);

  /** @throws REDUCTION_NOT_OFFERED */
  async function requireOffered(session: CitizenSession, name: string): Promise<ProvablePredicate> {
    const predicate = provablePredicate(name);
    const offered = predicate === null ? [] : await billing.reductionsOffered(session.servicePoint, today());
    if (predicate === null || !offered.some((one) => one.predicate === name)) throw problem('REDUCTION_NOT_OFFERED');
    return predicate;
  }

  /** @throws NOT_FOUND where another session asked for this proof, or nobody did */
  async function requireRequest(session: CitizenSession, predicate: string, requestId: string): Promise<void> {
    if (!(await hasReductionRequest(pool, { requestId, sessionHash: session.hash, predicate }, now()))) {
      throw problem('NOT_FOUND', 'This proof was begun in another session, or has ended. Begin again.');
    }
  }

  async function end(within: Transaction, session: CitizenSession, proof: LiveProof, because: EndReason) {
    const { id, servicePoint, predicate, from } = proof;
    const until = laterDay(from, today());
    await endProof(within, id, until, because);
    await billing.recordProven(within, { servicePoint, predicate, from, until, recordedAt: now() });
    const entry = { action: 'reduction_ended', servicePoint, type: predicate } as const;
    await insertAudit(within, { at: now(), actor: { hash: session.hash, duty: 'citizen' }, ...entry });
  }

  return {
    /** What the tariff offers at the citizen's place, and how each stands. */
    async listReductions(session: CitizenSession): Promise<ReductionView[]> {
      const offered = await billing.reductionsOffered(session.servicePoint, today());
      const proofs = await newestProofsAt(pool, session.servicePoint, session.pseudonym);
      return offered.map((reduction) => {
        const proof = proofs.find(({ predicate }) => predicate === reduction.predicate);
        return {
          ...reduction,
          provable: provablePredicate(reduction.predicate) !== null,
          standing: proof === undefined ? null : viewOf(proof),
        };
      });
    },

    /** @throws REDUCTION_NOT_OFFERED */
    async startProof(session: CitizenSession, name: string, mode: SignInMode) {
      const { wanted } = await requireOffered(session, name);
      const request = await presentations.createPresentationRequest({
        ...{ verifier: reductionVerifier, credentials: [wanted], mode },
        ...(mode === 'same_device' && { return_url: `${publicUrl}/?reduction=${encodeURIComponent(name)}` }),
      });
      await insertReductionRequest(pool, {
        ...{ requestId: request.request_id, sessionHash: session.hash, predicate: name },
        expiresAt: new Date(clock.now_ms() + signInLimits.signInLifetime_ms),
      });
      return request;
    },

    /** @throws NOT_FOUND */
    async proofState(session: CitizenSession, name: string, requestId: string): Promise<SignInOutcome> {
      await requireRequest(session, name, requestId);
      const { state, credentials } = await presentations.presentationState(requestId, reductionVerifier);
      return state === 'verified' || state === 'refused' ? { state, trace: credentials?.[0]?.trace ?? [] } : { state };
    },

    /**
     * From today on the reduction counts. One credential gives it at one home at a time.
     *
     * @throws NOT_FOUND, PRESENTATION_NOT_READY, PRESENTATION_REFUSED with its trace, PRESENTATION_INCOMPLETE,
     *   REDUCTION_STATUS_UNASKABLE, REDUCTION_USED_ELSEWHERE
     */
    async completeProof(
      session: CitizenSession,
      name: string,
      requestId: string,
      responseCode: string | undefined,
    ): Promise<void> {
      await requireRequest(session, name, requestId);
      const { wanted } = await requireOffered(session, name);
      const { state, credentials } = await presentations.presentationState(requestId, reductionVerifier);
      if (state === 'refused') throw refused(credentials?.[0]?.trace ?? []);
      if (state !== 'verified') throw problem('PRESENTATION_NOT_READY');
      const outcome = await presentations.collectPresentation(requestId, reductionVerifier, responseCode);
      const [verdict] = outcome.credentials;
      if (verdict === undefined || verdict.type !== wanted.type) throw problem('PRESENTATION_INCOMPLETE');
      const reference = verdict.credential_id === null ? null : await statuses.referenceOf(verdict.credential_id);
      if (reference === null) throw problem('REDUCTION_STATUS_UNASKABLE');
      const { servicePoint, pseudonym, credentialId: account, until: livesUntil } = session;
      const [from, expires] = [today(), firstDayAfter(verdict, timeZone)];
      const known = { from, expires, livesUntil, confirmedAt_ms: clock.now_ms() } as const;
      const good = { credential: { state: 'valid' }, account: { state: 'valid' } } as const;
      const { until, ended } = standingOf({ ...known, ...good }, clock.now_ms(), timeZone);
      if (ended !== null) throw refused(verdict.trace);
      await inTransaction(pool, async (transaction) => {
        await lockReference(transaction, reference);
        if (!(await takeReductionRequest(transaction, requestId))) throw problem('NOT_FOUND');
        if (await isUsedElsewhere(transaction, reference, servicePoint)) throw problem('REDUCTION_USED_ELSEWHERE');
        const before = await liveProofAt(transaction, servicePoint, name);
        if (before !== null) await end(transaction, session, before, 'replaced');
        const proof = { servicePoint, predicate: name, from, until };
        await insertProof(transaction, { ...proof, pseudonym, reference, account, expires, at: now() });
        await billing.recordProven(transaction, { ...proof, recordedAt: now() });
        const entry = { action: 'reduction_proved', servicePoint, type: name } as const;
        await insertAudit(transaction, { at: now(), actor: { hash: session.hash, duty: 'citizen' }, ...entry });
      });
    },

    /** The person wants it no longer. @throws NOT_FOUND where they have none under way */
    async giveUp(session: CitizenSession, name: string): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const proof = await liveProofAt(transaction, session.servicePoint, name);
        if (proof === null || !proof.pseudonym.equals(session.pseudonym)) throw problem('NOT_FOUND');
        await end(transaction, session, proof, 'given_up');
      });
    },
  };
}

function viewOf(proof: Awaited<ReturnType<typeof newestProofsAt>>[number]): ReductionView['standing'] {
  const { mine, from, until, ended, confirmedAt, checkedAt } = proof;
  const unconfirmed = ended === null && confirmedAt < checkedAt;
  return { mine, from, until, ended, unconfirmed_since: unconfirmed ? confirmedAt.toISOString() : null };
}

function refused(trace: TraceStep[]) {
  return problem('PRESENTATION_REFUSED', undefined, { trace });
}

/** @throws PRESENTATION_INCOMPLETE where the verdict does not say when the credential ends */
function firstDayAfter({ trace }: Verdict, timeZone: string): string {
  const until = trace.find(({ step }) => step === 'validity')?.data?.until;
  if (typeof until !== 'string') throw problem('PRESENTATION_INCOMPLETE');
  return localDay(Date.parse(until), timeZone);
}

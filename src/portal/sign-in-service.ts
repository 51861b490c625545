// A citizen signs in by showing their water account credential, and stays known by a pseudonym only.
import type { IssuedCredential } from '../identity/issuing/credential-issue.ts';
import type { PresentationRequests } from '../identity/presenting/presentation-request.ts';
import { type TraceStep, traceStep } from '../identity/presenting/verdict.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Random, randomToken } from '../platform/random.ts';
import {
  type CitizenSession,
  deleteCitizenSession,
  findCitizenSession,
  hasSignIn,
  insertCitizenSession,
  insertSignIn,
  takeSignIn,
  upsertLink,
} from './citizen-store.ts';
import { pairwisePseudonym, tokenHash } from './tokens.ts';
import { waterAccountOf } from './water-account.ts';

export const signInLimits = { signInLifetime_ms: 300_000, sessionLifetime_ms: 30 * 60_000 } as const;

const portalVerifier = 'portal';
const signInClaims = [{ name: 'service_point' }, { name: 'role' }, { name: 'from' }, { name: 'until', optional: true }];

export type SignInMode = 'same_device' | 'cross_device';

export interface SignInDependencies {
  pool: Pool;
  clock: Clock;
  random: Random;
  presentations: PresentationRequests;
  /** The record of a credential as it is at this moment. */
  statusOf(credentialId: string): Promise<IssuedCredential | null>;
  /** Key of the pseudonyms. */
  secret: string;
  publicUrl: string;
}

export type SignInService = ReturnType<typeof createSignInService>;
export type SignInOutcome = { state: 'waiting' | 'expired' } | { state: 'verified' | 'refused'; trace: TraceStep[] };

type Refusal = { state: 'waiting' | 'expired' } | { state: 'refused'; trace: TraceStep[] };

export function createSignInService(dependencies: SignInDependencies) {
  const { pool, clock, random, presentations, statusOf, secret, publicUrl } = dependencies;
  const now = () => new Date(clock.now_ms());

  return {
    /** Asks the wallet; the answer is bound to `browserToken`, which only the asking browser has. */
    async startSignIn(mode: SignInMode) {
      const browserToken = randomToken(random);
      const request = await presentations.createPresentationRequest({
        verifier: portalVerifier,
        credentials: [{ type: 'water-account', claims: signInClaims }],
        mode,
        ...(mode === 'same_device' && { return_url: `${publicUrl}/` }),
      });
      const expiresAt = new Date(clock.now_ms() + signInLimits.signInLifetime_ms);
      await insertSignIn(pool, request.request_id, tokenHash(browserToken), expiresAt);
      return { ...request, browserToken };
    },

    /** @throws NOT_FOUND where another browser began this sign-in, or nobody did */
    async signInState(requestId: string, browserToken: string | undefined): Promise<SignInOutcome> {
      await requireBrowser(requestId, browserToken);
      const { state, credentials } = await presentations.presentationState(requestId, portalVerifier);
      return state === 'verified' || state === 'refused' ? { state, trace: credentials?.[0]?.trace ?? [] } : { state };
    },

    /**
     * Ends a sign-in with a session.
     *
     * @param responseCode what the wallet sent the browser back with; required where wallet and portal share a device
     * @returns the session's token, or the refusal with its trace
     * @throws NOT_FOUND as signInState does, or where it was completed already
     */
    async completeSignIn(
      requestId: string,
      browserToken: string | undefined,
      responseCode: string | undefined,
    ): Promise<{ sessionToken: string } | Refusal> {
      const browserHash = await requireBrowser(requestId, browserToken);
      const { state, credentials } = await presentations.presentationState(requestId, portalVerifier);
      if (state === 'waiting' || state === 'expired') return { state };
      if (state === 'refused') return { state, trace: credentials?.[0]?.trace ?? [] };
      const outcome = await presentations.collectPresentation(requestId, portalVerifier, responseCode);
      const [verdict] = outcome.credentials;
      if (verdict === undefined) throw problem('PRESENTATION_INCOMPLETE');
      const account = waterAccountOf(verdict);
      const sessionToken = randomToken(random);
      const signedInAt = now();
      await inTransaction(pool, async (transaction) => {
        if (!(await takeSignIn(transaction, requestId, browserHash, signedInAt))) throw problem('NOT_FOUND');
        const linkId = await upsertLink(transaction, {
          ...account,
          pseudonym: pairwisePseudonym(secret, account.holderThumbprint),
        });
        await insertCitizenSession(transaction, {
          hash: tokenHash(sessionToken),
          linkId,
          trace: verdict.trace,
          signedInAt,
          expiresAt: new Date(signedInAt.getTime() + signInLimits.sessionLifetime_ms),
        });
      });
      return { sessionToken };
    },

    /**
     * The session of a citizen whose credential is still good: it is asked at every request, so a revocation acts at once.
     * @throws NOT_SIGNED_IN, CREDENTIAL_REVOKED
     */
    async requireCitizen(sessionToken: string | undefined): Promise<CitizenSession> {
      const session =
        sessionToken === undefined ? null : await findCitizenSession(pool, tokenHash(sessionToken), now());
      if (session === null) throw problem('NOT_SIGNED_IN');
      if ((await statusOf(session.credentialId))?.state !== 'valid') {
        const revoked = traceStep('status', 'failed', 'CREDENTIAL_REVOKED');
        const trace = session.trace.map((step) => (step.step === 'status' ? revoked : step));
        throw problem('CREDENTIAL_REVOKED', undefined, { trace });
      }
      return session;
    },

    async signOutCitizen(sessionToken: string): Promise<void> {
      await deleteCitizenSession(pool, tokenHash(sessionToken));
    },
  };

  async function requireBrowser(requestId: string, browserToken: string | undefined): Promise<Buffer> {
    const hash = browserToken === undefined ? null : tokenHash(browserToken);
    if (hash === null || !(await hasSignIn(pool, requestId, hash, now()))) {
      throw problem('NOT_FOUND', 'This sign-in was begun in another browser, or has ended. Begin again.');
    }
    return hash;
  }
}

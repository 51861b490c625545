// A member of the staff signs in to the console by showing their staff credential.
import { endOfDayInSeoul_ms } from '../identity/credentials/calendar-age.ts';
import { isStaffDuty } from '../identity/credentials/staff-duty.ts';
import type { PresentationRequests } from '../identity/presenting/presentation-request.ts';
import type { Verdict } from '../identity/presenting/verdict.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Random, randomToken } from '../platform/random.ts';
import type { Staff } from './actor.ts';
import { hasSignIn, insertSignIn, takeSignIn } from './citizen-store.ts';
import { type SignInMode, type SignInOutcome, signInLimits } from './sign-in-service.ts';
import { beginStaffSession } from './staff-service.ts';
import { tokenHash } from './tokens.ts';

const consoleVerifier = 'utility-console';
const staffClaims = [{ name: 'duty' }, { name: 'zones' }, { name: 'until' }];

export type StaffSignInService = ReturnType<typeof createStaffSignInService>;

export function createStaffSignInService(parts: {
  pool: Pool;
  clock: Clock;
  random: Random;
  presentations: PresentationRequests;
  publicUrl: string;
}) {
  const { pool, clock, random, presentations, publicUrl } = parts;
  const now = () => new Date(clock.now_ms());

  /** @throws NOT_FOUND where another browser began this sign-in, or nobody did */
  async function requireBrowser(requestId: string, browserToken: string | undefined): Promise<Buffer> {
    const hash = browserToken === undefined ? null : tokenHash(browserToken);
    if (hash === null || !(await hasSignIn(pool, requestId, hash, now())))
      throw problem('NOT_FOUND', 'This sign-in was begun in another browser, or has ended. Begin again.');
    return hash;
  }

  return {
    /** Asks the wallet; the answer is bound to `browserToken`, which only the asking browser has. */
    async startSignIn(mode: SignInMode) {
      const browserToken = randomToken(random);
      const request = await presentations.createPresentationRequest({
        verifier: consoleVerifier,
        credentials: [{ type: 'utility-staff', claims: staffClaims }],
        mode,
        ...(mode === 'same_device' && { return_url: `${publicUrl}/utility/` }),
      });
      const expiresAt = new Date(clock.now_ms() + signInLimits.signInLifetime_ms);
      await insertSignIn(pool, request.request_id, tokenHash(browserToken), expiresAt);
      return { ...request, browserToken };
    },

    /** @throws NOT_FOUND */
    async signInState(requestId: string, browserToken: string | undefined): Promise<SignInOutcome> {
      await requireBrowser(requestId, browserToken);
      const { state, credentials } = await presentations.presentationState(requestId, consoleVerifier);
      return state === 'verified' || state === 'refused' ? { state, trace: credentials?.[0]?.trace ?? [] } : { state };
    },

    /**
     * Ends a sign-in with a session of the duty and the zones that the credential says.
     *
     * @returns the session's token
     * @throws NOT_FOUND, PRESENTATION_NOT_READY, PRESENTATION_REFUSED with its trace, PRESENTATION_INCOMPLETE
     */
    async completeSignIn(
      requestId: string,
      browserToken: string | undefined,
      responseCode: string | undefined,
    ): Promise<string> {
      const browserHash = await requireBrowser(requestId, browserToken);
      const { state, credentials } = await presentations.presentationState(requestId, consoleVerifier);
      if (state === 'refused')
        throw problem('PRESENTATION_REFUSED', undefined, { trace: credentials?.[0]?.trace ?? [] });
      if (state !== 'verified') throw problem('PRESENTATION_NOT_READY');
      const outcome = await presentations.collectPresentation(requestId, consoleVerifier, responseCode);
      const { staff, ends_ms } = staffOf(outcome.credentials[0]);
      return inTransaction(pool, async (transaction) => {
        if (!(await takeSignIn(transaction, requestId, browserHash, now()))) throw problem('NOT_FOUND');
        return beginStaffSession(parts, transaction, staff, ends_ms);
      });
    },
  };
}

/** What a verified staff credential says. @throws PRESENTATION_INCOMPLETE */
function staffOf(verdict: Verdict | undefined): { staff: Omit<Staff, 'hash'>; ends_ms: number } {
  const { type, claims, credential_id } = verdict ?? { type: null, claims: {}, credential_id: null };
  const { duty, zones, until } = claims as Record<string, unknown>;
  if (
    type !== 'utility-staff' ||
    credential_id === null ||
    !isStaffDuty(duty) ||
    !Array.isArray(zones) ||
    !zones.every((zone) => typeof zone === 'string') ||
    typeof until !== 'string'
  ) {
    throw problem('PRESENTATION_INCOMPLETE');
  }
  return { staff: { duty, zones, credentialId: credential_id }, ends_ms: endOfDayInSeoul_ms(until) };
}

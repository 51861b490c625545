// Staff sign-in by a link that works once, and the sessions of staff however they came in.
import { isStaffDuty } from '../identity/credentials/staff-duty.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Random, randomToken } from '../platform/random.ts';
import type { Staff } from './actor.ts';
import { insertAudit } from './audit-store.ts';
import {
  deleteStaffSession,
  findStaffSession,
  insertStaffLink,
  insertStaffSession,
  isStaffKnown,
  takeStaffLink,
} from './staff-store.ts';
import { tokenHash } from './tokens.ts';

export const staffLimits = { linkLifetime_ms: 24 * 3_600_000, sessionLifetime_ms: 12 * 3_600_000 } as const;

interface Parts {
  pool: Pool;
  clock: Clock;
  random: Random;
}

/** Makes a link's token; it lets one browser in once, within a day. */
export async function createStaffLink({ pool, clock, random }: Parts): Promise<string> {
  const token = randomToken(random);
  await insertStaffLink(pool, tokenHash(token), new Date(clock.now_ms() + staffLimits.linkLifetime_ms));
  return token;
}

/**
 * Begins a session and records it, within the caller's transaction.
 *
 * @param ends_ms the instant at which it is over at the latest
 * @returns the session's token
 */
export async function beginStaffSession(
  { clock, random }: Omit<Parts, 'pool'>,
  within: Transaction,
  staff: Omit<Staff, 'hash'>,
  ends_ms = Number.POSITIVE_INFINITY,
): Promise<string> {
  const token = randomToken(random);
  const now_ms = clock.now_ms();
  const actor = { ...staff, hash: tokenHash(token) };
  const expiresAt = new Date(Math.min(now_ms + staffLimits.sessionLifetime_ms, ends_ms));
  await insertStaffSession(within, actor, new Date(now_ms), expiresAt);
  const { credentialId } = staff;
  await insertAudit(within, {
    at: new Date(now_ms),
    actor,
    action: 'signed_in',
    ...(credentialId && { credentialId }),
  });
  return token;
}

export type StaffService = ReturnType<typeof createStaffService>;

/** `statusOf`: the state of a credential at this moment, null where it was never issued here. */
export function createStaffService(
  parts: Parts & { statusOf(credentialId: string): Promise<{ state: string } | null> },
) {
  const { pool, clock, statusOf } = parts;
  return {
    createStaffLink: () => createStaffLink(parts),

    /** A token as `createStaffLink` makes it, where nobody was let in yet; null otherwise. */
    async firstStaffLink(): Promise<string | null> {
      return (await isStaffKnown(pool)) ? null : createStaffLink(parts);
    },

    /**
     * Trades a link's token for a session's; whoever has a link from an administrator acts as one.
     * @throws STAFF_LINK_SPENT for a link that is unknown, used or expired
     */
    async signInStaff(linkToken: string): Promise<string> {
      return inTransaction(pool, async (transaction) => {
        if (!(await takeStaffLink(transaction, tokenHash(linkToken), new Date(clock.now_ms()))))
          throw problem('STAFF_LINK_SPENT');
        const administrator = { duty: 'administrator', zones: [], credentialId: null } as const;
        return beginStaffSession(parts, transaction, { ...administrator, zones: [] });
      });
    },

    /**
     * Whose session it is. A staff credential is looked at again every time, so that its revocation acts at once.
     * @throws NOT_SIGNED_IN unless the token belongs to a live staff session, CREDENTIAL_REVOKED
     */
    async requireStaff(sessionToken: string | undefined): Promise<Staff> {
      const session =
        sessionToken === undefined
          ? null
          : await findStaffSession(pool, tokenHash(sessionToken), new Date(clock.now_ms()));
      if (session === null || !isStaffDuty(session.duty))
        throw problem(
          'NOT_SIGNED_IN',
          'Sign in with your staff credential, or open the link your administrator gave you.',
        );
      const { credentialId } = session;
      if (credentialId !== null && (await statusOf(credentialId))?.state !== 'valid')
        throw problem('CREDENTIAL_REVOKED', 'The staff credential this session began with is revoked or suspended.');
      return { ...session, duty: session.duty };
    },

    async signOutStaff(sessionToken: string): Promise<void> {
      await deleteStaffSession(pool, tokenHash(sessionToken));
    },
  };
}

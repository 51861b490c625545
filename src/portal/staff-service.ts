// Staff sign-in by a link that works once.
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Random, randomToken } from '../platform/random.ts';
import {
  deleteStaffSession,
  hasStaffSession,
  insertStaffLink,
  insertStaffSession,
  isStaffKnown,
  takeStaffLink,
} from './staff-store.ts';
import { tokenHash } from './tokens.ts';

export const staffLimits = { linkLifetime_ms: 24 * 3_600_000, sessionLifetime_ms: 12 * 3_600_000 } as const;

export type StaffService = ReturnType<typeof createStaffService>;

export function createStaffService({ pool, clock, random }: { pool: Pool; clock: Clock; random: Random }) {
  /** Makes a link's token; it lets one browser in once, within a day. */
  async function createStaffLink(): Promise<string> {
    const token = randomToken(random);
    await insertStaffLink(pool, tokenHash(token), new Date(clock.now_ms() + staffLimits.linkLifetime_ms));
    return token;
  }

  return {
    createStaffLink,

    /** A token as `createStaffLink` makes it, where nobody was let in yet; null otherwise. */
    async firstStaffLink(): Promise<string | null> {
      return (await isStaffKnown(pool)) ? null : createStaffLink();
    },

    /**
     * Trades a link's token for a session's.
     * @throws STAFF_LINK_SPENT for a link that is unknown, used or expired
     */
    async signInStaff(linkToken: string): Promise<string> {
      const now_ms = clock.now_ms();
      const token = randomToken(random);
      await inTransaction(pool, async (transaction) => {
        if (!(await takeStaffLink(transaction, tokenHash(linkToken), new Date(now_ms))))
          throw problem('STAFF_LINK_SPENT');
        const expiresAt = new Date(now_ms + staffLimits.sessionLifetime_ms);
        await insertStaffSession(transaction, tokenHash(token), new Date(now_ms), expiresAt);
      });
      return token;
    },

    /** @throws NOT_SIGNED_IN unless the token belongs to a live staff session */
    async requireStaff(sessionToken: string | undefined): Promise<void> {
      const known =
        sessionToken !== undefined && (await hasStaffSession(pool, tokenHash(sessionToken), new Date(clock.now_ms())));
      if (!known) throw problem('NOT_SIGNED_IN', 'Open the console with the link your administrator gave you.');
    },

    async signOutStaff(sessionToken: string): Promise<void> {
      await deleteStaffSession(pool, tokenHash(sessionToken));
    },
  };
}

// Erases what the portal knows of a person, at their own wish: links, sessions, proofs; metering never knew more than days.
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { insertAudit } from './audit-store.ts';
import { type CitizenSession, deleteCitizen } from './citizen-store.ts';
import { laterDay, localDay } from './days.ts';
import type { ReductionBilling } from './prove-reduction-service.ts';
import { liveProofsOf } from './reduction-store.ts';

export type ForgetCitizenService = ReturnType<typeof createForgetCitizenService>;

export function createForgetCitizenService(parts: {
  pool: Pool;
  clock: Clock;
  timeZone: string;
  billing: Pick<ReductionBilling, 'recordProven'>;
  /** Ends being watched over, and deletes the contacts named. */
  endConsents(transaction: Transaction, pseudonym: Buffer): Promise<void>;
}) {
  const { pool, clock, timeZone, billing, endConsents } = parts;
  return {
    /** Reductions under way end today. What stays is a line of the audit, under a session that is gone. */
    async forgetCitizen(session: CitizenSession): Promise<void> {
      const at = new Date(clock.now_ms());
      const today = localDay(at.getTime(), timeZone);
      await inTransaction(pool, async (transaction) => {
        for (const { servicePoint, predicate, from } of await liveProofsOf(transaction, session.pseudonym)) {
          const until = laterDay(from, today);
          await billing.recordProven(transaction, { servicePoint, predicate, from, until, recordedAt: at });
        }
        await endConsents(transaction, session.pseudonym);
        await deleteCitizen(transaction, session.pseudonym);
        const actor = { hash: session.hash, duty: 'citizen' } as const;
        const { servicePoint } = session;
        await insertAudit(transaction, { at, actor, action: 'citizen_forgotten', servicePoint });
      });
    },
  };
}

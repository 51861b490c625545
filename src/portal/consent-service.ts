// A person's consent to be watched over: given with the contacts to tell, paused while away, withdrawn with all of it.
import { Temporal } from 'temporal-polyfill';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Queryable, type Transaction } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type Random, randomUuid } from '../platform/random.ts';
import type { AuditAction } from './audit-actions.ts';
import { insertAudit } from './audit-store.ts';
import type { CitizenSession } from './citizen-store.ts';
import {
  type Contact,
  deleteConsentsOf,
  findConsent,
  insertConsent,
  listContacts,
  listStandingConsents,
  replaceContacts,
  withdrawConsent,
} from './consent-store.ts';
import { insertNamedMessages } from './contact-message-store.ts';

export const consentLimits = { contacts: 3, awayDays: 366, checkedAtOnce: 200 } as const;

/** What the portal needs of metering to have a place watched; it learns nothing about who lives there. */
export interface PlaceWatching {
  watch(to: Queryable, watchId: string, servicePoint: string, until_ms: number | null): Promise<void>;
  unwatch(to: Queryable, watchId: string): Promise<void>;
  setAway(to: Queryable, watchId: string, away: { away_id: string; from_ms: number; until_ms: number }): Promise<void>;
  endAway(to: Queryable, watchId: string, awayId: string): Promise<boolean>;
  listAway(from: Queryable, watchId: string): Promise<{ away_id: string; from_ms: number; until_ms: number }[]>;
}

export interface ConsentDependencies {
  pool: Pool;
  clock: Clock;
  random: Random;
  timeZone: string;
  watching: PlaceWatching;
  /** Whether this service sends e-mail at all. */
  canTell: boolean;
}

export type ConsentService = ReturnType<typeof createConsentService>;

export function createConsentService(dependencies: ConsentDependencies) {
  const { pool, clock, random, timeZone, watching, canTell } = dependencies;
  const now = () => new Date(clock.now_ms());
  const startOf = (day: string, addedDays = 0): number =>
    Temporal.PlainDate.from(day).add({ days: addedDays }).toZonedDateTime(timeZone).epochMilliseconds;
  const dayOf = (at_ms: number): string =>
    Temporal.Instant.fromEpochMilliseconds(at_ms).toZonedDateTimeISO(timeZone).toPlainDate().toString();

  async function audit(to: Transaction, session: CitizenSession, action: AuditAction): Promise<void> {
    const actor = { hash: session.hash, duty: 'citizen' } as const;
    await insertAudit(to, { at: now(), actor, action, servicePoint: session.servicePoint });
  }

  async function standing(db: Queryable, session: CitizenSession) {
    const consent = await findConsent(db, session.pseudonym, session.servicePoint);
    if (consent === null) throw problem('CONSENT_MISSING');
    return consent;
  }

  return {
    async readConsent(session: CitizenSession) {
      const consent = await findConsent(pool, session.pseudonym, session.servicePoint);
      if (consent === null) return { canTell, consent: null };
      const away = await watching.listAway(pool, consent.consentId);
      return {
        canTell,
        consent: {
          givenAt: consent.givenAt,
          contacts: await listContacts(pool, consent.consentId),
          away: away.map(({ away_id, from_ms, until_ms }) => ({
            id: away_id,
            from: dayOf(from_ms),
            until: dayOf(until_ms - 1),
          })),
        },
      };
    },

    /**
     * Gives the consent, or changes the contacts of one that stands; who is new among them is told that they were named.
     * @throws CONTACTS_UNREACHABLE; NOT_ALLOWED where the place is not theirs any more
     */
    async giveConsent(session: CitizenSession, contacts: readonly Contact[]): Promise<void> {
      if (!canTell) throw problem('CONTACTS_UNREACHABLE');
      const until_ms = session.until === null ? null : startOf(session.until, 1);
      if (until_ms !== null && until_ms <= clock.now_ms()) {
        throw problem('NOT_ALLOWED', 'The period of your account is over.');
      }
      const { pseudonym, servicePoint, credentialId } = session;
      await inTransaction(pool, async (transaction) => {
        const consentId = randomUuid(random);
        const given = { consentId, pseudonym, servicePoint, credentialId, givenAt: now() };
        const isNew = await insertConsent(transaction, given);
        if (isNew) await watching.watch(transaction, consentId, servicePoint, until_ms);
        const consent = isNew ? given : await standing(transaction, session);
        const named = await replaceContacts(transaction, consent.consentId, contacts);
        const messages = named.map((email) => ({ messageId: randomUuid(random), email }));
        await insertNamedMessages(transaction, consent.consentId, messages, now());
        await audit(transaction, session, isNew ? 'consent_given' : 'contacts_changed');
      });
    },

    /** Deletes the contacts; nothing is watched from now on. @throws CONSENT_MISSING */
    async withdrawConsent(session: CitizenSession): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const { consentId } = await standing(transaction, session);
        await end(transaction, consentId);
        await audit(transaction, session, 'consent_withdrawn');
      });
    },

    /**
     * @param from first and last local day of an absence
     * @throws CONSENT_MISSING; REQUEST_INVALID for days that can't be
     */
    async setAway(session: CitizenSession, from: string, until: string): Promise<void> {
      const from_ms = Math.max(startOf(from), clock.now_ms());
      const until_ms = startOf(until, 1);
      if (from > until || until_ms <= clock.now_ms()) {
        throw problem('REQUEST_INVALID', 'body: `until` must be no earlier than `from`, and not be past');
      }
      if (until_ms - startOf(from) > consentLimits.awayDays * 86_400_000 + 3_600_000) {
        throw problem('REQUEST_INVALID', `body: an absence is at most ${consentLimits.awayDays} days long`);
      }
      await inTransaction(pool, async (transaction) => {
        const { consentId } = await standing(transaction, session);
        await watching.setAway(transaction, consentId, { away_id: randomUuid(random), from_ms, until_ms });
        await audit(transaction, session, 'away_set');
      });
    },

    /** @throws CONSENT_MISSING; NOT_FOUND where the absence is not theirs, or is over */
    async endAway(session: CitizenSession, awayId: string): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const { consentId } = await standing(transaction, session);
        if (!(await watching.endAway(transaction, consentId, awayId))) throw problem('NOT_FOUND');
        await audit(transaction, session, 'away_ended');
      });
    },
  };

  async function end(to: Transaction, consentId: string): Promise<void> {
    await withdrawConsent(to, consentId, now());
    await watching.unwatch(to, consentId);
  }
}

/** Of a person who is to be forgotten nothing is left: not even that there was a consent. */
export async function eraseConsents(
  to: Transaction,
  watching: Pick<PlaceWatching, 'unwatch'>,
  pseudonym: Buffer,
): Promise<void> {
  for (const consentId of await deleteConsentsOf(to, pseudonym)) await watching.unwatch(to, consentId);
}

/**
 * Ends consents whose water account is revoked: the place is not theirs any more.
 *
 * @param isLost whether a credential was revoked; not where it is suspended for the time being
 */
export async function endLostConsents(
  parts: Pick<ConsentDependencies, 'pool' | 'clock' | 'watching'>,
  isLost: (credentialId: string) => Promise<boolean>,
): Promise<number> {
  const { pool, clock, watching } = parts;
  let ended = 0;
  let after: string | null = null;
  for (;;) {
    const consents: { consentId: string; credentialId: string }[] = await listStandingConsents(
      pool,
      after,
      consentLimits.checkedAtOnce,
    );
    for (const { consentId, credentialId } of consents) {
      if (!(await isLost(credentialId))) continue;
      await inTransaction(pool, async (transaction) => {
        await withdrawConsent(transaction, consentId, new Date(clock.now_ms()));
        await watching.unwatch(transaction, consentId);
      });
      ended += 1;
    }
    if (consents.length < consentLimits.checkedAtOnce) return ended;
    after = consents.at(-1)?.consentId ?? null;
  }
}

// Sends contacts what is to be told to them, until it is taken; and ends consents of accounts that are gone.
import type { Clock } from '../platform/clock.ts';
import { everySoOften } from '../platform/every-so-often.ts';
import type { Logger } from '../platform/logger.ts';
import type { Mailer } from '../platform/mailer.ts';
import type { Pool } from '../platform/postgres/database.ts';
import { contactLetter } from './contact-mail.ts';
import { deleteContactMessage, postponeContactMessage, takeContactMessage } from './contact-message-store.ts';

const MINUTE_ms = 60_000;
const mailLimits = { sendEvery_ms: 10_000, lease_ms: 2 * MINUTE_ms, checkEvery_ms: 60 * MINUTE_ms, tries: 12 } as const;

export interface ContactMailOptions {
  pool: Pool;
  clock: Clock;
  timeZone: string;
  mailer: Mailer;
}

/** @returns null where none waits; else why it was not taken, null for sent */
export async function sendContactMail(options: ContactMailOptions): Promise<{ fault: string | null } | null> {
  const { pool, clock, timeZone, mailer } = options;
  const now_ms = clock.now_ms();
  const message = await takeContactMessage(pool, new Date(now_ms), new Date(now_ms + mailLimits.lease_ms));
  if (message === null) return null;
  const { messageId, email, called, what, since, tries } = message;
  const fault = await mailer.send({ id: messageId, to: [email], ...contactLetter(what, called, since, timeZone) });
  if (fault === null || tries >= mailLimits.tries) await deleteContactMessage(pool, messageId);
  else {
    // Twice as long each time: half a minute, a minute … eight hours.
    const wait_ms = (MINUTE_ms / 2) * 2 ** Math.min(tries - 1, 10);
    await postponeContactMessage(pool, messageId, new Date(clock.now_ms() + wait_ms));
  }
  return { fault };
}

/** @param endLost ends consents whose accounts are gone */
export function startContactMails(options: ContactMailOptions & { logger: Logger; endLost: () => Promise<number> }): {
  stop(): Promise<void>;
} {
  const { clock, logger, endLost } = options;
  let checked_ms = 0;
  let stopping = false;
  const round = async (): Promise<void> => {
    if (clock.now_ms() - checked_ms >= mailLimits.checkEvery_ms) {
      await endLost();
      checked_ms = clock.now_ms();
    }
    while (!stopping) {
      const sent = await sendContactMail(options);
      if (sent === null) return;
      if (sent.fault !== null) logger.warn({ fault: sent.fault }, 'a message to a contact was not taken');
    }
  };
  const rounds = everySoOften(mailLimits.sendEvery_ms, 'telling contacts', logger, round);
  return {
    stop: async () => {
      stopping = true;
      await rounds.stop();
    },
  };
}

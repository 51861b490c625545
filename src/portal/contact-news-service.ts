// Queues what metering noticed at a watched place for the contacts whom the people there named.
import type { Clock } from '../platform/clock.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { type Random, randomUuid } from '../platform/random.ts';
import { countContacts, insertContactNews } from './contact-message-store.ts';

/** What metering says of a place: nothing of it is about a person. */
export interface PlaceNews {
  servicePoint: string;
  what: 'no_use' | 'used_again';
  since_ms: number;
}

/** @returns to be called in the transaction in which the news came up: told if and only if that is committed */
export function queueContactNews(random: Random, clock: Clock) {
  return async (transaction: Transaction, news: readonly PlaceNews[]): Promise<void> => {
    for (const { servicePoint, what, since_ms } of news) {
      const contacts = await countContacts(transaction, servicePoint);
      const ids = Array.from({ length: contacts }, () => randomUuid(random));
      const now = new Date(clock.now_ms());
      await insertContactNews(transaction, { servicePoint, what, since: new Date(since_ms) }, ids, now);
    }
  };
}

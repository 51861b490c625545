// The SQL of what is to be told to the contacts that a person named.
import type { Queryable } from '../platform/postgres/database.ts';

export type ContactMatter = 'named' | 'no_use' | 'used_again';

/** A message for each contact of each consent that stands for the place. @param messageIds at least as many as contacts */
export async function insertContactNews(
  db: Queryable,
  news: { servicePoint: string; what: ContactMatter; since: Date },
  messageIds: readonly string[],
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO portal.contact_message (message_id, consent_id, email, what, since, due_at)
     SELECT ids.id, contact.consent_id, contact.email, $3, $4, $5
       FROM (SELECT c.consent_id, c.email, row_number() OVER (ORDER BY c.consent_id, c.email) AS place
               FROM portal.consent_contact c JOIN portal.consent USING (consent_id)
              WHERE service_point = $1 AND withdrawn_at IS NULL) contact
       JOIN unnest($2::uuid[]) WITH ORDINALITY AS ids (id, place) USING (place)`,
    [news.servicePoint, messageIds, news.what, news.since, now],
  );
}

export async function countContacts(db: Queryable, servicePoint: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM portal.consent_contact JOIN portal.consent USING (consent_id)
      WHERE service_point = $1 AND withdrawn_at IS NULL`,
    [servicePoint],
  );
  return rows[0]?.n ?? 0;
}

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

/** That they were named. */
export async function insertNamedMessages(
  db: Queryable,
  consentId: string,
  messages: readonly { messageId: string; email: string }[],
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO portal.contact_message (message_id, consent_id, email, what, due_at)
     SELECT id, $1, email, 'named', $4 FROM unnest($2::uuid[], $3::text[]) AS given (id, email)`,
    [consentId, messages.map(({ messageId }) => messageId), messages.map(({ email }) => email), now],
  );
}

export interface ContactMessage {
  messageId: string;
  email: string;
  called: string;
  what: ContactMatter;
  since: Date | null;
  /** With the one that begins now. */
  tries: number;
}

/** The one that waits longest; nobody else tries it until the lease is over. */
export async function takeContactMessage(db: Queryable, now: Date, again: Date): Promise<ContactMessage | null> {
  const { rows } = await db.query<ContactMessage>(
    `UPDATE portal.contact_message m SET tries = m.tries + 1, due_at = $2
       FROM portal.consent_contact c
      WHERE c.consent_id = m.consent_id AND c.email = m.email AND message_id = (
        SELECT message_id FROM portal.contact_message WHERE due_at <= $1
         ORDER BY due_at, message_id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING m.message_id AS "messageId", m.email, c.called, m.what, m.since, m.tries`,
    [now, again],
  );
  return rows[0] ?? null;
}

export async function deleteContactMessage(db: Queryable, messageId: string): Promise<void> {
  await db.query('DELETE FROM portal.contact_message WHERE message_id = $1', [messageId]);
}

export async function postponeContactMessage(db: Queryable, messageId: string, until: Date): Promise<void> {
  await db.query('UPDATE portal.contact_message SET due_at = $2 WHERE message_id = $1', [messageId, until]);
}

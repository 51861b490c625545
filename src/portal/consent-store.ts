// The SQL of consents to be watched over and of the contacts named with them.
import type { Queryable } from '../platform/postgres/database.ts';

export interface Consent {
  consentId: string;
  servicePoint: string;
  givenAt: Date;
}

export interface Contact {
  email: string;
  /** By what they know whose home it is. */
  called: string;
}

export async function findConsent(db: Queryable, pseudonym: Buffer, servicePoint: string): Promise<Consent | null> {
  const { rows } = await db.query<Consent>(
    `SELECT consent_id AS "consentId", service_point AS "servicePoint", given_at AS "givenAt" FROM portal.consent
      WHERE pseudonym = $1 AND service_point = $2 AND withdrawn_at IS NULL`,
    [pseudonym, servicePoint],
  );
  return rows[0] ?? null;
}

/** @returns false where the person has consented meanwhile */
export async function insertConsent(
  db: Queryable,
  consent: Consent & { pseudonym: Buffer; credentialId: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO portal.consent (consent_id, pseudonym, service_point, credential_id, given_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (pseudonym, service_point) WHERE withdrawn_at IS NULL DO NOTHING`,
    [consent.consentId, consent.pseudonym, consent.servicePoint, consent.credentialId, consent.givenAt],
  );
  return rowCount === 1;
}

export async function listContacts(db: Queryable, consentId: string): Promise<Contact[]> {
  const { rows } = await db.query<Contact>(
    'SELECT email, called FROM portal.consent_contact WHERE consent_id = $1 ORDER BY email',
    [consentId],
  );
  return rows;
}

/** Those who are not among them any more go, with what was still to be told to them. @returns who is new */
export async function replaceContacts(
  db: Queryable,
  consentId: string,
  contacts: readonly Contact[],
): Promise<string[]> {
  const emails = contacts.map(({ email }) => email);
  await db.query('DELETE FROM portal.consent_contact WHERE consent_id = $1 AND email <> ALL($2::text[])', [
    consentId,
    emails,
  ]);
  const { rows } = await db.query<{ email: string; is_new: boolean }>(
    `INSERT INTO portal.consent_contact (consent_id, email, called)
     SELECT $1, email, called FROM unnest($2::text[], $3::text[]) AS given (email, called)
     ON CONFLICT (consent_id, email) DO UPDATE SET called = EXCLUDED.called
     RETURNING email, xmax = 0 AS is_new`,
    [consentId, emails, contacts.map(({ called }) => called)],
  );
  return rows.filter((row) => row.is_new).map((row) => row.email);
}

/** The contacts go, with all that was still to be told to them. */
export async function withdrawConsent(db: Queryable, consentId: string, at: Date): Promise<void> {
  await db.query('DELETE FROM portal.consent_contact WHERE consent_id = $1', [consentId]);
  await db.query('UPDATE portal.consent SET withdrawn_at = $2 WHERE consent_id = $1 AND withdrawn_at IS NULL', [
    consentId,
    at,
  ]);
}

/** Consents that stand, by number, after one of them. */
export async function listStandingConsents(
  db: Queryable,
  after: string | null,
  limit: number,
): Promise<{ consentId: string; credentialId: string }[]> {
  const { rows } = await db.query<{ consentId: string; credentialId: string }>(
    `SELECT consent_id AS "consentId", credential_id AS "credentialId" FROM portal.consent
      WHERE withdrawn_at IS NULL AND ($1::uuid IS NULL OR consent_id > $1) ORDER BY consent_id LIMIT $2`,
    [after, limit],
  );
  return rows;
}

/** With their contacts. @returns which there were */
export async function deleteConsentsOf(db: Queryable, pseudonym: Buffer): Promise<string[]> {
  await db.query(
    `DELETE FROM portal.consent_contact
      WHERE consent_id IN (SELECT consent_id FROM portal.consent WHERE pseudonym = $1)`,
    [pseudonym],
  );
  const { rows } = await db.query<{ consentId: string }>(
    'DELETE FROM portal.consent WHERE pseudonym = $1 RETURNING consent_id AS "consentId"',
    [pseudonym],
  );
  return rows.map(({ consentId }) => consentId);
}

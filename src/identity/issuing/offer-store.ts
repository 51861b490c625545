// Offers, the tokens they turn into and the nonces of holder proofs. Each step that may happen once is one statement.
import type { Queryable } from '../../platform/postgres/database.ts';
import { offerLimits } from './offer.ts';

export interface NewOffer {
  id: string;
  codeHash: Buffer;
  txCodeHash: Buffer;
  type: string;
  claims: Record<string, unknown>;
  reference: string;
  expiresAt: Date;
}

export async function insertOffer(to: Queryable, offer: NewOffer): Promise<void> {
  await to.query(
    `INSERT INTO identity.offers (id, code_hash, tx_code_hash, tries_left, credential_type, claims, reference, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      offer.id,
      offer.codeHash,
      offer.txCodeHash,
      offerLimits.txCodeTries,
      offer.type,
      JSON.stringify(offer.claims),
      offer.reference,
      offer.expiresAt,
    ],
  );
}

/** The credential type of an offer that can still be taken, or null. */
export async function openOfferType(from: Queryable, codeHash: Buffer, now: Date): Promise<string | null> {
  const { rows } = await from.query<{ credential_type: string }>(
    'SELECT credential_type FROM identity.offers WHERE code_hash = $1 AND NOT taken AND expires_at > $2',
    [codeHash, now],
  );
  return rows[0]?.credential_type ?? null;
}

/** Takes the offer for the right code and transaction code: true for exactly one of any number of callers. */
export async function takeOffer(
  to: Queryable,
  given: { codeHash: Buffer; txCodeHash: Buffer; tokenHash: Buffer; tokenExpiresAt: Date; now: Date },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `WITH taken AS (
       UPDATE identity.offers SET taken = true
       WHERE code_hash = $1 AND tx_code_hash = $2 AND NOT taken AND expires_at > $3
       RETURNING id
     )
     INSERT INTO identity.access_tokens (token_hash, offer_id, expires_at) SELECT $4, id, $5 FROM taken`,
    [given.codeHash, given.txCodeHash, given.now, given.tokenHash, given.tokenExpiresAt],
  );
  return rowCount === 1;
}

/** Counts a wrong transaction code against an open offer and removes the offer, claims and all, at the last one. */
export async function countWrongTry(to: Queryable, codeHash: Buffer): Promise<void> {
  const { rows } = await to.query<{ tries_left: number }>(
    `UPDATE identity.offers SET tries_left = tries_left - 1
     WHERE code_hash = $1 AND NOT taken AND tries_left > 0 RETURNING tries_left`,
    [codeHash],
  );
  if (rows[0]?.tries_left === 0) {
    await to.query('DELETE FROM identity.offers WHERE code_hash = $1 AND NOT taken', [codeHash]);
  }
}

export async function typeForToken(from: Queryable, tokenHash: Buffer, now: Date): Promise<string | null> {
  const { rows } = await from.query<{ credential_type: string }>(
    `SELECT o.credential_type FROM identity.access_tokens t JOIN identity.offers o ON o.id = t.offer_id
     WHERE t.token_hash = $1 AND t.expires_at > $2`,
    [tokenHash, now],
  );
  return rows[0]?.credential_type ?? null;
}

/** Ends the offer behind a token and hands its claims over for the last time; null when somebody else just did. */
export async function endOffer(
  to: Queryable,
  tokenHash: Buffer,
  now: Date,
): Promise<{ type: string; claims: Record<string, unknown>; reference: string } | null> {
  const { rows } = await to.query<{ type: string; claims: Record<string, unknown>; reference: string }>(
    `DELETE FROM identity.offers o USING identity.access_tokens t
     WHERE t.offer_id = o.id AND t.token_hash = $1 AND t.expires_at > $2
     RETURNING o.credential_type AS type, o.claims, o.reference`,
    [tokenHash, now],
  );
  return rows[0] ?? null;
}

export async function insertNonce(to: Queryable, nonceHash: Buffer, expiresAt: Date): Promise<void> {
  await to.query('INSERT INTO identity.proof_nonces (nonce_hash, expires_at) VALUES ($1, $2)', [nonceHash, expiresAt]);
}

/** True for exactly one caller per nonce. */
export async function spendNonce(to: Queryable, nonceHash: Buffer, now: Date): Promise<boolean> {
  const { rowCount } = await to.query('DELETE FROM identity.proof_nonces WHERE nonce_hash = $1 AND expires_at > $2', [
    nonceHash,
    now,
  ]);
  return rowCount === 1;
}

/** Removes what has expired, at most `offerLimits.sweepRows` rows of each kind; says how many went. */
export async function sweepOffers(to: Queryable, now: Date): Promise<number> {
  let removed = 0;
  for (const statement of [
    // An offer that was taken goes when its token does.
    `DELETE FROM identity.offers WHERE id IN (
       SELECT o.id FROM identity.offers o LEFT JOIN identity.access_tokens t ON t.offer_id = o.id
       WHERE o.expires_at <= $1 AND NOT o.taken OR t.expires_at <= $1 LIMIT $2)`,
    'DELETE FROM identity.proof_nonces WHERE nonce_hash IN (SELECT nonce_hash FROM identity.proof_nonces WHERE expires_at <= $1 LIMIT $2)',
  ]) {
    const { rowCount } = await to.query(statement, [now, offerLimits.sweepRows]);
    removed += rowCount ?? 0;
  }
  return removed;
}

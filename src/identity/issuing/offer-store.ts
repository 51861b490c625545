// Offers and the nonces of holder proofs. Each step that may happen once is one statement.
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
    'SELECT credential_type FROM identity.offers WHERE code_hash = $1 AND expires_at > $2',
    [codeHash, now],
  );
  return rows[0]?.credential_type ?? null;
}

export interface TakenOffer {
  type: string;
  claims: Record<string, unknown>;
  reference: string;
}

/**
 * Takes the offer for the right transaction code, for exactly one of any number of callers; a wrong one costs a try, and
 * the last try the offer with its claims. Every caller waits for the row and so pays for its try, also when all come at
 * once. Call it in a transaction that commits whatever comes back.
 */
export async function takeOffer(
  to: Queryable,
  given: { codeHash: Buffer; txCodeHash: Buffer; now: Date },
): Promise<TakenOffer | null> {
  const { rows } = await to.query<{ right: boolean; tries_left: number }>(
    `UPDATE identity.offers SET tries_left = tries_left - 1
     WHERE code_hash = $1 AND expires_at > $3 AND tries_left > 0
     RETURNING tx_code_hash = $2 AS right, tries_left`,
    [given.codeHash, given.txCodeHash, given.now],
  );
  const [tried] = rows;
  if (tried === undefined || (!tried.right && tried.tries_left > 0)) return null;
  const { rows: ended } = await to.query<TakenOffer>(
    'DELETE FROM identity.offers WHERE code_hash = $1 RETURNING credential_type AS type, claims, reference',
    [given.codeHash],
  );
  return tried.right ? (ended[0] ?? null) : null;
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
    'DELETE FROM identity.offers WHERE id IN (SELECT id FROM identity.offers WHERE expires_at <= $1 LIMIT $2)',
    'DELETE FROM identity.proof_nonces WHERE nonce_hash IN (SELECT nonce_hash FROM identity.proof_nonces WHERE expires_at <= $1 LIMIT $2)',
  ]) {
    const { rowCount } = await to.query(statement, [now, offerLimits.sweepRows]);
    removed += rowCount ?? 0;
  }
  return removed;
}

// Offers that a person takes by signing in at the city's provider: they hold no claims, and one answer uses them up.
import type { Queryable } from '../../platform/postgres/database.ts';
import { authorizationLimits } from './authorization-request.ts';

export interface SignInOffer {
  id: string;
  type: string;
  reference: string;
}

export async function insertSignInOffer(
  to: Queryable,
  offer: SignInOffer & { codeHash: Buffer; expiresAt: Date },
): Promise<void> {
  await to.query(
    `INSERT INTO identity.sign_in_offers (id, code_hash, credential_type, reference, expires_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [offer.id, offer.codeHash, offer.type, offer.reference, offer.expiresAt],
  );
}

export async function openSignInOffer(from: Queryable, codeHash: Buffer, now: Date): Promise<SignInOffer | null> {
  const { rows } = await from.query<SignInOffer>(
    `SELECT id, credential_type AS type, reference FROM identity.sign_in_offers WHERE code_hash = $1 AND expires_at > $2`,
    [codeHash, now],
  );
  return rows[0] ?? null;
}

/** Uses the offer up and says what it was made for; null when somebody already did, or it expired. */
export async function endSignInOffer(to: Queryable, id: string, now: Date): Promise<string | null> {
  const { rows } = await to.query<{ reference: string }>(
    'DELETE FROM identity.sign_in_offers WHERE id = $1 AND expires_at > $2 RETURNING reference',
    [id, now],
  );
  return rows[0]?.reference ?? null;
}

/** Removes what has expired, at most `authorizationLimits.sweepRows` rows; says how many went. */
export async function sweepSignInOffers(to: Queryable, now: Date): Promise<number> {
  const { rowCount } = await to.query(
    `DELETE FROM identity.sign_in_offers WHERE id IN (
       SELECT id FROM identity.sign_in_offers WHERE expires_at <= $1 LIMIT $2)`,
    [now, authorizationLimits.sweepRows],
  );
  return rowCount ?? 0;
}

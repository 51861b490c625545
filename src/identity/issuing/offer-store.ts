// Offers. Each step that may happen once is one statement.
import type { Queryable } from '../../platform/postgres/database.ts';
import { grantLimits } from './grant.ts';
import { type OpenOffer, offerLimits } from './offer.ts';

export interface NewOffer {
  id: string;
  codeHash: Buffer;
  txCodeHash: Buffer;
  type: string;
  claims: Record<string, unknown>;
  reference: string;
  offeredAt: Date;
  expiresAt: Date;
  importId: string | null;
  importLine: number | null;
}

/** All of them in one statement. */
export async function insertOffers(to: Queryable, offers: readonly NewOffer[]): Promise<void> {
  await to.query(
    `INSERT INTO identity.offers
       (id, code_hash, tx_code_hash, tries_left, credential_type, claims, reference, offered_at, expires_at,
        import_id, import_line)
     SELECT id, code_hash, tx_code_hash, $1, type, claims, reference, offered_at, expires_at, import_id,
            import_line
     FROM unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[],
                 $9::timestamptz[], $10::uuid[], $11::integer[])
       AS offer (id, code_hash, tx_code_hash, type, claims, reference, offered_at, expires_at, import_id,
                   import_line)`,
    [
      offerLimits.txCodeTries,
      offers.map(({ id }) => id),
      offers.map(({ codeHash }) => codeHash),
      offers.map(({ txCodeHash }) => txCodeHash),
      offers.map(({ type }) => type),
      offers.map(({ claims }) => JSON.stringify(claims)),
      offers.map(({ reference }) => reference),
      offers.map(({ offeredAt }) => offeredAt),
      offers.map(({ expiresAt }) => expiresAt),
      offers.map(({ importId }) => importId),
      offers.map(({ importLine }) => importLine),
    ],
  );
}

/** Offers that can still be taken, the last to end first; of `types` alone. */
export async function listOffers(
  from: Queryable,
  types: readonly string[],
  now: Date,
  after: { expiresAt: string; id: string } | null,
  limit: number,
): Promise<OpenOffer[]> {
  const { rows } = await from.query<Omit<OpenOffer, 'expires_at'> & { expires_at: Date }>(
    `SELECT id, credential_type AS type, reference, expires_at, tries_left, import_id FROM identity.offers
     WHERE credential_type = ANY($1) AND expires_at > $2
       AND ($3::timestamptz IS NULL OR (expires_at, id) < ($3::timestamptz, $4::uuid))
     ORDER BY expires_at DESC, id DESC LIMIT $5`,
    [types, now, after?.expiresAt ?? null, after?.id ?? null, limit],
  );
  return rows.map((row) => ({ ...row, expires_at: row.expires_at.toISOString() }));
}

/** Ends an offer with its claims, and its waiting for approval. @returns its type; null where there is none any more */
export async function withdrawOffer(to: Queryable, id: string): Promise<{ type: string; reference: string } | null> {
  const { rows } = await to.query<{ type: string; reference: string }>(
    `WITH ended AS (DELETE FROM identity.offers WHERE id = $1 RETURNING id, credential_type AS type, reference),
       waiting AS (DELETE FROM identity.offer_approvals WHERE offer_id IN (SELECT id FROM ended))
     SELECT type, reference FROM ended`,
    [id],
  );
  return rows[0] ?? null;
}

/** Says what an offer is of, where that is not its type's first configuration. */
export async function insertOfferConfigurations(
  to: Queryable,
  offerId: string,
  configurationIds: readonly string[],
): Promise<void> {
  await to.query('INSERT INTO identity.offer_configurations (offer_id, configuration_ids) VALUES ($1, $2)', [
    offerId,
    configurationIds,
  ]);
}

const configurationIds = `coalesce(
  (SELECT configuration_ids FROM identity.offer_configurations WHERE offer_id = offers.id), ARRAY[offers.credential_type])`;

/** The credential configurations of an offer that can still be taken, or null. */
export async function openOfferConfigurations(from: Queryable, codeHash: Buffer, now: Date): Promise<string[] | null> {
  const { rows } = await from.query<{ ids: string[] }>(
    `SELECT ${configurationIds} AS ids FROM identity.offers WHERE code_hash = $1 AND expires_at > $2`,
    [codeHash, now],
  );
  return rows[0]?.ids ?? null;
}

export interface OfferRedemption {
  codeHash: Buffer;
  txCodeHash: Buffer;
  now: Date;
  grantId: string;
  dpopThumbprint: string | null;
  grantExpiresAt: Date;
  /** One for each configuration that an offer may have. */
  identifiers: readonly string[];
  claimsUntil: Date;
  accessTokenHash: Buffer;
  accessTokenExpiresAt: Date;
  /** Null where the wallet is given none. */
  refreshTokenHash: Buffer | null;
}

/**
 * Turns the offer into a grant with its tokens, for the right transaction code and for exactly one of any number of
 * callers; a wrong one costs a try, and the last try the offer with its claims. Every caller waits for the row and so pays
 * for its try, also when all come at once. One statement; send it on its own, so that it commits whatever comes back.
 *
 * @returns whether the grant is there
 */
export async function redeemOffer(to: Queryable, given: OfferRedemption): Promise<boolean> {
  const { rowCount } = await to.query({
    name: 'identity-redeem-offer',
    text: `WITH held AS (
        SELECT id, tries_left, tx_code_hash = $2 AS is_right FROM identity.offers
        WHERE code_hash = $1 AND expires_at > $3 AND tries_left > 0 FOR UPDATE
      ), tried AS (
        UPDATE identity.offers SET tries_left = held.tries_left - 1 FROM held
        WHERE offers.id = held.id AND NOT held.is_right AND held.tries_left > 1
      ), ended AS (
        DELETE FROM identity.offers USING held WHERE offers.id = held.id AND (held.is_right OR held.tries_left = 1)
        RETURNING held.is_right, offers.id, ${configurationIds} AS configuration_ids, claims, reference,
          EXISTS (SELECT FROM identity.offer_approvals WHERE offer_id = offers.id) AS needs_approval
      ), taken AS (
        SELECT * FROM ended WHERE is_right
      ), granted AS (
        INSERT INTO identity.grants (id, client_id, dpop_thumbprint, reference, expires_at)
        SELECT $4::uuid, NULL, $5, reference, $6::timestamptz FROM taken
      ), access AS (
        INSERT INTO identity.access_tokens (token_hash, grant_id, expires_at) SELECT $7::bytea, $4::uuid, $8::timestamptz FROM taken
      ), refresh AS (
        INSERT INTO identity.refresh_tokens (token_hash, grant_id) SELECT $9::bytea, $4::uuid FROM taken WHERE $9::bytea IS NOT NULL
      )
      INSERT INTO identity.granted_credentials
        (identifier, grant_id, configuration_id, by_identifier, claims, claims_until, credentials_left, once, approval_of)
      SELECT ($10::uuid[])[configuration.n], $4::uuid, configuration.id, false, claims, $11::timestamptz, $12::smallint, true,
        CASE WHEN needs_approval THEN taken.id END
      FROM taken CROSS JOIN LATERAL unnest(configuration_ids) WITH ORDINALITY AS configuration (id, n)`,
    values: [
      ...[given.codeHash, given.txCodeHash, given.now, given.grantId, given.dpopThumbprint, given.grantExpiresAt],
      ...[given.accessTokenHash, given.accessTokenExpiresAt, given.refreshTokenHash, given.identifiers],
      ...[given.claimsUntil, grantLimits.credentialsPerOffer],
    ],
  });
  return (rowCount ?? 0) > 0;
}

/** Removes what has expired, at most `offerLimits.sweepRows` rows; says how many went. */
export async function sweepOffers(to: Queryable, now: Date): Promise<number> {
  const { rowCount } = await to.query(
    'DELETE FROM identity.offers WHERE id IN (SELECT id FROM identity.offers WHERE expires_at <= $1 LIMIT $2)',
    [now, offerLimits.sweepRows],
  );
  return rowCount ?? 0;
}

// Nonces the service gives out for proofs, and the proofs it has seen, shared by every copy of the service.
import type { Queryable } from '../../platform/postgres/database.ts';

export type NoncePurpose = 'dpop' | 'attestation';

const sweepRows = 5_000;

/** The newest nonce that was given out after `since`, or null. */
export async function latestNonce(from: Queryable, purpose: NoncePurpose, since: Date): Promise<string | null> {
  const { rows } = await from.query<{ nonce: string }>(
    `SELECT nonce FROM identity.server_nonces WHERE purpose = $1 AND issued_at > $2 ORDER BY issued_at DESC LIMIT 1`,
    [purpose, since],
  );
  return rows[0]?.nonce ?? null;
}

export async function insertServerNonce(
  to: Queryable,
  given: { nonce: string; purpose: NoncePurpose; issuedAt: Date; expiresAt: Date },
): Promise<void> {
  await to.query('INSERT INTO identity.server_nonces (nonce, purpose, issued_at, expires_at) VALUES ($1, $2, $3, $4)', [
    given.nonce,
    given.purpose,
    given.issuedAt,
    given.expiresAt,
  ]);
}

export async function knowsNonce(from: Queryable, purpose: NoncePurpose, nonce: string, now: Date): Promise<boolean> {
  const { rowCount } = await from.query(
    'SELECT 1 FROM identity.server_nonces WHERE nonce = $1 AND purpose = $2 AND expires_at > $3',
    [nonce, purpose, now],
  );
  return rowCount === 1;
}

/** True for exactly one caller per proof. */
export async function spendProof(to: Queryable, proofHash: Buffer, expiresAt: Date): Promise<boolean> {
  const { rowCount } = await to.query(
    'INSERT INTO identity.spent_proofs (proof_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [proofHash, expiresAt],
  );
  return rowCount === 1;
}

/** Removes what has expired, at most 5,000 rows of each kind; says how many went. */
export async function sweepProofGuards(to: Queryable, now: Date): Promise<number> {
  let removed = 0;
  for (const statement of [
    'DELETE FROM identity.server_nonces WHERE nonce IN (SELECT nonce FROM identity.server_nonces WHERE expires_at <= $1 LIMIT $2)',
    `DELETE FROM identity.spent_proofs WHERE proof_hash IN (
       SELECT proof_hash FROM identity.spent_proofs WHERE expires_at <= $1 LIMIT $2)`,
  ]) {
    const { rowCount } = await to.query(statement, [now, sweepRows]);
    removed += rowCount ?? 0;
  }
  return removed;
}

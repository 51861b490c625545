// The registrations of verifiers and their audit.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { RegisteredVerifier, VerifierRegistration } from './registered-verifier.ts';

export type VerifierActor = 'service' | 'operator' | 'command line';
export type VerifierAction = 'registered' | 'changed' | 'token made' | 'ended';

export interface VerifierRecord extends RegisteredVerifier {
  has_token: boolean;
  ended: boolean;
}

const columns = `id, name, purpose, keeps, may_ask, return_origins, certificate, own_client, token_hash IS NOT NULL AS has_token,
  ended_at IS NOT NULL AS ended`;

/** Locked until the transaction ends; null where nobody of that name was ever registered. */
export async function lockVerifier(from: Queryable, id: string): Promise<VerifierRecord | null> {
  const { rows } = await from.query<VerifierRecord>(
    `SELECT ${columns} FROM identity.verifier WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0] ?? null;
}

export async function findVerifier(from: Queryable, id: string): Promise<VerifierRecord | null> {
  const { rows } = await from.query<VerifierRecord>(
    `SELECT ${columns} FROM identity.verifier WHERE id = $1 AND ended_at IS NULL`,
    [id],
  );
  return rows[0] ?? null;
}

export async function findVerifierByToken(from: Queryable, tokenHash: Buffer): Promise<VerifierRecord | null> {
  const { rows } = await from.query<VerifierRecord>(
    `SELECT ${columns} FROM identity.verifier WHERE token_hash = $1 AND ended_at IS NULL`,
    [tokenHash],
  );
  return rows[0] ?? null;
}

export async function selectVerifiers(from: Queryable): Promise<VerifierRecord[]> {
  const { rows } = await from.query<VerifierRecord>(
    `SELECT ${columns} FROM identity.verifier WHERE ended_at IS NULL ORDER BY id`,
  );
  return rows;
}

/** Registers, or writes over what was registered; a verifier that had ended is registered anew. */
export async function upsertVerifier(
  to: Queryable,
  id: string,
  registration: VerifierRegistration,
  now: Date,
): Promise<void> {
  await to.query(
    `INSERT INTO identity.verifier (id, name, purpose, keeps, may_ask, return_origins, certificate, registered_at, own_client)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (id) DO UPDATE SET name = $2, purpose = $3, keeps = $4, may_ask = $5, return_origins = $6,
       certificate = $7, own_client = $9, ended_at = NULL`,
    [
      id,
      JSON.stringify(registration.name),
      JSON.stringify(registration.purpose),
      JSON.stringify(registration.keeps),
      JSON.stringify(registration.may_ask),
      registration.return_origins,
      registration.certificate,
      now,
      registration.own_client === null ? null : JSON.stringify(registration.own_client),
    ],
  );
}

export async function setVerifierToken(to: Queryable, id: string, tokenHash: Buffer): Promise<void> {
  await to.query('UPDATE identity.verifier SET token_hash = $2 WHERE id = $1', [id, tokenHash]);
}

/** From now on it asks for nothing, and its token is worth nothing. */
export async function endVerifier(to: Queryable, id: string, now: Date): Promise<void> {
  await to.query('UPDATE identity.verifier SET ended_at = $2, token_hash = NULL WHERE id = $1', [id, now]);
}

export async function insertVerifierAudit(
  to: Queryable,
  entry: { at: Date; actor: VerifierActor; action: VerifierAction; verifier: string },
  registration: VerifierRegistration | null,
): Promise<void> {
  await to.query(
    `INSERT INTO identity.verifier_audit (at, actor, action, verifier, registration) VALUES ($1, $2, $3, $4, $5)`,
    [entry.at, entry.actor, entry.action, entry.verifier, registration === null ? null : JSON.stringify(registration)],
  );
}

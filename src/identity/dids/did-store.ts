// All SQL about DIDs: their logs, the approvals of their witnesses, the salts of people's anchors, and erasure.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { WitnessProofs } from './did-witness.ts';

export interface StoredDid {
  did: string;
  kind: 'institution' | 'person';
  /** JSONL. */
  log: string;
  /** 32 bytes for a person, null for an institution. */
  salt: Uint8Array | null;
  /** Null where no entry needs witnesses. */
  witnessProofs: WitnessProofs | null;
}

interface Row {
  did: string;
  kind: 'institution' | 'person';
  log: string;
  salt: Buffer | null;
  witness_proofs: WitnessProofs | null;
}

const COLUMNS = 'did, kind, log, salt, witness_proofs';

/** @returns false where the DID or its location is taken */
export async function insertDid(
  to: Queryable,
  did: StoredDid & { location: string; registeredAt_ms: number },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `INSERT INTO identity.did (did, kind, location, log, salt, witness_proofs, registered_at)
     VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [
      did.did,
      did.kind,
      did.location,
      did.log,
      did.salt && Buffer.from(did.salt),
      did.witnessProofs && JSON.stringify(did.witnessProofs),
      did.registeredAt_ms,
    ],
  );
  return rowCount === 1;
}

export async function findDid(from: Queryable, did: string): Promise<StoredDid | null> {
  const { rows } = await from.query<Row>(`SELECT ${COLUMNS} FROM identity.did WHERE did = $1`, [did]);
  return stored(rows[0]);
}

export async function findDidByLocation(
  from: Queryable,
  kind: StoredDid['kind'],
  location: string,
): Promise<StoredDid | null> {
  const { rows } = await from.query<Row>(`SELECT ${COLUMNS} FROM identity.did WHERE kind = $1 AND location = $2`, [
    kind,
    location,
  ]);
  return stored(rows[0]);
}

function stored(row: Row | undefined): StoredDid | null {
  if (row === undefined) return null;
  const { witness_proofs, ...rest } = row;
  return { ...rest, witnessProofs: witness_proofs };
}

/**
 * Puts the longer log in the place of `before`.
 *
 * @returns false where `before` is no longer what is stored: another change was first
 */
export async function replaceDidLog(to: Queryable, before: StoredDid, after: StoredDid): Promise<boolean> {
  const { rowCount } = await to.query(
    'UPDATE identity.did SET log = $3, salt = $4, witness_proofs = $5 WHERE did = $1 AND log = $2',
    [
      before.did,
      before.log,
      after.log,
      after.salt && Buffer.from(after.salt),
      after.witnessProofs && JSON.stringify(after.witnessProofs),
    ],
  );
  return rowCount === 1;
}

/** @returns false where `before` is no longer what is stored: another change was first */
export async function deleteDid(from: Queryable, before: StoredDid): Promise<boolean> {
  const { rowCount } = await from.query('DELETE FROM identity.did WHERE did = $1 AND log = $2', [
    before.did,
    before.log,
  ]);
  return rowCount === 1;
}

/** @param hashes SHA-256 of the DID and of its location */
export async function insertErasedDid(to: Queryable, hashes: Uint8Array[], erasedAt_ms: number): Promise<void> {
  await to.query(
    `INSERT INTO identity.erased_did (hash, erased_at)
     SELECT hash, to_timestamp($2::float8 / 1000) FROM unnest($1::bytea[]) AS hash ON CONFLICT DO NOTHING`,
    [hashes.map((hash) => Buffer.from(hash)), erasedAt_ms],
  );
}

export async function isErased(from: Queryable, hashes: Uint8Array[]): Promise<boolean> {
  const { rows } = await from.query('SELECT 1 FROM identity.erased_did WHERE hash = ANY ($1::bytea[]) LIMIT 1', [
    hashes.map((hash) => Buffer.from(hash)),
  ]);
  return rows.length > 0;
}

/**
 * Makes registration, change and erasure under one location follow one another until the transaction ends, so that what
 * is erased while it is registered again stays erased.
 */
export async function lockDidLocation(transaction: Queryable, location: string): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru did'), hashtext($1))`, [location]);
}

/** Makes copies that start together do what follows one after another, until the transaction ends. */
export async function lockInstitutionDids(transaction: Queryable): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru institution did'))`);
}

// All SQL about DIDs: their logs and the salts of people's anchors.
import type { Queryable } from '../../platform/postgres/database.ts';

export interface StoredDid {
  did: string;
  kind: 'institution' | 'person';
  /** JSONL. */
  log: string;
  /** 32 bytes for a person, null for an institution. */
  salt: Uint8Array | null;
}

interface Row {
  did: string;
  kind: 'institution' | 'person';
  log: string;
  salt: Buffer | null;
}

/** @returns false where the DID or its location is taken */
export async function insertDid(
  to: Queryable,
  did: StoredDid & { location: string; registeredAt_ms: number },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `INSERT INTO identity.did (did, kind, location, log, salt, registered_at)
     VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [did.did, did.kind, did.location, did.log, did.salt && Buffer.from(did.salt), did.registeredAt_ms],
  );
  return rowCount === 1;
}

export async function findDid(from: Queryable, did: string): Promise<StoredDid | null> {
  const { rows } = await from.query<Row>('SELECT did, kind, log, salt FROM identity.did WHERE did = $1', [did]);
  return rows[0] ?? null;
}

export async function findDidByLocation(
  from: Queryable,
  kind: StoredDid['kind'],
  location: string,
): Promise<StoredDid | null> {
  const { rows } = await from.query<Row>(
    'SELECT did, kind, log, salt FROM identity.did WHERE kind = $1 AND location = $2',
    [kind, location],
  );
  return rows[0] ?? null;
}

/** Makes copies that start together do what follows one after another, until the transaction ends. */
export async function lockInstitutionDids(transaction: Queryable): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru institution did'))`);
}

// All SQL about the names by which programs call the credentials they had issued.
import type { Queryable } from '../../platform/postgres/database.ts';

/** @param nameHash SHA-256 of the name */
export async function nameCredential(to: Queryable, nameHash: Uint8Array, credentialId: string): Promise<void> {
  await to.query('INSERT INTO identity.credential_name (name_hash, credential) VALUES ($1, $2)', [
    Buffer.from(nameHash),
    credentialId,
  ]);
}

/** Ids of the credentials of that name, in no order. */
export async function credentialsNamed(from: Queryable, nameHash: Uint8Array, limit: number): Promise<string[]> {
  const { rows } = await from.query<{ credential: string }>(
    'SELECT credential FROM identity.credential_name WHERE name_hash = $1 LIMIT $2',
    [Buffer.from(nameHash), limit],
  );
  return rows.map(({ credential }) => credential);
}

// All SQL about issued credentials and their status bits: which index is whose, what is revoked. Claims never get here.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { IssuedCredential } from '../issuing/credential-issue.ts';

export interface NewCredential {
  id: string;
  type: string | null;
  format: IssuedCredential['format'];
  reference: string | null;
  holderThumbprint: string | null;
  issuedAt_ms: number;
}

export interface StatusEntry {
  list: number;
  index: number;
}

export async function newestStatusList(from: Queryable): Promise<number | null> {
  const { rows } = await from.query<{ id: number }>('SELECT id FROM identity.status_list ORDER BY id DESC LIMIT 1');
  return rows[0]?.id ?? null;
}

export async function insertStatusList(to: Queryable, bits: Uint8Array, createdAt_ms: number): Promise<number> {
  const { rows } = await to.query<{ id: number }>(
    'INSERT INTO identity.status_list (bits, created_at) VALUES ($1, to_timestamp($2::float8 / 1000)) RETURNING id',
    [Buffer.from(bits), createdAt_ms],
  );
  if (rows[0] === undefined) throw new Error('INSERT … RETURNING gave no row');
  return rows[0].id;
}

/** Makes those who would open a list do it one after another, until the transaction ends. */
export async function lockStatusLists(transaction: Queryable): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru status lists'))`);
}

/** Records the issue under the first of `candidates` that is free in the list. @returns its index, null if none is. */
export async function insertCredential(
  to: Queryable,
  list: number,
  candidates: readonly number[],
  credential: NewCredential,
): Promise<number | null> {
  const { rows } = await to.query<{ status_index: number }>(
    `INSERT INTO identity.credential
       (id, type, format, status_list, status_index, reference, holder_thumbprint, issued_at)
     SELECT $3, $4, $5, $1, candidate.index, $6, $7, to_timestamp($8::float8 / 1000)
     FROM unnest($2::integer[]) WITH ORDINALITY AS candidate (index, n)
     WHERE NOT EXISTS (SELECT FROM identity.credential taken
       WHERE taken.status_list = $1 AND taken.status_index = candidate.index)
     ORDER BY n LIMIT 1
     ON CONFLICT (status_list, status_index) DO NOTHING
     RETURNING status_index`,
    [
      list,
      candidates,
      credential.id,
      credential.type,
      credential.format,
      credential.reference,
      credential.holderThumbprint,
      credential.issuedAt_ms,
    ],
  );
  return rows[0]?.status_index ?? null;
}

/** Marks the credential revoked. @returns its entry; null where it is unknown or was revoked before */
export async function markRevoked(
  to: Queryable,
  id: string,
  reason: string,
  revokedAt_ms: number,
): Promise<StatusEntry | null> {
  const { rows } = await to.query<{ list: number; index: number }>(
    `UPDATE identity.credential SET revoked_at = to_timestamp($3::float8 / 1000), revocation_reason = $2
     WHERE id = $1 AND revoked_at IS NULL RETURNING status_list AS list, status_index AS index`,
    [id, reason, revokedAt_ms],
  );
  return rows[0] ?? null;
}

/** Sets one bit and raises the list's version. @returns the bits as they are now */
export async function setStatusBit(to: Queryable, { list, index }: StatusEntry): Promise<Uint8Array> {
  const { rows } = await to.query<{ bits: Buffer }>(
    `UPDATE identity.status_list SET bits = set_bit(bits, $2::bigint, 1), version = version + 1
     WHERE id = $1 RETURNING bits`,
    [list, index],
  );
  if (rows[0] === undefined) throw new Error(`status list ${list} has gone`);
  return rows[0].bits;
}

export async function statusListVersion(from: Queryable, list: number): Promise<number | null> {
  const { rows } = await from.query<{ version: number }>('SELECT version FROM identity.status_list WHERE id = $1', [
    list,
  ]);
  return rows[0]?.version ?? null;
}

export async function statusListBits(
  from: Queryable,
  list: number,
): Promise<{ bits: Uint8Array; version: number } | null> {
  const { rows } = await from.query<{ bits: Buffer; version: number }>(
    'SELECT bits, version FROM identity.status_list WHERE id = $1',
    [list],
  );
  return rows[0] ?? null;
}

/** The bit of an entry, with the record that belongs to it; null where the list or the entry doesn't exist. */
export async function findStatus(
  from: Queryable,
  { list, index }: StatusEntry,
): Promise<{ revoked: boolean; credential: IssuedCredential | null } | null> {
  const { rows } = await from.query<Row & { bit: number }>(
    `SELECT get_bit(list.bits, $2::bigint) AS bit, ${columns}
     FROM identity.status_list list
     LEFT JOIN identity.credential credential ON status_list = list.id AND status_index = $2
     WHERE list.id = $1 AND $2 < octet_length(list.bits) * 8`,
    [list, index],
  );
  const [row] = rows;
  return row ? { revoked: row.bit === 1, credential: row.id === null ? null : issuedCredential(row) } : null;
}

export async function findCredential(from: Queryable, id: string): Promise<IssuedCredential | null> {
  const { rows } = await from.query<Row>(`SELECT ${columns} FROM identity.credential credential WHERE id = $1`, [id]);
  return rows[0] ? issuedCredential(rows[0]) : null;
}

export async function credentialsByReference(
  from: Queryable,
  reference: string,
  limit: number,
): Promise<IssuedCredential[]> {
  const { rows } = await from.query<Row>(
    `SELECT ${columns} FROM identity.credential credential WHERE reference = $1 ORDER BY issued_at DESC, id LIMIT $2`,
    [reference, limit],
  );
  return rows.map(issuedCredential);
}

interface Row {
  id: string;
  type: string | null;
  format: IssuedCredential['format'];
  reference: string | null;
  issued_at: Date;
  revoked_at: Date | null;
  revocation_reason: string | null;
}

const columns = 'credential.id, type, format, reference, issued_at, revoked_at, revocation_reason';

function issuedCredential(row: Row): IssuedCredential {
  return {
    id: row.id,
    type: row.type,
    format: row.format,
    reference: row.reference,
    issued_at: row.issued_at.toISOString(),
    state: row.revoked_at === null ? 'valid' : 'revoked',
    revoked_at: row.revoked_at?.toISOString() ?? null,
    reason: row.revocation_reason,
  };
}

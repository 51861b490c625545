// All SQL about the records of issued credentials: what became of each. Claims never get here.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { IssuedCredential } from '../issuing/credential-issue.ts';
import type { StatusEntry } from './status-list-store.ts';

/** A credential and its copies: what was issued of one grant has one state. */
const together = `(id = $1 OR issue = (SELECT issue FROM identity.credential WHERE id = $1))`;
const entries = 'status_list AS list, status_index AS index';

/** Marks the credential and its copies revoked, for good. @returns entries of those that were not before */
export async function markRevoked(
  to: Queryable,
  id: string,
  reason: string,
  revokedAt_ms: number,
): Promise<StatusEntry[]> {
  const { rows } = await to.query<StatusEntry>(
    `UPDATE identity.credential SET revoked_at = to_timestamp($3::float8 / 1000), revocation_reason = $2,
       suspended_at = NULL, suspension_reason = NULL
     WHERE ${together} AND revoked_at IS NULL RETURNING ${entries}`,
    [id, reason, revokedAt_ms],
  );
  return rows;
}

/** @returns entries of those, it and its copies, that were neither revoked nor suspended */
export async function markSuspended(
  to: Queryable,
  id: string,
  reason: string,
  suspendedAt_ms: number,
): Promise<StatusEntry[]> {
  const { rows } = await to.query<StatusEntry>(
    `UPDATE identity.credential SET suspended_at = to_timestamp($3::float8 / 1000), suspension_reason = $2
     WHERE ${together} AND revoked_at IS NULL AND suspended_at IS NULL RETURNING ${entries}`,
    [id, reason, suspendedAt_ms],
  );
  return rows;
}

/** @returns entries of those, it and its copies, that were suspended */
export async function markResumed(to: Queryable, id: string): Promise<StatusEntry[]> {
  const { rows } = await to.query<StatusEntry>(
    `UPDATE identity.credential SET suspended_at = NULL, suspension_reason = NULL
     WHERE ${together} AND suspended_at IS NOT NULL RETURNING ${entries}`,
    [id],
  );
  return rows;
}

/** The two bits of an entry, with the record that belongs to it; null where the list or the entry doesn't exist. */
export async function findStatus(
  from: Queryable,
  { list, index }: StatusEntry,
): Promise<{ value: number; credential: IssuedCredential | null } | null> {
  const { rows } = await from.query<Row & { value: number }>(
    `SELECT get_bit(list.bits, 2 * $2::bigint) + 2 * get_bit(list.bits, 2 * $2::bigint + 1) AS value, ${columns}
     FROM identity.status_list list
     LEFT JOIN identity.credential credential ON status_list = list.id AND status_index = $2
     WHERE list.id = $1 AND $2 < octet_length(list.bits) * 4`,
    [list, index],
  );
  const [row] = rows;
  return row ? { value: row.value, credential: row.id === null ? null : issuedCredential(row) } : null;
}

export async function findCredential(from: Queryable, id: string): Promise<IssuedCredential | null> {
  const { rows } = await from.query<Row>(`SELECT ${columns} FROM identity.credential credential WHERE id = $1`, [id]);
  return rows[0] ? issuedCredential(rows[0]) : null;
}

/** The number of the issue that a credential is of: of copies the same. */
export async function findIssueNumber(from: Queryable, credentialId: string): Promise<string | null> {
  const { rows } = await from.query<{ number: string }>(
    'SELECT coalesce(issue, id) AS number FROM identity.credential WHERE id = $1',
    [credentialId],
  );
  return rows[0]?.number ?? null;
}

/** What became of each credential, by its own number or its issue's. */
export async function findStates(
  from: Queryable,
  numbers: readonly string[],
): Promise<{ number: string; revoked_at: Date | null; suspended_at: Date | null }[]> {
  const { rows } = await from.query<{ number: string; revoked_at: Date | null; suspended_at: Date | null }>(
    `SELECT number, found.* FROM unnest($1::uuid[]) AS number
     CROSS JOIN LATERAL (SELECT revoked_at, suspended_at FROM identity.credential
       WHERE id = number OR issue = number LIMIT 1) found`,
    [numbers],
  );
  return rows;
}

/** Of copies the newest stands for all. */
export const oneOfCopies = `NOT EXISTS (SELECT FROM identity.credential newer
  WHERE newer.issue = credential.issue AND (newer.issued_at, newer.id) > (credential.issued_at, credential.id))`;

/** One of each issue. */
export async function credentialsByReference(
  from: Queryable,
  reference: string,
  limit: number,
): Promise<IssuedCredential[]> {
  const { rows } = await from.query<Row>(
    `SELECT ${columns} FROM identity.credential credential WHERE reference = $1 AND ${oneOfCopies}
     ORDER BY issued_at DESC, id LIMIT $2`,
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
  suspended_at: Date | null;
  suspension_reason: string | null;
}

const columns =
  'credential.id, type, format, reference, issued_at, revoked_at, revocation_reason, suspended_at, suspension_reason';

function issuedCredential(row: Row): IssuedCredential {
  return {
    id: row.id,
    type: row.type,
    format: row.format,
    reference: row.reference,
    issued_at: row.issued_at.toISOString(),
    state: row.revoked_at !== null ? 'revoked' : row.suspended_at !== null ? 'suspended' : 'valid',
    revoked_at: row.revoked_at?.toISOString() ?? null,
    suspended_at: row.suspended_at?.toISOString() ?? null,
    reason: row.revocation_reason ?? row.suspension_reason,
  };
}

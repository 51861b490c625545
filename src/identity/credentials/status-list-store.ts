// All SQL about status lists: which are open, which places are whose, and the bits.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { IssuedCredential } from '../issuing/credential-issue.ts';

export interface NewCredential {
  id: string;
  type: string | null;
  format: IssuedCredential['format'];
  reference: string | null;
  holderThumbprint: string | null;
  /** Fragment of the issuer's verification method that signs it. */
  signingKey: string;
  /** What it was issued of, the same for all copies; absent where it is issued alone. */
  issue?: string | undefined;
}

export interface StatusEntry {
  list: number;
  index: number;
}

export interface OpenList {
  id: number;
  decoys: Uint8Array;
  /** Opened, or changed, by the transaction that asks, so that nobody else sees it so yet. */
  uncommitted: boolean;
}

export interface StoredStatusList {
  statuses: Uint8Array;
  version: number;
  changedAt_ms: number;
}

/** Lists that take new credentials. */
export async function openStatusLists(from: Queryable): Promise<OpenList[]> {
  const { rows } = await from.query<OpenList>(
    `SELECT id, decoys, coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false) AS uncommitted
     FROM identity.status_list WHERE is_open ORDER BY id`,
  );
  return rows;
}

/** @returns false where the number is taken */
export async function insertStatusList(
  to: Queryable,
  list: { id: number; statuses: Uint8Array; decoys: Uint8Array; createdAt_ms: number },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `INSERT INTO identity.status_list (id, bits, decoys, is_open, created_at, changed_at) OVERRIDING SYSTEM VALUE
     VALUES ($1, $2, $3, true, to_timestamp($4::float8 / 1000), to_timestamp($4::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [list.id, Buffer.from(list.statuses), Buffer.from(list.decoys), list.createdAt_ms],
  );
  return rowCount === 1;
}

/** How many places of each list are given out. */
export async function countPlaces(from: Queryable, lists: readonly number[]): Promise<{ id: number; taken: number }[]> {
  const { rows } = await from.query<{ id: number; taken: number }>(
    `SELECT list.id, (SELECT count(*) FROM identity.credential WHERE status_list = list.id) AS taken
     FROM unnest($1::bigint[]) AS list (id)`,
    [lists],
  );
  return rows;
}

export async function closeStatusLists(to: Queryable, lists: readonly number[]): Promise<void> {
  await to.query('UPDATE identity.status_list SET is_open = false WHERE id = ANY ($1::bigint[]) AND is_open', [lists]);
}

/** Makes those who would open lists do it one after another, until the transaction ends. */
export async function lockStatusLists(transaction: Queryable): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru status lists'))`);
}

/** Lists of earlier versions, whose decoys were never chosen; nobody else changes them until the transaction ends. */
export async function lockListsWithoutDecoys(
  transaction: Queryable,
): Promise<{ id: number; statuses: Uint8Array; taken: number[] }[]> {
  const { rows } = await transaction.query<{ id: number; bits: Buffer; taken: number[] }>(
    `SELECT id, bits, ARRAY(SELECT status_index FROM identity.credential WHERE status_list = list.id) AS taken
     FROM identity.status_list list WHERE decoys IS NULL ORDER BY id FOR UPDATE`,
  );
  return rows.map(({ id, bits, taken }) => ({ id, statuses: new Uint8Array(bits), taken }));
}

export async function setDecoys(to: Queryable, list: number, decoys: Uint8Array): Promise<void> {
  await to.query('UPDATE identity.status_list SET decoys = $2 WHERE id = $1', [list, Buffer.from(decoys)]);
}

/**
 * Records credentials, each under the first of its candidates that is free, in one statement. Those whose candidates are
 * all taken, or were taken by somebody else meanwhile, are left out, as are those of a key that was revoked.
 *
 * @param candidates indices in the credential's list, the same number for each, one credential's after the other's
 */
export async function insertCredentials(
  to: Queryable,
  credentials: readonly (NewCredential & { list: number })[],
  candidates: readonly number[],
  issuedAt_ms: number,
): Promise<(StatusEntry & { id: string })[]> {
  const { rows } = await to.query<StatusEntry & { id: string }>({
    name: 'identity-insert-credentials',
    text: `INSERT INTO identity.credential
       (id, type, format, status_list, status_index, reference, holder_thumbprint, signing_key, issue, issued_at)
     SELECT wanted.id, wanted.type, wanted.format, wanted.list, place.index, wanted.reference, wanted.thumbprint,
       wanted.signing_key, wanted.issue, to_timestamp($9::float8 / 1000)
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $11::uuid[])
       WITH ORDINALITY AS wanted (id, type, format, list, reference, thumbprint, signing_key, issue, n)
     CROSS JOIN LATERAL (
       SELECT candidate.index
       FROM unnest(($8::integer[])[(wanted.n - 1) * $10::integer + 1 : wanted.n * $10::integer]) WITH ORDINALITY
         AS candidate (index, n)
       -- Each asks the index for itself: as NOT EXISTS it may become a join that reads the whole list.
       WHERE (SELECT true FROM identity.credential taken
         WHERE taken.status_list = wanted.list AND taken.status_index = candidate.index) IS NULL
       ORDER BY candidate.n LIMIT 1
     ) AS place
     WHERE NOT EXISTS (SELECT FROM identity.revoked_issuer_key revoked WHERE revoked.fragment = wanted.signing_key)
     ON CONFLICT (status_list, status_index) DO NOTHING
     RETURNING id, status_list AS list, status_index AS index`,
    values: [
      credentials.map(({ id }) => id),
      credentials.map(({ type }) => type),
      credentials.map(({ format }) => format),
      credentials.map(({ list }) => list),
      credentials.map(({ reference }) => reference),
      credentials.map(({ holderThumbprint }) => holderThumbprint),
      credentials.map(({ signingKey }) => signingKey),
      candidates,
      issuedAt_ms,
      candidates.length / credentials.length,
      credentials.map(({ issue }) => issue ?? null),
    ],
  });
  return rows;
}

export async function isRevokedKey(from: Queryable, fragment: string): Promise<boolean> {
  const { rowCount } = await from.query('SELECT FROM identity.revoked_issuer_key WHERE fragment = $1', [fragment]);
  return rowCount !== 0;
}

/** The list, with nobody else changing it until the transaction ends. */
export async function lockStatusList(
  transaction: Queryable,
  list: number,
): Promise<{ statuses: Uint8Array; decoys: Uint8Array | null }> {
  const { rows } = await transaction.query<{ bits: Buffer; decoys: Buffer | null }>(
    'SELECT bits, decoys FROM identity.status_list WHERE id = $1 FOR UPDATE',
    [list],
  );
  if (rows[0] === undefined) throw new Error(`status list ${list} has gone`);
  return { statuses: new Uint8Array(rows[0].bits), decoys: rows[0].decoys };
}

/** Puts the changed bits in place and raises the list's version. */
export async function replaceStatuses(
  to: Queryable,
  list: number,
  statuses: Uint8Array,
  changedAt_ms: number,
): Promise<void> {
  await to.query(
    `UPDATE identity.status_list SET bits = $2, version = version + 1,
       changed_at = greatest(changed_at, to_timestamp($3::float8 / 1000)) WHERE id = $1`,
    [list, Buffer.from(statuses), changedAt_ms],
  );
}

export async function statusListIds(from: Queryable): Promise<number[]> {
  const { rows } = await from.query<{ id: number }>('SELECT id FROM identity.status_list ORDER BY id');
  return rows.map(({ id }) => id);
}

export async function statusListState(
  from: Queryable,
  list: number,
): Promise<Omit<StoredStatusList, 'statuses'> | null> {
  const { rows } = await from.query<{ version: number; changed_at: Date }>(
    'SELECT version, changed_at FROM identity.status_list WHERE id = $1',
    [list],
  );
  return rows[0] ? { version: rows[0].version, changedAt_ms: rows[0].changed_at.getTime() } : null;
}

export async function findStatusList(from: Queryable, list: number): Promise<StoredStatusList | null> {
  const { rows } = await from.query<{ bits: Buffer; version: number; changed_at: Date }>(
    'SELECT bits, version, changed_at FROM identity.status_list WHERE id = $1',
    [list],
  );
  const [row] = rows;
  return row
    ? { statuses: new Uint8Array(row.bits), version: row.version, changedAt_ms: row.changed_at.getTime() }
    : null;
}

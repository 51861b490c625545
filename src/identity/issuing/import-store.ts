// Imports of offers in PostgreSQL: the import, its rows until they are offers, and the keys that had their offer.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import type { ImportRow } from './import-row.ts';
import type { OfferImport } from './offer-import.ts';

export interface NewImport {
  id: string;
  type: string;
  fileHash: Buffer;
  salt: Uint8Array;
  lifetime_s: number;
  createdAt: Date;
}

export async function insertImport(to: Queryable, made: NewImport): Promise<void> {
  await to.query(
    `INSERT INTO identity.offer_import
       (id, credential_type, file_hash, salt, state, rows_total, offer_lifetime_s, created_at)
     VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $6)`,
    [made.id, made.type, made.fileHash, Buffer.from(made.salt), made.lifetime_s, made.createdAt],
  );
}

/** Says what is only known at the file's end. @returns false where the same file was imported before */
export async function completeImport(to: Queryable, id: string, fileHash: Buffer, rows: number): Promise<boolean> {
  const { rowCount } = await to.query(
    `UPDATE identity.offer_import mine SET file_hash = $2, rows_total = $3 WHERE id = $1 AND NOT EXISTS (
       SELECT FROM identity.offer_import other
       WHERE other.credential_type = mine.credential_type AND other.file_hash = $2 AND other.state <> 'cancelled')`,
    [id, fileHash, rows],
  );
  return rowCount === 1;
}

export async function insertImportRows(to: Queryable, importId: string, rows: readonly ImportRow[]): Promise<void> {
  await to.query(
    `INSERT INTO identity.offer_import_row (import_id, line, key, reference, claims)
     SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::text[], $5::jsonb[])`,
    [
      importId,
      rows.map(({ line }) => line),
      rows.map(({ key }) => key),
      rows.map(({ reference }) => reference),
      rows.map(({ claims }) => JSON.stringify(claims)),
    ],
  );
}

export async function importOfFile(from: Queryable, type: string, fileHash: Buffer): Promise<string | null> {
  const { rows } = await from.query<{ id: string }>(
    `SELECT id FROM identity.offer_import WHERE credential_type = $1 AND file_hash = $2 AND state <> 'cancelled'`,
    [type, fileHash],
  );
  return rows[0]?.id ?? null;
}

/** How many of `keys` had their offer by an earlier import. */
export async function countKnownKeys(from: Queryable, type: string, keys: readonly string[]): Promise<number> {
  const { rows } = await from.query<{ known: number }>(
    'SELECT count(*) AS known FROM identity.offered_key WHERE credential_type = $1 AND key = ANY($2)',
    [type, keys],
  );
  return rows[0]?.known ?? 0;
}

export interface OpenImport {
  id: string;
  type: string;
  salt: Buffer;
  lifetime_s: number;
}

/** The oldest import that still has rows to turn into offers, for this transaction alone; null where none is free. */
export async function lockOpenImport(transaction: Transaction): Promise<OpenImport | null> {
  const { rows } = await transaction.query<OpenImport>(
    `SELECT id, credential_type AS type, salt, offer_lifetime_s AS lifetime_s FROM identity.offer_import
     WHERE state IN ('waiting', 'running') ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  );
  return rows[0] ?? null;
}

export async function waitingRows(from: Queryable, importId: string, limit: number): Promise<ImportRow[]> {
  const { rows } = await from.query<ImportRow>(
    `SELECT line, key, reference, claims FROM identity.offer_import_row
     WHERE import_id = $1 AND outcome = 'waiting' ORDER BY line LIMIT $2`,
    [importId, limit],
  );
  return rows;
}

/** Takes those of `keys` that had no offer yet, for good. @returns them */
export async function takeKeys(
  to: Queryable,
  { id, type }: Pick<OpenImport, 'id' | 'type'>,
  keys: readonly string[],
): Promise<Set<string>> {
  const { rows } = await to.query<{ key: string }>(
    `INSERT INTO identity.offered_key (credential_type, key, import_id) SELECT $1, key, $2 FROM unnest($3::text[]) AS key
     ORDER BY key ON CONFLICT DO NOTHING RETURNING key`,
    [type, id, keys],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Ends rows and, with the last of them, the import. */
export async function endRows(
  transaction: Transaction,
  importId: string,
  lines: { offered: readonly number[]; known: readonly number[] },
  expiresAt: Date,
  now: Date,
): Promise<void> {
  await transaction.query(
    `UPDATE identity.offer_import_row
     SET claims = NULL, outcome = CASE WHEN line = ANY($2) THEN 'offered' ELSE 'known' END,
         expires_at = CASE WHEN line = ANY($2) THEN $4::timestamptz END
     WHERE import_id = $1 AND line = ANY($2 || $3::integer[])`,
    [importId, lines.offered, lines.known, expiresAt],
  );
  await transaction.query(
    `UPDATE identity.offer_import mine
     SET rows_offered = rows_offered + $2, rows_known = rows_known + $3,
         state = CASE WHEN ended.yes THEN 'done' ELSE 'running' END, ended_at = CASE WHEN ended.yes THEN $4::timestamptz END
     FROM (SELECT NOT EXISTS (
       SELECT FROM identity.offer_import_row WHERE import_id = $1 AND outcome = 'waiting') AS yes) AS ended
     WHERE id = $1`,
    [importId, lines.offered.length, lines.known.length, now],
  );
}

/**
 * Ends an import for good: what waits is erased, its offers that nobody took are withdrawn, and the keys of both may be
 * imported again. @returns its type, null where there is none or it was cancelled before
 */
export async function cancelImport(transaction: Transaction, id: string, now: Date): Promise<string | null> {
  const { rows } = await transaction.query<{ credential_type: string }>(
    `UPDATE identity.offer_import SET state = 'cancelled', salt = NULL, ended_at = $2
     WHERE id = $1 AND state <> 'cancelled' RETURNING credential_type`,
    [id, now],
  );
  const [ended] = rows;
  if (ended === undefined) return null;
  const { rows: withdrawn } = await transaction.query<{ import_line: number }>(
    'DELETE FROM identity.offers WHERE import_id = $1 RETURNING import_line',
    [id],
  );
  await transaction.query(
    `DELETE FROM identity.offered_key WHERE import_id = $1 AND key IN (
       SELECT key FROM identity.offer_import_row WHERE import_id = $1 AND line = ANY($2))`,
    [id, withdrawn.map(({ import_line }) => import_line)],
  );
  await transaction.query('DELETE FROM identity.offer_import_row WHERE import_id = $1', [id]);
  return ended.credential_type;
}

interface Row extends Omit<OfferImport, 'created_at' | 'ended_at'> {
  created_at: Date;
  ended_at: Date | null;
}

/** Imports of `types`, the newest first; one alone where `id` is given. */
export async function findImports(
  from: Queryable,
  asked: { types: readonly string[] | null; id: string | null; now: Date; limit: number },
): Promise<OfferImport[]> {
  const { rows } = await from.query<Row>(
    `SELECT id, credential_type AS type, state, rows_total AS rows, rows_offered AS offered, rows_known AS known,
            (SELECT count(*) FROM identity.offers o WHERE o.import_id = i.id AND o.expires_at > $3) AS open,
            created_at, ended_at, state = 'done' AND salt IS NOT NULL AS deliverable
     FROM identity.offer_import i WHERE ($1::text[] IS NULL OR credential_type = ANY($1)) AND ($2::uuid IS NULL OR id = $2)
     ORDER BY created_at DESC, id LIMIT $4`,
    [asked.types, asked.id, asked.now, asked.limit],
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  }));
}

export async function importSalt(from: Queryable, id: string): Promise<Buffer | null> {
  const { rows } = await from.query<{ salt: Buffer | null }>(
    `SELECT salt FROM identity.offer_import WHERE id = $1 AND state = 'done'`,
    [id],
  );
  return rows[0]?.salt ?? null;
}

export async function offeredRows(
  from: Queryable,
  importId: string,
  afterLine: number,
  limit: number,
): Promise<{ line: number; key: string; expiresAt: Date }[]> {
  const { rows } = await from.query<{ line: number; key: string; expiresAt: Date }>(
    `SELECT line, key, expires_at AS "expiresAt" FROM identity.offer_import_row
     WHERE import_id = $1 AND outcome = 'offered' AND line > $2 ORDER BY line LIMIT $3`,
    [importId, afterLine, limit],
  );
  return rows;
}

/** Erases what links and codes are made of, and the rows, once no offer of the import lives. @returns how many imports */
export async function sweepImports(to: Queryable, now: Date): Promise<number> {
  const { rows } = await to.query<{ id: string }>(
    `UPDATE identity.offer_import SET salt = NULL
     WHERE salt IS NOT NULL AND state = 'done' AND ended_at + make_interval(secs => offer_lifetime_s) <= $1 RETURNING id`,
    [now],
  );
  if (rows.length > 0) {
    await to.query('DELETE FROM identity.offer_import_row WHERE import_id = ANY($1)', [rows.map(({ id }) => id)]);
  }
  return rows.length;
}

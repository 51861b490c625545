// The issuers that are trusted, and the audit of their entries.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { TrustedIssuer, TrustedIssuerRecord } from './trusted-issuers.ts';

export type TrustActor = 'operator' | 'command line';
export type TrustAction = 'added' | 'changed' | 'ended';

interface Row {
  issuer: string;
  root: Buffer | null;
  types: string[];
  trusted_from: Date;
  trusted_until: Date | null;
  ended_at: Date | null;
}

const COLUMNS = 'issuer, root, types, trusted_from, trusted_until, ended_at';

/** Changes of one issuer follow one another until the transaction ends. Null where it was never trusted. */
export async function lockTrustedIssuer(transaction: Queryable, issuer: string): Promise<TrustedIssuerRecord | null> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru trusted issuer'), hashtext($1))`, [issuer]);
  return findTrustedIssuer(transaction, issuer);
}

export async function findTrustedIssuer(from: Queryable, issuer: string): Promise<TrustedIssuerRecord | null> {
  const { rows } = await from.query<Row>(`SELECT ${COLUMNS} FROM identity.trusted_issuer WHERE issuer = $1`, [issuer]);
  return rows[0] === undefined ? null : recordOf(rows[0]);
}

/** Those that have not ended. */
export async function selectTrustedIssuers(from: Queryable): Promise<TrustedIssuerRecord[]> {
  const { rows } = await from.query<Row>(
    `SELECT ${COLUMNS} FROM identity.trusted_issuer WHERE ended_at IS NULL ORDER BY issuer`,
  );
  return rows.map(recordOf);
}

/** Writes over what stood there; an entry that had ended stands again. */
export async function upsertTrustedIssuer(to: Queryable, record: TrustedIssuerRecord): Promise<void> {
  await to.query(
    `INSERT INTO identity.trusted_issuer (issuer, root, types, trusted_from, trusted_until)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (issuer) DO UPDATE SET types = $3, trusted_from = $4, trusted_until = $5, ended_at = NULL`,
    [record.issuer, record.root && Buffer.from(record.root), record.types, record.from, record.until],
  );
}

export async function setTrustEnded(to: Queryable, issuer: string, at: Date): Promise<void> {
  await to.query('UPDATE identity.trusted_issuer SET ended_at = $2 WHERE issuer = $1', [issuer, at]);
}

export async function insertTrustAudit(
  to: Queryable,
  { at, actor, action, issuer }: { at: Date; actor: TrustActor; action: TrustAction; issuer: string },
  entry: TrustedIssuer | null,
): Promise<void> {
  await to.query(
    'INSERT INTO identity.trusted_issuer_audit (at, actor, action, issuer, entry) VALUES ($1, $2, $3, $4, $5)',
    [at, actor, action, issuer, entry && JSON.stringify(entry)],
  );
}

function recordOf(row: Row): TrustedIssuerRecord {
  return {
    ...{ issuer: row.issuer, types: row.types, from: row.trusted_from.toISOString() },
    until: row.trusted_until?.toISOString() ?? null,
    root: row.root && new Uint8Array(row.root),
    ended: row.ended_at?.toISOString() ?? null,
  };
}

// The SQL of claim codes.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';

export interface ClaimRow {
  code_hash: Buffer;
  device_no: number;
  device_id: string;
  expires_at: Date;
  wrong_tries: number;
  used_at: Date | null;
}

/** @returns false where the selector is taken */
export async function insertClaim(
  to: Queryable,
  claim: { selector: string; hash: Uint8Array; deviceNo: number; at: Date; expiresAt: Date },
): Promise<boolean> {
  const { rowCount } = await to.query(
    `INSERT INTO metering.device_claim (selector, code_hash, device_no, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [claim.selector, claim.hash, claim.deviceNo, claim.at, claim.expiresAt],
  );
  return rowCount === 1;
}

/** Nobody else tries the code until the transaction ends. */
export async function lockClaim(to: Transaction, selector: string): Promise<ClaimRow | null> {
  const { rows } = await to.query<ClaimRow>(
    `SELECT c.code_hash, c.device_no, d.device_id, c.expires_at, c.wrong_tries, c.used_at
       FROM metering.device_claim c JOIN metering.device d USING (device_no)
      WHERE c.selector = $1 AND d.revoked_at IS NULL FOR UPDATE OF c`,
    [selector],
  );
  return rows[0] ?? null;
}

export async function countWrongTry(to: Queryable, selector: string): Promise<void> {
  await to.query('UPDATE metering.device_claim SET wrong_tries = wrong_tries + 1 WHERE selector = $1', [selector]);
}

export async function spendClaim(to: Queryable, selector: string, at: Date): Promise<void> {
  await to.query('UPDATE metering.device_claim SET used_at = $2 WHERE selector = $1', [selector, at]);
}

/** A device has one code that is good: a new one ends the others. */
export async function deleteUnusedClaims(to: Queryable, deviceNo: number): Promise<void> {
  await to.query('DELETE FROM metering.device_claim WHERE device_no = $1 AND used_at IS NULL', [deviceNo]);
}

// The SQL of the leases on the cluster's sessions. Every comparison of times is by the database's clock.
import { inTransaction, type Pool, type Queryable } from '../../platform/postgres/database.ts';

export interface LeaseTerms {
  /** A lease that was not renewed for so long may be taken by a copy that has none. */
  lease_ms: number;
  /** A session that is nobody's for so long is taken up by a copy that has one already. */
  abandoned_ms: number;
  /** A lease not renewed for so long may be about to run out: worth a wait before a new session is made. */
  doubtful_ms: number;
  mostSessions: number;
}

/** One session for a copy that has none; null where one should become free soon, or there are as many as may be. */
export async function takeSession(pool: Pool, holder: string, terms: LeaseTerms): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    await oneAtATime(transaction);
    const free = await take(
      transaction,
      holder,
      "released OR renewed_at < now() - $2 * INTERVAL '1 ms'",
      terms.lease_ms,
    );
    if (free !== null) return free;
    const { rowCount: asked } = await transaction.query(
      `UPDATE metering.cluster_session SET asked = true
        WHERE slot = (SELECT max(slot) FROM metering.cluster_session
                       WHERE holder IN (SELECT holder FROM metering.cluster_session GROUP BY holder HAVING count(*) > 1))`,
    );
    if ((asked ?? 0) > 0) return null;
    const { rows: doubtful } = await transaction.query(
      `SELECT FROM metering.cluster_session WHERE renewed_at < now() - $1 * INTERVAL '1 ms'`,
      [terms.doubtful_ms],
    );
    if (doubtful.length > 0) return null;
    const { rows } = await transaction.query<{ slot: number }>(
      `INSERT INTO metering.cluster_session (slot, holder, renewed_at)
       SELECT coalesce(max(slot), 0) + 1, $1, now() FROM metering.cluster_session HAVING count(*) < $2
       RETURNING slot`,
      [holder, terms.mostSessions],
    );
    return rows[0]?.slot ?? null;
  });
}

/** One session that is nobody's for long enough, for a copy that has one already. */
export async function adoptSession(pool: Pool, holder: string, terms: LeaseTerms): Promise<number | null> {
  return inTransaction(pool, async (transaction) => {
    await oneAtATime(transaction);
    return take(transaction, holder, `renewed_at < now() - $2 * INTERVAL '1 ms'`, terms.abandoned_ms);
  });
}

async function take(to: Queryable, holder: string, where: string, after_ms: number): Promise<number | null> {
  const { rows } = await to.query<{ slot: number }>(
    `UPDATE metering.cluster_session SET holder = $1, renewed_at = now(), released = false, asked = false
      WHERE slot = (SELECT min(slot) FROM metering.cluster_session WHERE ${where}) RETURNING slot`,
    [holder, after_ms],
  );
  return rows[0]?.slot ?? null;
}

/** Renews what the copy holds. @returns those it still has, and whether another copy asks for one */
export async function renewSessions(pool: Pool, holder: string): Promise<{ slot: number; asked: boolean }[]> {
  const { rows } = await pool.query<{ slot: number; asked: boolean }>(
    `UPDATE metering.cluster_session SET renewed_at = now() WHERE holder = $1 AND NOT released RETURNING slot, asked`,
    [holder],
  );
  return rows;
}

/** Gives one up; what waits in it is the next holder's. */
export async function releaseSession(pool: Pool, holder: string, slot: number): Promise<void> {
  await pool.query(
    `UPDATE metering.cluster_session SET released = true, asked = false, renewed_at = now()
      WHERE holder = $1 AND slot = $2`,
    [holder, slot],
  );
}

async function oneAtATime(transaction: Queryable): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru.metering.cluster_sessions'))`);
}

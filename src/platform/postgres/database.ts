// The one way to PostgreSQL: a pool, and transactions over it.
import pg from 'pg';

export type Pool = pg.Pool;
/** A client inside `inTransaction`; stores take this where the caller must decide what commits together. */
export type Transaction = pg.PoolClient;
/** Anything a single statement can be sent to. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

// int8 as number: registers in litres, epochs and counts stay below 2^53 by far; a larger one is a programmer's mistake.
const INT8_OID = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary'
      ? parseSafeInteger
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 beyond 2^53: ${text}`);
  return value;
}

/** `connections`: the pool's maximum. Idle connections that break are dropped silently; the next query opens another. */
export function openPool(databaseUrl: string, connections = 10): Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    types,
    connectionTimeoutMillis: 5_000,
    application_name: 'naru',
  });
  pool.on('error', () => {});
  // A client that breaks while it is lent out fails its query, which is how the borrower learns of it; the event that
  // comes along would end the process if nobody listened.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Runs `work` in one transaction: commits what it returns, rolls back and rethrows what it throws. */
export async function inTransaction<T>(pool: Pool, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

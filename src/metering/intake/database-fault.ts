// Tells the row's fault from the database's: the one is put aside, the other is waited for.

/** A key that is there already. */
export const UNIQUE_VIOLATION = '23505';

/** SQLSTATE of an error thrown by a query; null for a broken connection and anything else. */
export function sqlState(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/**
 * Whether a batch failed because of what is in it: data exceptions (22), broken constraints (23), a trigger's own
 * refusal (P0). Anything else — serialization failure, deadlock, server stopping, disk full, connection gone — is the
 * database's trouble, and the batch is tried again as it is.
 * Source: PostgreSQL 18, appendix A, error codes.
 */
export function isFaultOfTheRow(error: unknown): boolean {
  return /^(22|23|P0)/.test(sqlState(error) ?? '');
}

/** An error of our own code, which no further try mends: it is told, and the batch is not acknowledged. */
export function isOurMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

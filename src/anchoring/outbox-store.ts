// Where other rooms leave a change for the next epoch, inside their own transaction: both happen or neither.
import type { Queryable } from '../platform/postgres/database.ts';

/**
 * Sets `key` to `value` in the next epoch, or removes it (`null`). A change that still waits under the same key is
 * replaced: the row's lock makes writers of one key queue, so the last to commit is the one that counts.
 *
 * @param to the caller's transaction
 * @param key 32 bytes (`anchor-keys.ts`)
 * @param value 32 bytes, or `null`
 */
export async function enqueueChange(to: Queryable, key: Uint8Array, value: Uint8Array | null): Promise<void> {
  await to.query(
    `INSERT INTO anchoring.outbox (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [Buffer.from(key), value === null ? null : Buffer.from(value)],
  );
}

import { expect, test } from 'vitest';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { inTransaction } from '../../src/platform/postgres/database.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const bytes = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const waiting = async (): Promise<unknown[]> =>
  (await pool.query('SELECT key, value FROM anchoring.outbox ORDER BY key')).rows;

test('a change waits only if its transaction commits', async () => {
  await expect(
    inTransaction(pool, async (transaction) => {
      await enqueueChange(transaction, bytes(1), bytes(9));
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await waiting()).toEqual([]);
});

test('a later change of the same key takes the place of the one that waits', async () => {
  await enqueueChange(pool, bytes(2), bytes(1));
  await enqueueChange(pool, bytes(2), null);
  expect(await waiting()).toEqual([{ key: Buffer.from(bytes(2)), value: null }]);
});

test('refuses a key that is no hash', async () => {
  await expect(enqueueChange(pool, new Uint8Array(31), null)).rejects.toThrow();
});

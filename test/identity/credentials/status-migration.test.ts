import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { purposeBits, statusAt } from '../../../src/identity/credentials/status-list.ts';
import { migrate } from '../../../src/platform/postgres/migrate.ts';
import { identityWorld, publicUrl } from '../../support/identity-world.ts';
import { databaseBefore } from '../../support/migrated-to.ts';

const { pool, url } = await databaseBefore('0022_status_and_trust');

test('a list of one bit an entry becomes one of two, and no credential changes its state', async () => {
  const old = new Uint8Array(randomBytes(16_384)).map((byte, n) => (n % 16 === 0 ? byte : 0));
  const issued = [...Array(400).keys()].map((n) => ({ id: randomUUID(), index: n * 320 }));
  const bit = (index: number) => ((old[index >> 3] ?? 0) >> (index & 7)) & 1;
  await pool.query('INSERT INTO identity.status_list (bits, version, created_at) VALUES ($1, 7, now())', [
    Buffer.from(old),
  ]);
  await pool.query(
    `INSERT INTO identity.credential (id, type, format, status_list, status_index, issued_at, revoked_at)
     SELECT id, 'resident', 'dc+sd-jwt', 1, index, now(), CASE WHEN is_revoked THEN now() END
     FROM unnest($1::uuid[], $2::integer[], $3::boolean[]) AS row (id, index, is_revoked)`,
    [issued.map(({ id }) => id), issued.map(({ index }) => index), issued.map(({ index }) => bit(index) === 1)],
  );
  await migrate(url);

  const { rows } = await pool.query<{ bits: Buffer; version: number }>(
    'SELECT bits, version FROM identity.status_list',
  );
  const statuses = new Uint8Array(rows[0]?.bits ?? []);
  expect(statuses).toHaveLength(32_768);
  for (let index = 0; index < 131_072; index += 1) {
    if (statusAt(statuses, index) !== bit(index)) expect.fail(`entry ${index} changed`);
  }
  expect(purposeBits(statuses, 'suspension').every((byte) => byte === 0)).toBe(true);

  const world = await identityWorld(pool);
  await world.statusLists.addMissingDecoys();
  const states = await Promise.all(
    issued.map(({ index }) => world.statusLists.statusAt(`${publicUrl}/status-lists/1`, index)),
  );
  expect(states.map((status) => status?.state)).toEqual(issued.map(({ index }) => (bit(index) ? 'revoked' : 'valid')));
  expect(states.map((status) => status?.credential?.state)).toEqual(states.map((status) => status?.state));
  const after = await pool.query<{ bits: Buffer; version: number; is_open: boolean }>(
    'SELECT bits, version, is_open FROM identity.status_list WHERE id = 1',
  );
  // Decoys came, once, among the places nobody had; and nobody is given a place there any more.
  expect(after.rows[0]).toMatchObject({ version: 8, is_open: false });
  expect(new Uint8Array(after.rows[0]?.bits ?? [])).not.toEqual(statuses);
  await world.statusLists.addMissingDecoys();
  const again = await pool.query<{ version: number }>('SELECT version FROM identity.status_list WHERE id = 1');
  expect(again.rows[0]?.version).toBe(8);
});

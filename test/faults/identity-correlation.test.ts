// Whoever watches the public status lists, or holds many credentials, learns nothing about who got what when.
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { chooseDecoys, decoyLimits, isDecoy, setFirstDecoys } from '../../src/identity/credentials/status-decoys.ts';
import { emptyStatuses, statusAt, statusListLimits } from '../../src/identity/credentials/status-list.ts';
import { inTransaction } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { createHolder } from '../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl } from '../support/identity-world.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const holder = await createHolder();
const claims = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
const bytes = (length: number) => systemRandom.bytes(length);
let world: IdentityWorld;
beforeAll(async () => {
  world = await identityWorld(pool);
});

async function statusesOf(list: number): Promise<{ statuses: Uint8Array; decoys: Uint8Array }> {
  const { rows } = await pool.query<{ bits: Buffer; decoys: Buffer }>(
    'SELECT bits, decoys FROM identity.status_list WHERE id = $1',
    [list],
  );
  return { statuses: new Uint8Array(rows[0]?.bits ?? []), decoys: new Uint8Array(rows[0]?.decoys ?? []) };
}

const setIn = (statuses: Uint8Array) =>
  [...Array(statusListLimits.entries).keys()].filter((index) => statusAt(statuses, index) !== 0);

async function issueOne(): Promise<{ id: string; list: number; index: number }> {
  const order = { type: 'water-account', claims, holderJwk: holder.jwk };
  const { credential, credentialId } = await world.issuing.issueSdJwtVc(order);
  const { status } = decodeJwt<{ status: { status_list: { uri: string; idx: number } } }>(
    credential.split('~')[0] ?? '',
  );
  const list = Number(status.status_list.uri.replace(`${publicUrl}/status-lists/`, ''));
  return { id: credentialId, list, index: status.status_list.idx };
}

describe('from the places of credentials', () => {
  test('issued one after another, nobody tells their order: list and index are drawn anew each time [faults 44]', async () => {
    const issued: Awaited<ReturnType<typeof issueOne>>[] = [];
    for (let n = 0; n < 80; n += 1) issued.push(await issueOne());
    // Of 80 random indices about half are above the middle, and about half above the one before; 6 sigma is 27.
    const above = issued.filter(({ index }) => index >= statusListLimits.entries / 2).length;
    const rising = issued.filter(({ index }, n) => n > 0 && index > (issued[n - 1]?.index ?? 0)).length;
    for (const count of [above, rising]) expect(Math.abs(count - 40)).toBeLessThan(27);
    expect(new Set(issued.map(({ list }) => list)).size).toBe(statusListLimits.open);
  });

  test('of one batch nobody tells that they belong together [HAIP 6.1; faults 44]', async () => {
    const order = {
      ...{ type: 'resident', format: 'dc+sd-jwt' as const, reference: null, holderThumbprint: null },
      signingKey: world.issuer.p256KeyId,
    };
    const placed = await inTransaction(pool, (transaction) =>
      world.statusLists.allocate(transaction, Array(60).fill(order)),
    );
    expect(new Set(placed.map(({ list }) => list)).size).toBe(statusListLimits.open);
    const gaps = placed.map(({ index }, n) => Math.abs(index - (placed[n - 1]?.index ?? 0)));
    expect(gaps.filter((gap) => gap < 64).length).toBeLessThan(8);
  });

  test("nobody tells a list's age: its number is no count [faults 44]", async () => {
    const { rows } = await pool.query<{ id: number }>('SELECT id FROM identity.status_list');
    for (const { id } of rows) expect(id).toBeGreaterThan(2 ** 24);
  });

  test('every list has at least 2^17 entries in each of its forms [faults 44]', async () => {
    const server = await world.startHttp();
    const { rows } = await pool.query<{ id: number }>('SELECT id FROM identity.status_list LIMIT 1');
    const token = await server.inject(`/status-lists/${rows[0]?.id}`);
    const { status_list } = decodeJwt<{ status_list: { lst: string; bits: number } }>(token.body);
    const { getListFromStatusListJWT } = await import('@sd-jwt/jwt-status-list');
    expect(getListFromStatusListJWT(token.body).statusList.length).toBeGreaterThanOrEqual(2 ** 17);
    expect(status_list.bits).toBe(2);
    expect(token.headers['cache-control']).toBe('public, max-age=60');
  });
});

describe('from the entries that are set', () => {
  test('nobody tells how many credentials were revoked: a number nobody knows is set from the start [faults 44]', () => {
    const counts = Array.from({ length: 12 }, () => {
      const statuses = emptyStatuses();
      const decoys = chooseDecoys(bytes, () => false);
      setFirstDecoys(statuses, decoys, bytes);
      const set = setIn(statuses);
      expect(set.every((index) => isDecoy(decoys, index))).toBe(true);
      expect(set.some((index) => statusAt(statuses, index) === 2)).toBe(true);
      return set.length;
    });
    const [least, most] = decoyLimits.setFirst;
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(least);
      expect(count).toBeLessThan(most);
    }
    expect(new Set(counts).size).toBeGreaterThan(6);
  });

  test('nor how many at once: with a change some decoys change too, and no credential but the one [faults 44]', async () => {
    const issued: Awaited<ReturnType<typeof issueOne>>[] = [];
    for (let n = 0; n < 24; n += 1) issued.push(await issueOne());
    const changes: number[] = [];
    for (const { id, list, index } of issued) {
      const before = await statusesOf(list);
      await world.issuing.revokeCredential(id, 'moved away');
      const after = await statusesOf(list);
      const changed = [...Array(statusListLimits.entries).keys()].filter(
        (entry) => statusAt(before.statuses, entry) !== statusAt(after.statuses, entry),
      );
      expect(changed).toContain(index);
      for (const other of changed.filter((entry) => entry !== index)) expect(isDecoy(after.decoys, other)).toBe(true);
      changes.push(changed.length);
    }
    expect(new Set(changes).size).toBeGreaterThan(1);
  });

  test('a decoy is never given to a credential, and one presented as a status is not accepted [faults 44]', async () => {
    const { list } = await issueOne();
    const { decoys } = await statusesOf(list);
    const { rows } = await pool.query<{ status_index: number }>(
      'SELECT status_index FROM identity.credential WHERE status_list = $1',
      [list],
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ status_index }) => isDecoy(decoys, status_index))).toEqual([]);
    const decoy = [...Array(statusListLimits.entries).keys()].find((index) => isDecoy(decoys, index)) ?? 0;
    expect(await world.statusLists.statusAt(`${publicUrl}/status-lists/${list}`, decoy)).toMatchObject({
      credential: null,
    });
  });
});

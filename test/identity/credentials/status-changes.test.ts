import { decodeList } from '@digitalbazaar/vc-bitstring-status-list';
import { sha256 } from '@noble/hashes/sha2.js';
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import type { FastifyInstance } from 'fastify';
import { decodeJwt } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anchorKey } from '../../../src/anchoring/anchor-keys.ts';
import { inTransaction, type Transaction } from '../../../src/platform/postgres/database.ts';
import { createHolder } from '../../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const holder = await createHolder();
const claims = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
let world: IdentityWorld;
let server: FastifyInstance;
let credentialId: string;
let entry: { uri: string; idx: number };
beforeAll(async () => {
  world = await identityWorld(pool);
  server = await world.startHttp();
});
beforeEach(async () => {
  const issued = await world.issuing.issueSdJwtVc({ type: 'water-account', claims, holderJwk: holder.jwk });
  credentialId = issued.credentialId;
  const { status } = decodeJwt<{ status: { status_list: typeof entry } }>(issued.credential.split('~')[0] ?? '');
  entry = status.status_list;
});

const path = () => entry.uri.slice(publicUrl.length);

/** What the three published forms say: the token's value, and the two purposes' bits. */
async function published(): Promise<[number, boolean, boolean]> {
  const purpose = async (address: string) => {
    const { encodedList } = (await server.inject(address)).json().credentialSubject;
    return (await decodeList({ encodedList })).getStatus(entry.idx);
  };
  return [
    getListFromStatusListJWT((await server.inject(path())).body).getStatus(entry.idx),
    await purpose(`${path()}/bitstring`),
    await purpose(`${path()}/bitstring/suspension`),
  ];
}

describe('a credential', () => {
  test('is suspended, resumed, suspended and revoked, and each form of its list says so', async () => {
    expect(await published()).toEqual([0, false, false]);
    expect(await world.issuing.suspendCredential(credentialId, 'lost card')).toMatchObject({
      ...{ state: 'suspended', reason: 'lost card', revoked_at: null },
    });
    expect(await published()).toEqual([2, false, true]);
    expect(await world.issuing.resumeCredential(credentialId)).toMatchObject({ state: 'valid', suspended_at: null });
    expect(await published()).toEqual([0, false, false]);
    await world.issuing.suspendCredential(credentialId, 'lost again');
    expect(await world.issuing.revokeCredential(credentialId, 'gone for good')).toMatchObject({
      ...{ state: 'revoked', suspended_at: null, reason: 'gone for good' },
    });
    expect(await published()).toEqual([1, true, false]);
  });

  test('that was revoked stays so: neither suspended nor resumed', async () => {
    await world.issuing.revokeCredential(credentialId, 'moved away');
    for (const change of [
      world.issuing.suspendCredential(credentialId, 'x'),
      world.issuing.resumeCredential(credentialId),
    ]) {
      await expect(change).rejects.toMatchObject({ code: 'CREDENTIAL_STATUS_FINAL' });
    }
    expect(await published()).toEqual([1, true, false]);
  });

  test('is not changed by what was asked for already', async () => {
    await world.issuing.suspendCredential(credentialId, 'first');
    expect(await world.issuing.suspendCredential(credentialId, 'second')).toMatchObject({ reason: 'first' });
    await world.issuing.resumeCredential(credentialId);
    expect(await world.issuing.resumeCredential(credentialId)).toMatchObject({ state: 'valid' });
  });

  test('puts the new hash of each form of its list in line for an anchor', async () => {
    await world.issuing.suspendCredential(credentialId, 'lost card');
    const waiting = async (address: string) => {
      const key = Buffer.from(anchorKey('status-list', address));
      const { rows } = await pool.query('SELECT value FROM anchoring.outbox WHERE key = $1', [key]);
      return rows[0]?.value.toString('hex');
    };
    const list = getListFromStatusListJWT((await server.inject(path())).body);
    expect(await waiting(entry.uri)).toBe(hash(list.encodeStatusList()));
    for (const form of ['/bitstring', '/bitstring/suspension']) {
      const { encodedList } = (await server.inject(path() + form)).json().credentialSubject;
      const bits = new Uint8Array(16_384);
      const decoded = await decodeList({ encodedList });
      for (let index = 0; index < 131_072; index += 1) {
        if (decoded.getStatus(index)) bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
      }
      expect(await waiting(entry.uri + form)).toBe(hash(bits));
    }
  });
});

describe('copies of one issue', () => {
  const valuesOf = async (entries: { list: number; index: number }[]) =>
    Promise.all(
      entries.map(async ({ list, index }) =>
        getListFromStatusListJWT((await server.inject(`/status-lists/${list}`)).body).getStatus(index),
      ),
    );

  test('are suspended, resumed and revoked together, and listed once', async () => {
    const issue = crypto.randomUUID();
    const reference = `copies-${issue}`;
    const order = {
      ...{ type: 'water-account', format: 'dc+sd-jwt', reference, holderThumbprint: null },
      signingKey: world.issuer.p256KeyId,
    };
    const [alone, ...copies] = await inTransaction(pool, (transaction) =>
      world.statusLists.allocate(transaction, [order, ...Array.from({ length: 5 }, () => ({ ...order, issue }))]),
    );
    const middle = copies[2]?.id ?? '';
    expect(await world.issuing.listIssued({ reference })).toHaveLength(2);
    await world.issuing.suspendCredential(middle, 'lost card');
    expect(await valuesOf(copies)).toEqual([2, 2, 2, 2, 2]);
    await world.issuing.resumeCredential(copies[0]?.id ?? '');
    expect(await valuesOf(copies)).toEqual([0, 0, 0, 0, 0]);
    await world.issuing.revokeCredential(middle, 'moved away');
    expect(await valuesOf(copies)).toEqual([1, 1, 1, 1, 1]);
    expect(await valuesOf([alone])).toEqual([0]);
    const states = (await world.issuing.listIssued({ reference })).map(({ state }) => state);
    expect(states.sort()).toEqual(['revoked', 'valid']);
  });
});

describe('places for many credentials', () => {
  const orders = (count: number, signingKey = world.issuer.p256KeyId) =>
    Array.from({ length: count }, (_, n) => ({
      ...{ type: 'resident', format: 'dc+sd-jwt' as const, holderThumbprint: null, signingKey },
      reference: `import row ${n}`,
    }));

  test('are given in one call, in the order asked for, each another one', async () => {
    const placed = await inTransaction(pool, (transaction) => world.statusLists.allocate(transaction, orders(3_000)));
    expect(new Set(placed.map(({ list, index }) => `${list} ${index}`)).size).toBe(3_000);
    const { rows } = await pool.query<{ id: string; reference: string; signing_key: string }>(
      `SELECT id, reference, signing_key FROM identity.credential WHERE reference LIKE 'import row %'`,
    );
    const references = new Map(rows.map(({ id, reference }) => [id, reference]));
    expect(placed.map(({ id }) => references.get(id))).toEqual(placed.map((_, n) => `import row ${n}`));
    expect(new Set(rows.map(({ signing_key }) => signing_key))).toEqual(new Set(['p256']));
  });

  test('are found without reading what else lies in their lists', async () => {
    await inTransaction(pool, (transaction) => world.statusLists.allocate(transaction, orders(3_000)));
    const read = async (from: Transaction) => {
      const { rows } = await from.query<{ read: number }>(
        `SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS read FROM pg_stat_xact_user_tables
         WHERE schemaname = 'identity' AND relname = 'credential'`,
      );
      return rows[0]?.read ?? 0;
    };
    const rowsRead = await inTransaction(pool, async (transaction) => {
      const before = await read(transaction);
      await world.statusLists.allocate(transaction, orders(30));
      return (await read(transaction)) - before;
    });
    // A candidate that is taken is a row; of 131,072 places few are.
    expect(rowsRead).toBeLessThan(30);
  });

  test('are found in lists that are read once, also by the connection that opened them', async () => {
    const { pool: own } = await testDatabase();
    const { statusLists } = await identityWorld(own);
    const client = await own.connect();
    const allocate = async (end: 'COMMIT' | 'ROLLBACK') => {
      await client.query('BEGIN');
      const { rows: before } = await client.query<{ reads: number }>(listsRead);
      await statusLists.allocate(client, orders(30));
      const { rows: after } = await client.query<{ reads: number }>(listsRead);
      await client.query(end);
      return (after[0]?.reads ?? 0) - (before[0]?.reads ?? 0);
    };
    try {
      // What was rolled back is opened anew.
      await allocate('ROLLBACK');
      await allocate('COMMIT');
      expect(await allocate('COMMIT')).toBeGreaterThan(0);
      expect(await allocate('COMMIT')).toBe(0);
    } finally {
      client.release();
    }
    const { rows } = await own.query('SELECT FROM identity.credential');
    expect(rows).toHaveLength(90);
  });
  /** Pieces of the lists' contents, which lie beside their rows. */
  const listsRead = `SELECT coalesce(idx_tup_fetch, 0) AS reads FROM pg_stat_xact_all_tables
    WHERE relid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'identity.status_list'::regclass)`;

  test('are found elsewhere once a list is full, for two batches at once', async () => {
    const openIds = async () =>
      (await pool.query<{ id: number }>('SELECT id FROM identity.status_list WHERE is_open')).rows.map(({ id }) => id);
    const [full, ...others] = await openIds();
    await pool.query(
      `INSERT INTO identity.credential (id, format, status_list, status_index, reference, signing_key, issued_at)
       SELECT gen_random_uuid(), 'dc+sd-jwt', $1, index, 'full', 'p256', now()
       FROM generate_series(0, 131071) index ON CONFLICT DO NOTHING`,
      [full],
    );
    const batches = await Promise.all(
      [1, 2].map(() => inTransaction(pool, (transaction) => world.statusLists.allocate(transaction, orders(200)))),
    );
    const placed = batches.flat();
    expect(new Set(placed.map(({ list, index }) => `${list} ${index}`)).size).toBe(400);
    expect(placed.map(({ list }) => list)).not.toContain(full);
    const after = await openIds();
    expect(after).toHaveLength(4);
    expect(after).toEqual(expect.arrayContaining(others));
    expect(after).not.toContain(full);
  });

  test('are given to none where the key that signs was revoked', async () => {
    await pool.query(`INSERT INTO identity.revoked_issuer_key VALUES ('p256-9', 'stolen', 'test', now())`);
    const asked = inTransaction(pool, (transaction) =>
      world.statusLists.allocate(transaction, orders(1, `${world.issuer.did}#p256-9`)),
    );
    await expect(asked).rejects.toMatchObject({ code: 'ISSUER_KEY_REVOKED' });
  });
});

describe('a served list', () => {
  test.each(['', '/bitstring', '/bitstring/suspension'])(
    'at …%s is kept by its ETag until it changes [RFC 9110 13.1.2]',
    async (form) => {
      const first = await server.inject(path() + form);
      const etag = String(first.headers.etag);
      const again = await server.inject({ url: path() + form, headers: { 'if-none-match': `"other", ${etag}` } });
      expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
      await world.issuing.suspendCredential(credentialId, 'lost card');
      const changed = await server.inject({ url: path() + form, headers: { 'if-none-match': etag } });
      expect(changed.statusCode).toBe(200);
      expect(changed.headers.etag).not.toBe(etag);
    },
  );

  test('is named by the aggregation, and names it [Token Status List 9]', async () => {
    const { status_list } = decodeJwt<{ status_list: { aggregation_uri: string } }>((await server.inject(path())).body);
    const answer = await server.inject(status_list.aggregation_uri.slice(publicUrl.length));
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.json().status_lists).toContain(entry.uri);
    expect(answer.json().status_lists.length).toBeGreaterThanOrEqual(4);
  });

  test('is not served as it was: 501 [Token Status List 8.4]', async () => {
    const answer = await server.inject(`${path()}?time=1686925000`);
    expect([answer.statusCode, answer.json().code]).toEqual([501, 'STATUS_LIST_PAST']);
  });
});

function hash(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString('hex');
}

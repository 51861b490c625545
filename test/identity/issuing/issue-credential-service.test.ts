import { randomUUID } from 'node:crypto';
import { decodeList } from '@digitalbazaar/vc-bitstring-status-list';
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import type { FastifyInstance } from 'fastify';
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { anchorKey } from '../../../src/anchoring/anchor-keys.ts';
import { inTransaction } from '../../../src/platform/postgres/database.ts';
import { createHolder } from '../../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
let world: IdentityWorld;
let server: FastifyInstance;
beforeAll(async () => {
  world = await identityWorld(pool);
  server = await world.startHttp();
});

const holder = await createHolder();
const account = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };

function issue(reference = 'SP-000123') {
  return world.issuing.issueSdJwtVc({ type: 'water-account', claims: account, holderJwk: holder.jwk, reference });
}

interface StatusListEntry {
  uri: string;
  idx: number;
}

function statusOf(credential: string): StatusListEntry {
  const { status } = decodeJwt<{ status: { status_list: StatusListEntry } }>(credential.split('~')[0] ?? '');
  return status.status_list;
}

async function publishedStatus({ uri, idx }: StatusListEntry): Promise<number> {
  const answer = await server.inject(uri.slice(publicUrl.length));
  return getListFromStatusListJWT(answer.body).getStatus(idx);
}

describe('issuing an SD-JWT VC', () => {
  test('hides every claim behind a digest and signs with the key of the DID document', async () => {
    const { credential } = await issue();
    const [jwt = '', ...rest] = credential.split('~');
    expect(rest).toHaveLength(Object.keys(account).length + 1);
    expect(decodeProtectedHeader(jwt)).toEqual({ typ: 'dc+sd-jwt', alg: 'ES256', kid: world.issuer.p256MultikeyId });
    const payload = decodeJwt(jwt);
    expect(payload).toMatchObject({ iss: world.issuer.did, vct: `${publicUrl}/vct/water-account` });
    expect(payload._sd).toHaveLength(Object.keys(account).length);
    expect(payload).not.toHaveProperty('sub');
    for (const claim of Object.keys(account)) expect(payload).not.toHaveProperty(claim);
    await compactVerify(jwt, await importJWK(world.keys.p256.publicJwk, 'ES256'));
  });

  test("takes over the public members of the holder's key and nothing else", async () => {
    const { credential } = await world.issuing.issueSdJwtVc({
      type: 'water-account',
      claims: account,
      holderJwk: { ...holder.jwk, kid: 'my phone' } as typeof holder.jwk,
    });
    expect(decodeJwt<{ cnf: object }>(credential.split('~')[0] ?? '').cnf).toEqual({ jwk: holder.jwk });
  });

  test('refuses claims that do not fit and keys that are not public ones, and records nothing', async () => {
    const before = await count();
    const order = { type: 'water-account', claims: account, holderJwk: holder.jwk };
    await expect(world.issuing.issueSdJwtVc({ ...order, claims: { ...account, extra: 1 } })).rejects.toMatchObject({
      code: 'CLAIMS_INVALID',
    });
    await expect(
      world.issuing.issueSdJwtVc({ ...order, holderJwk: { kty: 'oct', k: 'x' } as never }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(world.issuing.issueSdJwtVc({ ...order, type: 'passport' })).rejects.toMatchObject({
      code: 'CREDENTIAL_TYPE_UNKNOWN',
    });
    expect(await count()).toBe(before);
  });

  test('is undone together with the transaction that redeems its offer', async () => {
    const before = await count();
    const failing = inTransaction(pool, async (transaction) => {
      await world.issuing.issueSdJwtVc({ type: 'water-account', claims: account, holderJwk: holder.jwk }, transaction);
      throw new Error('the offer was gone');
    });
    await expect(failing).rejects.toThrow('the offer was gone');
    expect(await count()).toBe(before);
  });

  test('keeps none of the claims', async () => {
    await issue();
    const { rows } = await pool.query<{ row: string }>('SELECT row_to_json(c)::text AS row FROM identity.credential c');
    for (const { row } of rows) expect(row).not.toMatch(/domestic|owner|2026-01-01/);
  });

  test('gives each credential an index of its own, at random', async () => {
    const issued = await Promise.all(Array.from({ length: 60 }, () => issue('many')));
    const indices = issued.map(({ credential }) => statusOf(credential).idx);
    expect(new Set(issued.map(({ credential }) => JSON.stringify(statusOf(credential)))).size).toBe(60);
    expect(Math.max(...indices) - Math.min(...indices)).toBeGreaterThan(10_000);
  });
});

describe('revoking', () => {
  test('shows at once in the published list, in both forms, and only there', async () => {
    const [revoked, kept] = [await issue(), await issue()];
    const [entry, other] = [statusOf(revoked.credential), statusOf(kept.credential)];
    expect(await publishedStatus(entry)).toBe(0);
    await world.issuing.revokeCredential(revoked.credentialId, 'moved away');
    expect([await publishedStatus(entry), await publishedStatus(other)]).toEqual([1, 0]);

    // Each in its own list: in another's a decoy may be set at the same place.
    const isRevokedIn = async ({ uri, idx }: typeof entry) => {
      const { encodedList } = (await server.inject(`${uri.slice(publicUrl.length)}/bitstring`)).json()
        .credentialSubject;
      return (await decodeList({ encodedList })).getStatus(idx);
    };
    expect([await isRevokedIn(entry), await isRevokedIn(other)]).toEqual([true, false]);
  });

  test('puts the new hash of the list in line for its anchor', async () => {
    const { credential, credentialId } = await issue();
    const key = Buffer.from(anchorKey('status-list', statusOf(credential).uri));
    const value = async () =>
      (await pool.query('SELECT value FROM anchoring.outbox WHERE key = $1', [key])).rows[0]?.value.toString('hex');
    const before = await value();
    await world.issuing.revokeCredential(credentialId, 'moved away');
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await value()).not.toBe(before);
  });

  test('is listed with its reason, and a second time changes nothing', async () => {
    const { credentialId } = await issue('SP-LISTED');
    await issue('SP-LISTED');
    await world.issuing.revokeCredential(credentialId, 'moved away');
    const again = await world.issuing.revokeCredential(credentialId, 'another reason');
    expect(again).toMatchObject({ state: 'revoked', reason: 'moved away' });
    const listed = await world.issuing.listIssued({ reference: 'SP-LISTED' });
    expect(listed.map(({ state }) => state).sort()).toEqual(['revoked', 'valid']);
    expect(await world.issuing.statusOf(credentialId)).toMatchObject({ id: credentialId, state: 'revoked' });
    expect(await world.issuing.listIssued({ reference: 'SP-NOBODY' })).toEqual([]);
  });

  test.each([randomUUID(), 'not-an-id'])('of %s, which was never issued, is refused', async (id) => {
    await expect(world.issuing.revokeCredential(id, 'x')).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
    expect(await world.issuing.statusOf(id)).toBeNull();
  });
});

describe('a published status list', () => {
  test('is a token signed by the issuer, cacheable for its ttl', async () => {
    const { credential } = await issue();
    const answer = await server.inject(statusOf(credential).uri.slice(publicUrl.length));
    expect(answer.headers['content-type']).toBe('application/statuslist+jwt');
    expect(answer.headers['cache-control']).toBe('public, max-age=60');
    expect(decodeProtectedHeader(answer.body)).toMatchObject({
      typ: 'statuslist+jwt',
      kid: world.issuer.p256MultikeyId,
    });
    expect(decodeJwt(answer.body)).toMatchObject({ sub: statusOf(credential).uri, ttl: 60 });
    await compactVerify(answer.body, await importJWK(world.keys.p256.publicJwk, 'ES256'));
  });

  test('is made afresh before its ttl is over', async () => {
    const { credential } = await issue();
    const url = statusOf(credential).uri.slice(publicUrl.length);
    const first = await server.inject(url);
    expect((await server.inject(url)).body).toBe(first.body);
    world.clock.time_ms += 31_000;
    expect(decodeJwt((await server.inject(url)).body).iat).toBe((decodeJwt(first.body).iat ?? 0) + 30);
  });

  test.each(['/status-lists/999999', '/status-lists/999999/bitstring', '/vct/passport'])(
    '%s is not found',
    async (url) => {
      expect((await server.inject(url)).statusCode).toBe(404);
    },
  );

  test.each(['/status-lists/x', '/status-lists/-1', '/status-lists/1e400'])('%s is refused', async (url) => {
    expect((await server.inject(url)).statusCode).toBe(400);
  });
});

test('type metadata is served at the vct', async () => {
  const answer = await server.inject('/vct/water-account');
  expect(answer.json()).toMatchObject({ vct: `${publicUrl}/vct/water-account`, display: [{ locale: 'ko' }, {}] });
});

async function count(): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('SELECT count(*) AS n FROM identity.credential');
  return rows[0]?.n ?? 0;
}

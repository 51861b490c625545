// The Token Status Lists of issuers of elsewhere: fetched, checked, and judged by how old they are.
// Source: draft-ietf-oauth-status-list, 5.1 and 8.3.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { SignJWT } from 'jose';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { testAuthority } from '../../support/certificates.ts';
import { foreignListHost } from '../../support/foreign-list-host.ts';
import { createHolder } from '../../support/holder.ts';
import { identityWorld, publicUrl, START_ms } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const host = await foreignListHost();
const world = await identityWorld(pool, { lists: { hosts: ['localhost'], ca: host.ca } });
const holder = await createHolder();
const nonce = 'nonce-1';
const audience = 'x509_hash:counter';
const account = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
const TYPE = 'application/statuslist+jwt';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
const neighbour = `did:jwk:${Buffer.from(JSON.stringify({ kty, crv, x, y })).toString('base64url')}`;
const kid = `${neighbour}#0`;
const now_s = () => Math.floor(world.clock.now_ms() / 1000);

beforeAll(async () => {
  await world.trust.trustIssuer({ issuer: neighbour, types: ['water-account'] }, 'operator');
});
beforeEach(() => {
  world.clock.time_ms = START_ms;
});

/** The published list: two bits an entry, least significant first; 5 is revoked, 6 suspended, 7 of no meaning here. */
const packed = (bytes: readonly number[]) => deflateSync(Uint8Array.from(bytes)).toString('base64url');
const TWO_BITS = [0, 0b11_10_01_00, 0, 0];

interface Change {
  header?: object;
  payload?: object;
  bits?: number;
  lst?: string;
  key?: typeof privateKey;
  type?: string;
  tamper?: (token: string) => string;
}

let lists = 0;
function nextPath(): string {
  lists += 1;
  return `/lists/${lists}`;
}

/** Publishes a list. @returns its address */
async function published(change: Change = {}, path = nextPath()): Promise<string> {
  const { header = {}, payload = {}, bits = 2, lst = packed(TWO_BITS), key = privateKey, type = TYPE } = change;
  const { tamper = (token) => token } = change;
  const token = await new SignJWT({
    ...{ sub: `${host.origin}${path}`, iat: now_s(), exp: now_s() + 86_400, ttl: 43_200, status_list: { bits, lst } },
    ...payload,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'statuslist+jwt', kid, ...header })
    .sign(key);
  return host.serve(path, tamper(token), type);
}

/** The status step of a credential that names this place. */
async function statusOf(uri: string, idx: unknown = 4) {
  const jwt = await new SignJWT({
    ...{ iss: neighbour, vct: `${publicUrl}/vct/water-account`, iat: now_s(), exp: now_s() + 90_000, ...account },
    ...{ cnf: { jwk: holder.jwk }, status: { status_list: { uri, idx } } },
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dc+sd-jwt', kid })
    .sign(privateKey);
  const verdict = await world.presentations.verifySdJwtPresentation(
    await holder.bind(`${jwt}~`, { nonce, aud: audience, iat: now_s() }),
    { nonce, audience, types: ['water-account'], transactions: [] },
  );
  const step = verdict.trace.find((one) => one.step === 'status');
  return { verified: verdict.verified, outcome: step?.outcome, reason: step?.reason, data: step?.data };
}

test('is fetched, its signature checked, and the status read from it and told in the trace', async () => {
  const uri = await published();
  expect(await statusOf(uri)).toEqual({
    ...{ verified: true, outcome: 'passed', reason: 'STATUS_VALID' },
    data: { list: uri, index: 4, age_s: 0, revoked_at: null },
  });
});

test.each([
  [5, 'CREDENTIAL_REVOKED'],
  [6, 'CREDENTIAL_SUSPENDED'],
  [7, 'STATUS_UNKNOWN'],
  [16, 'STATUS_INDEX_OUTSIDE'],
  [-1, 'STATUS_INDEX_OUTSIDE'],
  [4.5, 'STATUS_INDEX_OUTSIDE'],
  ['4', 'STATUS_UNKNOWN'],
])('place %s of a list of two bits an entry: %s', async (idx, reason) => {
  expect(await statusOf(await published(), idx)).toMatchObject({ verified: false, outcome: 'failed', reason });
});

test.each([
  [1, [0b0010_0000], 5],
  [4, [0, 0, 0b0001_0000], 5],
  [8, [0, 0, 0, 0, 0, 1], 5],
])('a list of %i bits an entry is read from its least significant bit [4.1]', async (bits, bytes, idx) => {
  const uri = await published({ bits, lst: packed(bytes) });
  expect((await statusOf(uri, idx)).reason).toBe('CREDENTIAL_REVOKED');
  expect((await statusOf(uri, idx - 1)).reason).toBe('STATUS_VALID');
});

test.each<[string, Change, string]>([
  ['of another address', { payload: { sub: 'https://lists.example/1' } }, 'STATUS_LIST_NOT_VERIFIED'],
  ['that is over', { payload: { exp: START_ms / 1000 } }, 'STATUS_LIST_NOT_VERIFIED'],
  ['that is yet to be made', { payload: { iat: START_ms / 1000 + 120 } }, 'STATUS_LIST_NOT_VERIFIED'],
  ['that another key signed', { key: stranger }, 'STATUS_LIST_NOT_VERIFIED'],
  ['that names the key of somebody else', { header: { kid: 'did:jwk:e30#0' } }, 'STATUS_LIST_NOT_VERIFIED'],
  ['that names no key', { header: { kid: undefined } }, 'STATUS_LIST_NOT_VERIFIED'],
  [
    'that was changed',
    { tamper: (token) => token.replace(/[^.](?=[^.]*$)/, (one) => (one === 'A' ? 'B' : 'A')) },
    'STATUS_LIST_NOT_VERIFIED',
  ],
  ['of another typ', { header: { typ: 'jwt' } }, 'STATUS_LIST_MALFORMED'],
  ['without a list', { payload: { status_list: undefined } }, 'STATUS_LIST_MALFORMED'],
  ['of three bits an entry', { bits: 3 }, 'STATUS_LIST_MALFORMED'],
  ['that does not unfold', { lst: 'AAAA' }, 'STATUS_LIST_MALFORMED'],
  [
    'that unfolds to more than is read here',
    { lst: deflateSync(new Uint8Array(1_048_577)).toString('base64url') },
    'STATUS_LIST_MALFORMED',
  ],
  ['that is no token', { tamper: () => '{}' }, 'STATUS_LIST_MALFORMED'],
  ['served as something else', { type: 'text/html' }, 'STATUS_LIST_AWAY'],
])('refuses the credential for a list %s', async (_what, change, reason) => {
  expect(await statusOf(await published(change))).toMatchObject({ verified: false, outcome: 'failed', reason });
});

test.each([
  ['on a host that is not on the list of hosts', 'https://lists.example/1', 'STATUS_HOST_NOT_ASKED'],
  ['without TLS', 'http://localhost/1', 'STATUS_HOST_NOT_ASKED'],
  ['that is no address', 'list 1', 'STATUS_LIST_MALFORMED'],
  ['of the service itself, whose record it would take over', `${publicUrl}/status-lists/1`, 'STATUS_UNKNOWN'],
  ['that its host does not have', `${host.origin}/nothing`, 'STATUS_LIST_AWAY'],
])('asks for no list %s', async (_what, uri, reason) => {
  expect(await statusOf(uri)).toMatchObject({ verified: false, reason });
});

test('is asked for once in a while, and again when its copy is two minutes old [freshness policy]', async () => {
  const uri = await published();
  const before = host.asked();
  await statusOf(uri);
  await statusOf(uri, 3);
  expect(host.asked() - before).toBe(1);
  world.clock.time_ms += 121_000;
  await statusOf(uri);
  expect(host.asked() - before).toBe(2);
});

test('is not used beyond its ttl while its host answers [8.3]', async () => {
  const path = '/lists/short';
  const uri = await published({ payload: { ttl: 10 } }, path);
  expect((await statusOf(uri)).reason).toBe('STATUS_VALID');
  await published({ payload: { ttl: 10 }, lst: packed([0, 0b01]) }, path);
  expect((await statusOf(uri)).reason).toBe('STATUS_VALID');
  world.clock.time_ms += 11_000;
  expect((await statusOf(uri)).reason).toBe('CREDENTIAL_REVOKED');
});

test('serves for an hour while its host is away, and says how old it is', async () => {
  const path = '/lists/leaving';
  const uri = await published({}, path);
  await statusOf(uri);
  host.serve(path, '<html>', 'text/html');
  world.clock.time_ms += 600_000;
  expect(await statusOf(uri)).toMatchObject({ verified: true, reason: 'STATUS_LIST_OLD', data: { age_s: 600 } });
  world.clock.time_ms += 3_600_000;
  expect(await statusOf(uri)).toMatchObject({ verified: false, reason: 'STATUS_LIST_TOO_OLD' });
});

test('is taken from who signs by a certificate of a root that is trusted for the type, and from nobody else', async () => {
  // The certificates are made by the machine's clock.
  world.clock.time_ms = Date.now();
  const [authority, unknown] = [await testAuthority('neighbour'), await testAuthority('a stranger')];
  await world.trust.trustIssuer({ root: authority.cert, types: ['water-account'] }, 'operator');
  const by = async ({ issue }: typeof authority, names = { uris: [neighbour] }): Promise<Change> => {
    const { cert, key } = await issue('lists', names);
    const x5c = [cert.replace(/-----[^-]+-----|\s/g, '')];
    return { header: { kid: undefined, x5c }, key: createPrivateKey(key) };
  };
  expect((await statusOf(await published(await by(authority)), 4)).reason).toBe('STATUS_VALID');
  expect((await statusOf(await published(await by(authority)), 5)).reason).toBe('CREDENTIAL_REVOKED');
  const refused = 'STATUS_LIST_NOT_VERIFIED';
  expect((await statusOf(await published(await by(unknown)))).reason).toBe(refused);
  expect((await statusOf(await published(await by(authority, { uris: ['did:web:evil.example'] })))).reason).toBe(
    refused,
  );
});

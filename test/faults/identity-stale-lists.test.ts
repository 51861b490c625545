// Status lists that are stale, away or rolled back: by policy, with the reason and the age; never silently valid.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchorKey } from '../../src/anchoring/anchor-keys.ts';
import { nodeVerify } from '../../src/identity/dids/did-service.ts';
import { type FreshnessPolicy, freshnessPolicies } from '../../src/identity/presenting/freshness-policy.ts';
import { type KeptTrust, keepStatusList, readKeptTrust } from '../../src/identity/presenting/kept-trust.ts';
import type { TraceStep } from '../../src/identity/presenting/verdict.ts';
import { createVerifyPresentationService } from '../../src/identity/presenting/verify-presentation-service.ts';
import { City, type Instance, PATIENCE } from '../support/city.ts';
import { createHolder } from '../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl, START_ms } from '../support/identity-world.ts';
import { signedJwt, type TestSigner } from '../support/signed-jwt.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const holder = await createHolder();
const claims = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
const expected = { nonce: 'nonce-1', audience: 'x509_san_dns:localhost', types: ['water-account'], transactions: [] };
let world: IdentityWorld;
let credential: string;
let credentialId: string;
let uri: string;
beforeAll(async () => {
  world = await identityWorld(pool);
});
beforeEach(async () => {
  world.clock.time_ms = START_ms;
  const order = { type: 'water-account', claims, holderJwk: holder.jwk };
  ({ credential, credentialId } = await world.issuing.issueSdJwtVc(order));
  const { status } = decodeJwt<{ status: { status_list: { uri: string } } }>(credential.split('~')[0] ?? '');
  uri = status.status_list.uri;
});

const token = async () => (await world.statusLists.token(Number(uri.split('/').at(-1)))).text;

/** What a verifier fetches while it has a network. */
async function taken(): Promise<KeptTrust> {
  const resolved = await world.dids.resolveDid(world.issuer.did);
  return {
    fetchedAt_ms: world.clock.now_ms(),
    issuers: [{ did: world.issuer.did, log: await world.dids.didLogOf('issuer'), anchor: resolved?.anchor ?? null }],
    statusLists: keepStatusList([], { uri, token: await token() }),
  };
}

/** The verdict of a verifier without any network, `later_s` after it went there. */
async function verdictOffline(kept: KeptTrust, later_s = 0, policy: FreshnessPolicy = freshnessPolicies.offline) {
  world.clock.time_ms = START_ms + later_s * 1000;
  const options = { now_ms: world.clock.now_ms, verify: nodeVerify };
  const service = createVerifyPresentationService({
    ...{ clock: world.clock, publicUrl, policy },
    ...readKeptTrust(kept, options),
  });
  const iat = Math.floor(world.clock.now_ms() / 1000);
  const presentation = await holder.bind(credential, { nonce: expected.nonce, aud: expected.audience, iat });
  const verdict = await service.verifySdJwtPresentation(presentation, expected);
  const step = (name: string) => verdict.trace.find((one) => one.step === name) as TraceStep;
  return { verified: verdict.verified, status: step('status'), anchor: step('anchor') };
}

describe('a verifier without a network', () => {
  test('verifies with what it took along, and says how old that is [faults 45]', async () => {
    expect(await verdictOffline(await taken(), 1_800)).toMatchObject({
      verified: true,
      status: { outcome: 'passed', reason: 'STATUS_VALID', data: { age_s: 1_800, list: uri } },
      anchor: { outcome: 'passed', reason: 'ANCHOR_FINAL', data: { age_s: 1_800 } },
    });
  });

  test('refuses what its list shows as revoked or suspended [faults 45]', async () => {
    await world.issuing.suspendCredential(credentialId, 'lost');
    expect(await verdictOffline(await taken())).toMatchObject({
      ...{ verified: false, status: { outcome: 'failed', reason: 'CREDENTIAL_SUSPENDED' } },
    });
    world.clock.time_ms = START_ms;
    await world.issuing.revokeCredential(credentialId, 'gone');
    expect(await verdictOffline(await taken())).toMatchObject({
      ...{ verified: false, status: { outcome: 'failed', reason: 'CREDENTIAL_REVOKED' } },
    });
  });

  test.each([
    ['offline', 3_600, true, 'passed', 'STATUS_VALID'],
    ['offline', 3_601, true, 'passed', 'STATUS_LIST_OLD'],
    ['offline', 86_401, false, 'failed', 'STATUS_LIST_TOO_OLD'],
    ['standard', 120, true, 'passed', 'STATUS_VALID'],
    ['standard', 121, true, 'passed', 'STATUS_LIST_OLD'],
    ['standard', 3_601, false, 'failed', 'STATUS_LIST_TOO_OLD'],
    ['strict', 120, true, 'passed', 'STATUS_VALID'],
    ['strict', 121, false, 'failed', 'STATUS_LIST_TOO_OLD'],
  ] as const)(
    'under the policy %s, with a list of %i s: verified %s [faults 45]',
    async (policy, age_s, ...verdict) => {
      const [verified, outcome, reason] = verdict;
      expect(await verdictOffline(await taken(), age_s, freshnessPolicies[policy])).toMatchObject({
        ...{ verified, status: { outcome, reason, data: { age_s } } },
      });
    },
  );

  test('never takes a list past its end, or one of a time to come [Token Status List 8.3; faults 45]', async () => {
    const kept = await taken();
    const patient = { ...freshnessPolicies.offline, usableFor_s: 10 ** 9 };
    const away = { verified: false, status: { outcome: 'not_checked', reason: 'STATUS_LIST_AWAY' } };
    expect(await verdictOffline(kept, 86_400 + 61, patient)).toMatchObject(away);
    expect(await verdictOffline(kept, -61, patient)).toMatchObject({ status: away.status });
  });

  test('says that a list is away, and passes nothing [faults 45]', async () => {
    const kept = { ...(await taken()), statusLists: [] };
    const reason = 'STATUS_LIST_AWAY';
    expect(await verdictOffline(kept)).toMatchObject({ verified: false, status: { outcome: 'not_checked', reason } });
    expect(await verdictOffline(kept, 0, freshnessPolicies.standard)).toMatchObject({
      ...{ verified: false, status: { outcome: 'failed', reason } },
    });
  });

  test.each([
    ['somebody else signed', async () => signed(holder.privateKey, {})],
    ['is of another address', async () => signed(world.keys.p256, { sub: `${uri}0` })],
    ['has another type', async () => signed(world.keys.p256, {}, 'jwt')],
    ['is a bomb', async () => signed(world.keys.p256, { status_list: { bits: 2, lst: await bomb() } })],
  ])('takes a list that %s for none [faults 45]', async (_what, make) => {
    const kept = await taken();
    const statusLists = [{ uri, token: await make(), newestSeen_s: 0 }];
    expect(await verdictOffline({ ...kept, statusLists })).toMatchObject({
      ...{ verified: false, status: { reason: 'STATUS_LIST_AWAY' } },
    });
  });

  test('keeps the newer of two lists, whichever came last [faults 45]', async () => {
    const older = await taken();
    world.clock.time_ms += 60_000;
    await world.issuing.revokeCredential(credentialId, 'stolen');
    const newer = keepStatusList(older.statusLists, { uri, token: await token() });
    const again = keepStatusList(newer, { uri, token: older.statusLists[0]?.token ?? '' });
    expect(again).toEqual(newer);
    expect(await verdictOffline({ ...older, statusLists: again }, 60)).toMatchObject({
      ...{ verified: false, status: { reason: 'CREDENTIAL_REVOKED' } },
    });
  });

  test('is told of a rollback by the newer list it saw before [faults 45]', async () => {
    const kept = await taken();
    const [list] = kept.statusLists;
    if (list === undefined) throw new Error('no list');
    const seen = (newestSeen_s: number) => ({ ...kept, statusLists: [{ ...list, newestSeen_s }] });
    expect(await verdictOffline(seen(list.newestSeen_s))).toMatchObject({ verified: true });
    expect(await verdictOffline(seen(list.newestSeen_s + 30))).toMatchObject({
      ...{ verified: false, status: { outcome: 'failed', reason: 'STATUS_LIST_ROLLED_BACK' } },
    });
  });

  test('is told of a rollback by the anchor of a newer list [faults 45]', async () => {
    const kept = await taken();
    const before = await listAnchor(START_ms + 30_000);
    await world.issuing.revokeCredential(credentialId, 'stolen');
    const after = await listAnchor(START_ms + 30_000);
    const anchored = (anchor: Anchor) => ({
      ...kept,
      statusLists: kept.statusLists.map((list) => ({ ...list, anchor })),
    });
    expect(await verdictOffline(anchored(before), 60)).toMatchObject({ verified: true });
    expect(await verdictOffline(anchored(after), 60)).toMatchObject({
      ...{ verified: false, status: { outcome: 'failed', reason: 'STATUS_LIST_ROLLED_BACK' } },
    });
    // A list that is newer than its anchor is no rollback: its own anchor is still to come.
    const early = { ...after, block_time: new Date(START_ms - 30_000).toISOString() };
    expect(await verdictOffline(anchored(early), 60)).toMatchObject({ verified: true });
  });

  test.each([
    ['offline', true, 'not_checked'],
    ['standard', true, 'not_checked'],
    ['strict', false, 'failed'],
  ] as const)(
    'under the policy %s with a pending anchor: verified %s [faults 45]',
    async (policy, verified, outcome) => {
      world.chain.fault = { status: 'pending' };
      const kept = await taken();
      world.chain.fault = {};
      expect(await verdictOffline(kept, 0, freshnessPolicies[policy])).toMatchObject({
        ...{ verified, anchor: { outcome, reason: 'ANCHOR_PENDING' } },
      });
    },
  );

  async function listAnchor(at_ms: number): Promise<Anchor> {
    const anchor = await world.anchorOf(anchorKey('status-list', uri));
    if (anchor === null) throw new Error('the list has no anchor');
    return { ...anchor, block_time: new Date(at_ms).toISOString() };
  }

  async function signed(key: TestSigner, change: object, typ = 'statuslist+jwt') {
    const payload = { ...decodeJwt(await token()), ...change };
    return signedJwt({ alg: 'ES256', typ, kid: world.issuer.p256KeyId }, payload, key);
  }

  async function bomb(): Promise<string> {
    const { deflateSync } = await import('node:zlib');
    return deflateSync(Buffer.alloc(50_000_000)).toString('base64url');
  }
});

describe('a database that was put back beneath the service', () => {
  const settings = { NARU_OPERATOR_TOKEN: 'operator-token-of-this-test-0123456789', CHAIN_CONFIRMATIONS: '1' };
  let city: City;
  let instance: Instance;
  beforeAll(async () => {
    city = await City.open();
    instance = await city.start(settings);
  }, 120_000);
  afterAll(() => city?.close());

  async function post(path: string, body: object) {
    const answer = await fetch(instance.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${settings.NARU_OPERATOR_TOKEN}` },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { verifiableCredential?: object; verified?: boolean; trace?: TraceStep[] };
  }

  test('does not make a revoked credential valid again: the chain knows better [faults 45]', async () => {
    const unsigned = {
      '@context': ['https://www.w3.org/ns/credentials/v2', `${city.publicUrl}/contexts/v1`],
      type: ['VerifiableCredential', 'WaterAccountCredential'],
      credentialSubject: claims,
    };
    const { verifiableCredential = {} } = await post('/vc-api/credentials/issue', {
      credential: unsigned,
      options: {},
    });
    const verify = () => post('/vc-api/credentials/verify', { verifiableCredential, options: {} });
    await city.ledger.register(instance.url);
    await city.ledger.untilSettled(instance.url);
    expect(await verify()).toMatchObject({ verified: true });
    await instance.stop();
    await city.copyDatabase('older');
    instance = await city.start(settings);

    await city.ledger.register(instance.url);
    await city.ledger.untilSettled(instance.url);
    expect(await verify()).toMatchObject({ verified: true });
    await city.restoreDatabase('older', 'newer');
    await expect.poll(async () => (await verify()).verified, PATIENCE).toBe(false);
    const { verified, trace = [] } = await verify();
    expect(verified).toBe(false);
    const reasons = trace.filter(({ outcome }) => outcome === 'failed').map(({ step, reason }) => `${step}: ${reason}`);
    expect(reasons).toEqual(['status: STATUS_LIST_ROLLED_BACK', 'anchor: ANCHOR_CONTRADICTED']);
    await city.restoreDatabase('newer', 'older');
    await expect.poll(async () => (await verify()).verified, PATIENCE).toBe(true);
  }, 180_000);
});

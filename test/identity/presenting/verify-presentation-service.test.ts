import { generateKeyPairSync } from 'node:crypto';
import { CompactSign, decodeJwt, type JWTHeaderParameters } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../../src/identity/presenting/verdict.ts';
import { traceSteps } from '../../../src/identity/presenting/verdict.ts';
import { createVerifyPresentationService } from '../../../src/identity/presenting/verify-presentation-service.ts';
import { createHolder, type KeyBinding } from '../../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl, START_ms } from '../../support/identity-world.ts';
import { signedJwt, type TestSigner } from '../../support/signed-jwt.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const holder = await createHolder();
const nonce = 'nonce-1';
const audience = `x509_san_dns:localhost`;
const expected = { nonce, audience, types: ['water-account'], transactions: [] };
const account = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };

let world: IdentityWorld;
let credential: string;
let credentialId: string;
beforeAll(async () => {
  world = await identityWorld(pool);
});
beforeEach(async () => {
  world.clock.time_ms = START_ms;
  world.chain.fault = {};
  ({ credential, credentialId } = await world.issuing.issueSdJwtVc({
    type: 'water-account',
    claims: account,
    holderJwk: holder.jwk,
  }));
});

const now_s = () => Math.floor(world.clock.now_ms() / 1000);

function bind(sdJwt: string, binding: KeyBinding = {}): Promise<string> {
  return holder.bind(sdJwt, { nonce, aud: audience, iat: now_s(), ...binding });
}

function verify(presentation: unknown): Promise<Verdict> {
  return world.presentations.verifySdJwtPresentation(presentation, expected);
}

/** The credential with its JWT made anew by the issuer's key, header and payload changed. */
async function reissued(
  change: { payload?: (payload: Record<string, unknown>) => object; header?: Partial<JWTHeaderParameters> } = {},
  key: TestSigner = world.keys.p256,
): Promise<string> {
  const [jwt = '', ...rest] = credential.split('~');
  const payload = decodeJwt(jwt);
  const header = { alg: 'ES256', typ: 'dc+sd-jwt', kid: world.issuer.p256KeyId, ...change.header };
  const made = await signedJwt(header, { ...(change.payload?.(payload) ?? payload) }, key);
  return [made, ...rest].join('~');
}

function failedSteps(verdict: Verdict): string[] {
  return verdict.trace.flatMap(({ step, outcome, reason }) => (outcome === 'failed' ? [`${step}: ${reason}`] : []));
}

describe('a presentation', () => {
  test('passes every step and gives the disclosed claims', async () => {
    const verdict = await verify(await bind(credential));
    expect(verdict).toMatchObject({
      verified: true,
      type: 'water-account',
      claims: account,
      credential_id: credentialId,
    });
    expect(verdict.trace.map(({ step, outcome }) => [step, outcome])).toEqual(traceSteps.map((s) => [s, 'passed']));
    expect(verdict.trace.at(-1)).toMatchObject({ reason: 'ANCHOR_FINAL', anchor: { status: 'final' } });
    expect(verdict.holder_thumbprint).toMatch(/^[\w-]{43}$/);
  });

  test('shows only what its holder chose to disclose', async () => {
    const chosen = await holder.select(credential, { service_point: true, role: true });
    const verdict = await verify(await bind(chosen));
    expect(verdict).toMatchObject({ verified: true, claims: { service_point: 'SP-000123', role: 'owner' } });
    expect(Object.keys(verdict.claims)).toHaveLength(2);
  });

  test('passes for a holder whose key is Ed25519', async () => {
    const other = await createHolder('EdDSA');
    const issued = await world.issuing.issueSdJwtVc({
      type: 'water-account',
      claims: account,
      holderJwk: other.jwk,
    });
    expect((await verify(await other.bind(issued.credential, { nonce, aud: audience, iat: now_s() }))).verified).toBe(
      true,
    );
  });

  test('carries a Korean and an English sentence for every step', async () => {
    for (const { detail } of (await verify('~')).trace) {
      expect(detail.ko).toMatch(/[가-힣]/);
      expect(detail.en).toMatch(/^[A-Z]/);
    }
  });

  test.each([null, 7, '', '~', 'a.b.c', 'a.b.c~', 'eyJ.eyJ.x~~', 'x'.repeat(70_000)])(
    'is refused and never throws where it is %j',
    async (bad) => {
      const verdict = await verify(bad);
      expect(failedSteps(verdict)).toEqual(['format: FORMAT_MALFORMED']);
      expect(verdict).toMatchObject({ verified: false, claims: {}, holder_thumbprint: null });
    },
  );

  test('is refused where its type was not asked for', async () => {
    const verdict = await world.presentations.verifySdJwtPresentation(await bind(credential), {
      ...expected,
      types: ['resident'],
    });
    expect(failedSteps(verdict)).toEqual(['format: TYPE_NOT_ASKED']);
    expect(verdict.verified).toBe(false);
  });
});

describe("the issuer's signature", () => {
  test('with alg none is refused', async () => {
    const [, payload] = credential.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dc+sd-jwt', kid: world.issuer.p256KeyId }));
    const rest = credential.slice(credential.indexOf('~'));
    const verdict = await verify(`${header.toString('base64url')}.${payload}.${rest}`);
    expect(failedSteps(verdict)).toEqual(['format: FORMAT_ALGORITHM_REFUSED']);
  });

  test('with HS256 and the public key as the secret is refused', async () => {
    const [jwt = ''] = credential.split('~');
    const secret = Buffer.from(JSON.stringify(world.keys.p256.publicJwk));
    const forged = await new CompactSign(Buffer.from(JSON.stringify(decodeJwt(jwt))))
      .setProtectedHeader({ alg: 'HS256', typ: 'dc+sd-jwt', kid: world.issuer.p256KeyId })
      .sign(secret);
    expect(failedSteps(await verify(`${forged}~`))).toEqual(['format: FORMAT_ALGORITHM_REFUSED']);
  });

  test.each([
    ['jku', 'https://evil.example/keys'],
    ['x5u', 'https://evil.example/cert'],
    ['jwk', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
    ['x5c', ['AA']],
  ])('with a %s header of its own is refused', async (name, value) => {
    const forged = await reissued({ header: { [name]: value } });
    expect(failedSteps(await verify(await bind(forged)))).toEqual(['format: FORMAT_HEADER_REFUSED']);
  });

  test.each(['../../etc/passwd', 'did:example:1#p256', ''])('with the kid %j is refused', async (kid) => {
    const verdict = await verify(await bind(await reissued({ header: { kid } })));
    expect(failedSteps(verdict)).toEqual(['signature: SIGNATURE_KEY_UNKNOWN']);
  });

  test('by another key is refused', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const verdict = await verify(await bind(await reissued({}, privateKey)));
    expect(failedSteps(verdict)).toEqual(['signature: SIGNATURE_INVALID']);
    expect(verdict).toMatchObject({ verified: false, claims: {}, credential_id: null });
  });

  test('over a changed payload is refused', async () => {
    const [header, payload = '', signature] = credential.split('~')[0]?.split('.') ?? [];
    const changed = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...changed, exp: changed.exp + 1 })).toString('base64url');
    const rest = credential.slice(credential.indexOf('~'));
    const verdict = await verify(await bind(`${header}.${forged}.${signature}${rest}`));
    expect(failedSteps(verdict)).toEqual(['signature: SIGNATURE_INVALID']);
  });

  test('with a key that its DID document does not list for assertions is refused', async () => {
    const dids = {
      ...world.dids,
      resolveDid: async (did: string) => {
        const resolved = structuredClone(await world.dids.resolveDid(did));
        if (resolved?.verified.document) resolved.verified.document.assertionMethod = [world.issuer.ed25519KeyId];
        return resolved;
      },
    };
    const { clock, statusLists } = world;
    const strict = createVerifyPresentationService({ clock, publicUrl, dids, statusLists });
    const verdict = await strict.verifySdJwtPresentation(await bind(credential), expected);
    expect(failedSteps(verdict)).toEqual(['signature: SIGNATURE_KEY_UNKNOWN']);
  });

  test('of an issuer nobody trusts is refused', async () => {
    const forged = await reissued({ payload: (p) => ({ ...p, iss: 'did:webvh:QmX:evil.example' }) });
    expect(failedSteps(await verify(await bind(forged)))).toEqual([
      'signature: SIGNATURE_KEY_UNKNOWN',
      'issuer: ISSUER_NOT_TRUSTED',
    ]);
  });
});

describe('status', () => {
  test('fails at once after the revocation, with the reason', async () => {
    await world.issuing.revokeCredential(credentialId, 'moved away');
    const verdict = await verify(await bind(credential));
    expect(failedSteps(verdict)).toEqual(['status: CREDENTIAL_REVOKED']);
    expect(verdict.trace.find(({ step }) => step === 'status')?.data).toMatchObject({
      revoked_at: new Date(START_ms).toISOString(),
    });
    expect(await world.statusLists.statusOf(credentialId)).toMatchObject({ state: 'revoked' });
  });

  test.each([
    ['no status', undefined],
    ['a list elsewhere', { status_list: { idx: 1, uri: 'https://evil.example/status-lists/1' } }],
    ['a list that does not exist', { status_list: { idx: 1, uri: `${publicUrl}/status-lists/99` } }],
    ['an index outside the list', { status_list: { idx: 131_072, uri: `${publicUrl}/status-lists/1` } }],
    ['an index below zero', { status_list: { idx: -1, uri: `${publicUrl}/status-lists/1` } }],
    ['a form of its own', { status_list: { idx: '1' } }],
  ])('is never silently valid with %s', async (what, status) => {
    const forged = await reissued({ payload: (p) => ({ ...p, status }) });
    expect(failedSteps(await verify(await bind(forged)))).toEqual([
      what === 'no status' ? 'status: STATUS_MISSING' : 'status: STATUS_UNKNOWN',
    ]);
  });

  test('is refused for an index that was never given out, so that a stolen key alone makes nothing', async () => {
    const { rows } = await pool.query<{ list: number; free: number }>(
      `SELECT list.id AS list, index AS free FROM identity.status_list list, generate_series(0, 131071) index
       WHERE NOT EXISTS (SELECT FROM identity.credential WHERE status_list = list.id AND status_index = index) LIMIT 1`,
    );
    const [place] = rows;
    expect(
      await world.statusLists.statusAt(`${publicUrl}/status-lists/${place?.list}`, place?.free ?? -1),
    ).not.toBeNull();
    const status = { status_list: { idx: place?.free, uri: `${publicUrl}/status-lists/${place?.list}` } };
    const forged = await reissued({ payload: (p) => ({ ...p, status }) });
    expect(failedSteps(await verify(await bind(forged)))).toEqual(['status: STATUS_UNKNOWN']);
  });
});

describe('validity', () => {
  test.each([
    ['over', { exp: START_ms / 1000 - 61 }, 'CREDENTIAL_EXPIRED'],
    ['to come', { nbf: START_ms / 1000 + 61 }, 'CREDENTIAL_NOT_YET_VALID'],
    ['without an end', { exp: undefined }, 'VALIDITY_MISSING'],
    ['without a readable end', { exp: 'never' }, 'VALIDITY_MISSING'],
  ])('fails where it is %s', async (_what, times, reason) => {
    const [jwt = '', ...rest] = credential.split('~');
    const header = { alg: 'ES256', typ: 'dc+sd-jwt', kid: world.issuer.p256KeyId };
    const made = await signedJwt(header, { ...decodeJwt(jwt), ...times }, world.keys.p256);
    expect(failedSteps(await verify(await bind([made, ...rest].join('~'))))).toEqual([`validity: ${reason}`]);
  });

  test('allows clocks to lie a minute apart', async () => {
    const forged = await reissued({ payload: (p) => ({ ...p, exp: now_s() - 59 }) });
    expect((await verify(await bind(forged))).verified).toBe(true);
  });
});

describe("the holder's proof", () => {
  test.each<[string, KeyBinding, string]>([
    ['for another request', { nonce: 'nonce-2' }, 'HOLDER_NONCE_WRONG'],
    ['for another verifier', { aud: 'x509_san_dns:evil.example' }, 'HOLDER_AUDIENCE_WRONG'],
    ['for several verifiers', { aud: [audience, 'evil'] }, 'HOLDER_AUDIENCE_WRONG'],
    ['that is too old', { iat: START_ms / 1000 - 301 }, 'HOLDER_PROOF_STALE'],
    ['from the future', { iat: START_ms / 1000 + 61 }, 'HOLDER_PROOF_STALE'],
    ['with no time', { iat: undefined }, 'HOLDER_PROOF_MALFORMED'],
    ['over other content', { sd_hash: 'AAAA' }, 'HOLDER_CONTENT_CHANGED'],
    ['of another type', { header: { typ: 'JWT' } }, 'HOLDER_PROOF_MALFORMED'],
    ['that brings its own key', { header: { jku: 'https://evil.example' } }, 'HOLDER_PROOF_MALFORMED'],
  ])('%s is refused', async (_what, binding, reason) => {
    const verdict = await verify(await bind(credential, binding));
    expect(failedSteps(verdict)).toEqual([`holder: ${reason}`]);
    expect(verdict.holder_thumbprint).toBeNull();
  });

  test('by somebody else is refused', async () => {
    const thief = await createHolder();
    const verdict = await verify(await bind(credential, { key: thief.privateKey }));
    expect(failedSteps(verdict)).toEqual(['holder: HOLDER_SIGNATURE_INVALID']);
  });

  test('that is missing is refused', async () => {
    expect(failedSteps(await verify(credential))).toEqual(['holder: HOLDER_PROOF_MISSING']);
  });

  test('for a credential that names no key is refused', async () => {
    const forged = await reissued({ payload: ({ cnf, ...payload }) => payload });
    expect(failedSteps(await verify(await bind(forged)))).toEqual(['holder: HOLDER_KEY_MISSING']);
  });

  test('made before a disclosure was taken away is refused', async () => {
    const parts = (await bind(credential)).split('~');
    const verdict = await verify([...parts.slice(0, 1), ...parts.slice(2)].join('~'));
    expect(failedSteps(verdict)).toEqual(['holder: HOLDER_CONTENT_CHANGED']);
  });
});

describe('disclosures', () => {
  const encode = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');

  test.each([
    ['that the issuer did not sign', encode(['salt', 'role', 'owner']), 'DISCLOSURE_UNKNOWN'],
    ['that is no JSON', 'AAAA', 'DISCLOSURE_MALFORMED'],
    ['that is no list', encode({ role: 'owner' }), 'DISCLOSURE_MALFORMED'],
    ['with too many parts', encode(['salt', 'role', 'owner', 1]), 'DISCLOSURE_MALFORMED'],
  ])('one %s is refused', async (_what, disclosure, reason) => {
    const verdict = await verify(await bind(`${credential}${disclosure}~`));
    expect(failedSteps(verdict)).toEqual([`disclosures: ${reason}`]);
    expect(verdict.claims).toEqual({});
  });

  test('one that stands there twice is refused', async () => {
    const [, first] = credential.split('~');
    const verdict = await verify(await bind(`${credential}${first}~`));
    expect(failedSteps(verdict)).toEqual(['disclosures: DISCLOSURE_DUPLICATE']);
  });

  test('a digest that stands there twice is refused', async () => {
    const forged = await reissued({
      payload: (p) => ({ ...p, _sd: [...(p._sd as string[]), (p._sd as string[])[0]] }),
    });
    expect(failedSteps(await verify(await bind(forged)))).toEqual(['disclosures: DISCLOSURE_DUPLICATE']);
  });

  test('hashed in another way are refused', async () => {
    const forged = await reissued({ payload: (p) => ({ ...p, _sd_alg: 'md5' }) });
    expect(failedSteps(await verify(await bind(forged)))).toEqual(['disclosures: FORMAT_ALGORITHM_REFUSED']);
  });

  test('of claims the type does not have are refused', async () => {
    const forged = await reissued({ payload: (p) => ({ ...p, admin: true }) });
    expect(failedSteps(await verify(await bind(forged)))).toEqual(['disclosures: CLAIMS_NOT_OF_TYPE']);
  });
});

describe("the anchor of the issuer's DID", () => {
  test.each([
    ['included', 'ANCHOR_INCLUDED', 'passed'],
    ['final', 'ANCHOR_FINAL', 'passed'],
    ['pending', 'ANCHOR_PENDING', 'not_checked'],
  ] as const)('that is %s leaves the verdict standing and says so', async (status, reason, outcome) => {
    world.chain.fault = { status };
    const verdict = await verify(await bind(credential));
    expect(verdict.verified).toBe(true);
    expect(verdict.trace.at(-1)).toMatchObject({ step: 'anchor', outcome, reason, anchor: { status } });
  });

  test.each([
    ['is not there', { absent: true }, 'ANCHOR_MISSING'],
    ['holds another value', { value: `0x${'ab'.repeat(32)}` }, 'ANCHOR_MISMATCH'],
    ['holds another value and waits', { value: `0x${'ab'.repeat(32)}`, status: 'pending' }, 'ANCHOR_MISMATCH'],
    ['comes with a proof that does not hold', { proof: 'AQAA' }, 'ANCHOR_PROOF_INVALID'],
  ] as const)('that %s makes the verdict fail', async (_what, fault, reason) => {
    world.chain.fault = fault;
    const verdict = await verify(await bind(credential));
    expect(failedSteps(verdict)).toEqual([`anchor: ${reason}`]);
    expect(verdict.verified).toBe(false);
  });
});

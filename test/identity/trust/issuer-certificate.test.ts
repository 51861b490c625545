// The issuer's own certificate: asked for, checked, sent along as HAIP has it, and never in the way of the DID.
import 'reflect-metadata';
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { decodeJwt, decodeProtectedHeader, importX509, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { certificateRequest } from '../../../src/identity/trust/certificate-request.ts';
import { createChangeIssuerKeysService } from '../../../src/identity/trust/change-issuer-keys-service.ts';
import { readIssuerCertificate } from '../../../src/identity/trust/issuer-certificate.ts';
import { openIssuerCertificate } from '../../../src/identity/trust/issuer-certificate-store.ts';
import { openIssuerKeys } from '../../../src/identity/trust/issuer-keys-store.ts';
import { SUBJECT_ALTERNATIVE_NAME, testAuthority } from '../../support/certificates.ts';
import { createHolder } from '../../support/holder.ts';
import { type IdentityWorld, identityWorld, KEYS_PASSPHRASE, publicUrl } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const authority = await testAuthority('City authority');
const holder = await createHolder();
const account = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
const expected = { nonce: 'n', audience: 'x509_hash:counter', types: ['water-account'], transactions: [] };
const folder = mkdtempSync(join(tmpdir(), 'naru-certificate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let world: IdentityWorld;
let request: string;
beforeAll(async () => {
  world = await identityWorld(pool);
  // Certificates are made by the machine's clock.
  world.clock.time_ms = Date.now();
  request = await certificateRequest({ did: world.issuer.did, publicUrl, key: world.keys.p256 });
});
afterEach(() => {
  world.issuer.certificate = null;
  world.clock.time_ms = Date.now();
});

const read = (pem: string, known: readonly { x: string; y: string }[] = []) =>
  readIssuerCertificate(pem, { issuer: world.issuer, known, publicUrl, what: 'issuer.pem', now_ms: Date.now() });
const refusal = (why: RegExp) =>
  expect.objectContaining({ code: 'SETTING_INVALID', detail: expect.stringMatching(why) });
const der = (pem: string) => new NodeCertificate(pem).raw.toString('base64');

describe('the request for a certificate', () => {
  test("is signed by the issuer's key and names its DID, its address and its host [RFC 2986]", async () => {
    const read = new Pkcs10CertificateRequest(request);
    expect(await read.verify()).toBe(true);
    const named = read.getExtension(SUBJECT_ALTERNATIVE_NAME)?.rawData ?? new ArrayBuffer();
    expect(new SubjectAlternativeNameExtension(named).names.items.map(({ type, value }) => `${type} ${value}`)).toEqual(
      [`url ${world.issuer.did}`, `url ${publicUrl}`, 'dns localhost'],
    );
    const { x, y } = new NodeCertificate(await authority.certify(request)).publicKey.export({ format: 'jwk' });
    expect({ x, y }).toEqual({ x: world.keys.p256.publicJwk.x, y: world.keys.p256.publicJwk.y });
  });
});

describe("the issuer's certificate", () => {
  test('is taken without its root, which is never sent [HAIP 6.1.1]', async () => {
    const own = await authority.certify(request);
    expect(read(`${own}\n${authority.cert}`)).toMatchObject({
      ...{ trouble: null, certificate: { x5c: [der(own)], anchors: [der(authority.cert)] } },
    });
  });

  test('is the one that holds longest of those of the key that signs', async () => {
    const [old, renewed] = [await authority.certify(request), await authority.certify(request, { days: [-1, 700] })];
    expect(read(`${old}\n${renewed}`).certificate?.x5c).toEqual([der(renewed)]);
  });

  test.each<[string, [number, number]]>([
    ['has run out', [-9, -1]],
    ['does not hold yet', [1, 9]],
  ])('that %s is not used, which is told', async (_what, days) => {
    expect(read(await authority.certify(request, { days }))).toEqual({
      certificate: null,
      trouble: 'issuer.pem: the certificate of the key that signs is not valid at this time',
    });
  });

  test("is refused where it is of nobody's key here, signs itself, or names somebody else [HAIP 6.1.1]", async () => {
    const stranger = await authority.issue('stranger', { uris: [world.issuer.did] });
    expect(() => read(stranger.cert)).toThrow(refusal(/no certificate of this issuer's key/));
    expect(() => read('nothing')).toThrow(refusal(/no certificate of this issuer's key/));
    const elsewhere = await certificateRequest({
      ...{ did: 'did:web:elsewhere.example', publicUrl: 'https://elsewhere.example', key: world.keys.p256 },
    });
    expect(() => read('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(refusal(/be read/));
    const other = await authority.certify(elsewhere);
    expect(() => read(other)).toThrow(refusal(/must have did:webvh:.* as a URI/));
    const foreign = await testAuthority('Foreign authority');
    const own = await authority.certify(request);
    expect(() => read(`${own}\n${foreign.cert}`)).toThrow(refusal(/signed by the one after it/));
  });
});

describe('a credential of a certified issuer', () => {
  const issue = () =>
    world.issuing.issueSdJwtVc({ type: 'water-account', claims: account, holderJwk: holder.jwk, reference: 'SP-9' });
  const shown = async (credential: string) =>
    world.presentations.verifySdJwtPresentation(
      await holder.bind(credential, {
        ...{ nonce: 'n', aud: expected.audience, iat: Math.floor(world.clock.now_ms() / 1000) },
      }),
      expected,
    );

  test('brings the chain and leaves `iss` to it; the key it was signed with is the certificate’s [HAIP 6.1.1]', async () => {
    const own = await authority.certify(request);
    world.issuer.certificate = read(own).certificate;
    const [jwt = ''] = (await issue()).credential.split('~');
    expect(decodeProtectedHeader(jwt)).toEqual({
      ...{ typ: 'dc+sd-jwt', alg: 'ES256', kid: world.issuer.p256MultikeyId, x5c: [der(own)] },
    });
    expect(decodeJwt(jwt)).not.toHaveProperty('iss');
    await jwtVerify(jwt, await importX509(own, 'ES256'), { typ: 'dc+sd-jwt' });
  });

  test('verifies here by the DID of its key, with anchor and status, whoever the authority is', async () => {
    world.issuer.certificate = read(await authority.certify(request)).certificate;
    const { credential, credentialId } = await issue();
    const verdict = await shown(credential);
    expect(verdict).toMatchObject({ verified: true, claims: account, credential_id: credentialId });
    expect(verdict.trace.find(({ step }) => step === 'issuer')?.data).toEqual({ did: world.issuer.did });
    await world.issuing.revokeCredential(credentialId, 'moved away');
    expect((await shown(credential)).trace.find(({ step }) => step === 'status')?.reason).toBe('CREDENTIAL_REVOKED');
  });

  test('is refused where it was changed, or another DID is put in the place of the key', async () => {
    world.issuer.certificate = read(await authority.certify(request)).certificate;
    const [jwt = '', ...rest] = (await issue()).credential.split('~');
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const changed = (part: string, change: object) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(part, 'base64url').toString()), ...change })).toString(
        'base64url',
      );
    const later = await shown([`${header}.${changed(payload, { exp: 9e9 })}.${signature}`, ...rest].join('~'));
    expect(later).toMatchObject({ verified: false, claims: {} });
    const kid = world.issuer.p256MultikeyId.replace(world.issuer.did, 'did:web:elsewhere.example');
    const another = await shown([`${changed(header, { kid })}.${payload}.${signature}`, ...rest].join('~'));
    expect(another).toMatchObject({ verified: false, claims: {} });
    expect(another.trace.find(({ step }) => step === 'issuer')?.reason).toBe('ISSUER_NOT_TRUSTED');
  });

  test('names the DID again once the certificate has run out', async () => {
    world.issuer.certificate = read(await authority.certify(request, { days: [-1, 1] })).certificate;
    world.clock.time_ms += 2 * 86_400_000;
    const { credential } = await issue();
    const [jwt = ''] = credential.split('~');
    expect(decodeProtectedHeader(jwt)).not.toHaveProperty('x5c');
    expect(decodeJwt(jwt).iss).toBe(world.issuer.did);
    expect((await shown(credential)).verified).toBe(true);
  });

  test('has a status list whose token brings the chain too [HAIP 6.1]', async () => {
    const own = await authority.certify(request);
    const { credential } = await issue();
    const { status } = decodeJwt<{ status: { status_list: { uri: string } } }>(credential.split('~')[0] ?? '');
    const list = Number(status.status_list.uri.split('/').at(-1));
    expect(decodeProtectedHeader((await world.statusLists.token(list)).text)).not.toHaveProperty('x5c');
    world.issuer.certificate = read(own).certificate;
    const { text } = await world.statusLists.token(list);
    expect(decodeProtectedHeader(text).x5c).toEqual([der(own)]);
    await jwtVerify(text, await importX509(own, 'ES256'), { typ: 'statuslist+jwt' });
  });
});

describe('rotating certified keys', () => {
  test('takes up the next certificate where it is in the file, and goes on without where it is not', async () => {
    const keyFile = join(folder, 'issuer-keys.json');
    const fresh = await testDatabase();
    const other = await identityWorld(fresh.pool, { keyFile });
    const service = createChangeIssuerKeysService({
      ...{ pool: fresh.pool, clock: other.clock, dids: other.dids, keyFile, passphrase: KEYS_PASSPHRASE, publicUrl },
    });
    const [first, second] = [await service.requestCertificate('current'), await service.requestCertificate('next')];
    const [now, next] = [await authority.certify(first), await authority.certify(second)];
    const path = join(folder, 'issuer.pem');
    const opened = async (...pem: string[]) => {
      writeFileSync(path, pem.join('\n'));
      const ring = await openIssuerKeys(keyFile, KEYS_PASSPHRASE);
      const issuer = await other.dids.ensureIssuer(ring);
      const log = parseDidLogText(await other.dids.didLogOf('issuer'));
      return openIssuerCertificate(path, { issuer, ring, log, publicUrl, now_ms: Date.now() });
    };
    expect((await opened(now, next)).certificate?.x5c).toEqual([der(now)]);
    expect((await opened(next)).trouble).toMatch(/no certificate of the key that signs now/);

    await service.rotateIssuerKeys();
    expect((await opened(now, next)).certificate?.x5c).toEqual([der(next)]);
    expect((await opened(now)).trouble).toMatch(/no certificate of the key that signs now/);
    await service.revokeIssuerKey('p256-2', { reason: 'tape lost', actor: 'test' });
    // Its key is listed no more, and was this issuer's all the same: no reason not to start.
    expect((await opened(next)).trouble).toMatch(/no certificate of the key that signs now/);
    // A dozen seals of the key file, each slow on purpose.
  }, 120_000);
});

// The issuer's keys in a key service: another process has the private halves, and every signature of the issuer still holds.
import 'reflect-metadata';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { encode } from 'cborg';
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeIdentity } from '../../../src/compose-identity.ts';
import { credentialFormats } from '../../../src/identity/credentials/credential-formats.ts';
import { eddsaRdfc2022 } from '../../../src/identity/credentials/formats/eddsa-rdfc-2022.ts';
import { createJsonLd } from '../../../src/identity/credentials/json-ld.ts';
import { ed25519Multikey } from '../../../src/identity/dids/did-entry.ts';
import { parseDidLogText } from '../../../src/identity/dids/did-log.ts';
import { nodeVerify } from '../../../src/identity/dids/did-service.ts';
import { verifyDidLog } from '../../../src/identity/dids/verify-did-log.ts';
import { certificateRequest } from '../../../src/identity/trust/certificate-request.ts';
import { createChangeIssuerKeysService } from '../../../src/identity/trust/change-issuer-keys-service.ts';
import { heldSigner } from '../../../src/identity/trust/held-key.ts';
import { issuerKeyFile, openIssuerKeys } from '../../../src/identity/trust/issuer-keys-store.ts';
import { sealedSchema, unseal } from '../../../src/identity/trust/sealed-content.ts';
import { didKeyOf } from '../../../src/identity/trust/signing-key.ts';
import { createTransitKeys } from '../../../src/identity/trust/transit-keys-port.ts';
import { freePort } from '../../../src/platform/free-port.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { certifyIssuer } from '../../support/certified-issuer.ts';
import { createHolder } from '../../support/holder.ts';
import { signInClaims, signInPurpose, waitingAnchor } from '../../support/identity-city.ts';
import { identityWorld, KEYS_PASSPHRASE, publicUrl as worldUrl } from '../../support/identity-world.ts';
import { readCbor } from '../../support/read-cbor.ts';
import { testDatabase } from '../../support/test-database.ts';
import { startTransitServer, type TransitServer } from '../../support/transit-keys.ts';

const { pool } = await testDatabase();
const clock = { now_ms: () => Date.now() };
const folder = mkdtempSync(join(tmpdir(), 'naru-elsewhere-'));
const port = await freePort(0);
const publicUrl = `http://localhost:${port}`;
const transit: TransitServer = await startTransitServer();
const keyService = createTransitKeys({ ...transit, randomBytes: systemRandom.bytes });
const holder = await createHolder();
const claims = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };

let identity: Awaited<ReturnType<typeof composeIdentity>>;
beforeAll(async () => {
  identity = await composeIdentity({
    ...{
      pool,
      clock,
      random: systemRandom,
      publicUrl,
      dataDirectory: folder,
      secret: 'the-key-of-the-nonces-in-tests',
    },
    ...{ keysPassphrase: KEYS_PASSPHRASE, keyService, vcApiIsOpen: true },
    requireOperator: operatorGuard('operator-token-of-this-test'),
    anchorOf: (key) => waitingAnchor(pool, key),
  });
  const server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl, title: 'test', version: '0', routes: identity.routes },
  });
  await server.listen({ host: '127.0.0.1', port });
  await certifyIssuer(identity.issuer, { publicUrl, now_ms: clock.now_ms() });
  return () => server.close();
});
afterAll(async () => {
  await transit.stop();
  rmSync(folder, { recursive: true, force: true });
});

const text = async (path: string, accept = '*/*') =>
  (await fetch(path.startsWith('http') ? path : publicUrl + path, { headers: { accept } })).text();

async function post(path: string, body: unknown) {
  const answer = await fetch(publicUrl + path, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  });
  return { status: answer.status, body: await answer.json() };
}

/** Of each key that signed since the last time, its kind, once. */
async function signedBy(): Promise<string[]> {
  const names = await transit.signed();
  return [...new Set(names.map((name) => name.replace(/^naru-(.*)-\w+$/, '$1')))].sort();
}

const issue = (format: string, more: object = {}) =>
  identity.credentials.issueInFormat({
    ...{ type: 'water-account', format, claims, holder: { jwk: holder.jwk }, reference: format, ...more },
  });

async function expectSigned(jws: string): Promise<void> {
  const key = await importJWK({ ...identity.issuer.keys.p256.publicJwk }, 'ES256');
  await expect(compactVerify(jws, key)).resolves.toBeDefined();
  await expect(compactVerify(jws.replace('.', '.A'), key)).rejects.toThrow();
}

describe('a credential whose key is in a key service', () => {
  const w3c = credentialFormats.filter(({ secures }) => secures === 'w3c').map(({ id }) => id);

  test.each(w3c)('as %s verifies', async (format) => {
    await transit.signed();
    const { credential } = await issue(format);
    expect(await signedBy()).toEqual(
      { 'bbs-2023': [], 'eddsa-rdfc-2022': ['ed25519'], 'eddsa-jcs-2022': ['ed25519'] }[format] ?? ['p-256'],
    );
    const secured =
      typeof credential === 'string'
        ? {
            ...{ '@context': 'https://www.w3.org/ns/credentials/v2', type: 'EnvelopedVerifiableCredential' },
            id: `data:application/${format},${credential}`,
          }
        : /^(ecdsa-sd|bbs)/.test(format)
          ? (
              await post('/vc-api/credentials/derive', {
                verifiableCredential: credential,
                options: { selectivePointers: ['/credentialSubject'] },
              })
            ).body.verifiableCredential
          : credential;
    const answer = await post('/vc-api/credentials/verify', { verifiableCredential: secured, options: {} });
    expect(answer).toMatchObject({ status: 200, body: { verified: true } });
  });

  test('as ecdsa-rdfc-2019 on P-384 verifies', async () => {
    await transit.signed();
    const issuer = didKeyOf(identity.issuer.keys, 'P-384');
    const credential = {
      ...{ '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiableCredential'], issuer },
      credentialSubject: { id: 'did:example:somebody' },
    };
    const issued = await post('/vc-api/credentials/issue', { credential, options: {} });
    expect(issued.status).toBe(201);
    expect(await signedBy()).toContain('p-384');
    const answer = await post('/vc-api/credentials/verify', {
      verifiableCredential: issued.body.verifiableCredential,
      options: {},
    });
    expect(answer).toMatchObject({ status: 200, body: { verified: true } });
  });

  test('as dc+sd-jwt and as mso_mdoc is signed by the key of the certificate', async () => {
    await transit.signed();
    await expectSigned(String((await issue('dc+sd-jwt')).credential).split('~')[0] ?? '');
    const { credential } = await issue('mso_mdoc');
    const issuerSigned = readCbor(Buffer.from(String(credential), 'base64url')) as Map<string, unknown[]>;
    const [header, chain, payload, signature] = issuerSigned.get('issuerAuth') as [
      Uint8Array,
      Map<number, Uint8Array>,
      Uint8Array,
      Uint8Array,
    ];
    const { publicKey } = new X509Certificate(Buffer.from(chain.get(33) ?? []));
    // Source: RFC 9052, 4.4
    const message = encode(['Signature1', header, new Uint8Array(), payload]);
    expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(await signedBy()).toEqual(['p-256']);
  });
});

describe('what the issuer signs beside credentials, with its key in a key service', () => {
  test('status lists in both forms', async () => {
    await issue('eddsa-rdfc-2022');
    await transit.signed();
    const { status_lists } = JSON.parse(await text('/status-lists')) as { status_lists: [string] };
    await expectSigned(await text(status_lists[0]));
    const list = JSON.parse(await text(`${status_lists[0]}/bitstring`));
    const { proof, ...document } = list;
    const { did, ed25519KeyId: id, keys } = identity.issuer;
    const key = {
      ...{ id, controller: did, kind: 'Ed25519' as const, bytes: keys.ed25519.publicKey },
      publicKeyMultibase: ed25519Multikey(keys.ed25519.publicKey),
    };
    const tools = { jsonLd: createJsonLd(publicUrl) };
    expect(await eddsaRdfc2022.verifyProof(document, proof, key, tools)).toBe(true);
    expect(await eddsaRdfc2022.verifyProof({ ...document, validFrom: '2026-01-01T00:00:00Z' }, proof, key, tools)).toBe(
      false,
    );
    expect(await signedBy()).toEqual(['ed25519', 'p-256']);
  });

  test('signed metadata, the list of verifiers, and request objects under the DID', async () => {
    await transit.signed();
    await expectSigned(await text('/.well-known/openid-credential-issuer', 'application/jwt'));
    await expectSigned(await text('/openid4vp/verifiers'));
    const { authorization_request } = await identity.requests.createPresentationRequest({
      ...{ verifier: 'portal', purpose: signInPurpose, mode: 'cross_device', client: 'decentralized_identifier' },
      credentials: [{ type: 'water-account', claims: signInClaims }],
    });
    const request = await text(new URL(authorization_request).searchParams.get('request_uri') ?? '');
    expect(decodeProtectedHeader(request).kid).toBe(identity.issuer.p256MultikeyId);
    await expectSigned(request);
    expect(await signedBy()).toEqual(['p-256']);
  });

  test('the certificate request [RFC 2986]', async () => {
    const { did, keys } = identity.issuer;
    const pem = await certificateRequest({ did, publicUrl, key: keys.p256 });
    expect(await new Pkcs10CertificateRequest(pem).verify()).toBe(true);
    const strangers = { publicJwk: keys.p256.publicJwk, sign: () => new Uint8Array(64).fill(1) };
    const forged = await certificateRequest({ did, publicUrl, key: strangers });
    expect(await new Pkcs10CertificateRequest(forged).verify()).toBe(false);
  });

  test('the DID log', async () => {
    const log = parseDidLogText(await text('/.well-known/did.jsonl'));
    expect((await verifyDidLog(log, { verify: nodeVerify })).did).toBe(identity.issuer.did);
  });
});

describe('the key file', () => {
  test('holds names and public halves of keys that a service has, and no private half but that of BBS', async () => {
    const file = sealedSchema.parse(JSON.parse(readFileSync(issuerKeyFile(folder), 'utf8')));
    const opened = await unseal(file, KEYS_PASSPHRASE);
    if (typeof opened === 'string') throw new Error(opened);
    const { generations } = opened.content as { generations: [{ keys: Record<string, object> }] };
    const { bls12381, ...held } = generations[0].keys;
    expect(bls12381).toHaveProperty('d');
    expect(Object.keys(held).sort()).toEqual(['ed25519', 'p256', 'p384']);
    expect(JSON.stringify(held)).not.toContain('"d"');
    const { p256 } = held;
    expect(p256).toEqual({
      held: expect.stringMatching(/^naru-p-256-/),
      publicJwk: identity.issuer.keys.p256.publicJwk,
    });
  });

  test('is refused where its keys are in a service and the settings name none', async () => {
    await expect(openIssuerKeys(issuerKeyFile(folder), KEYS_PASSPHRASE)).rejects.toMatchObject({
      ...{ code: 'SETTING_INVALID', detail: expect.stringContaining('ISSUER_KEYS_TRANSIT_URL') },
    });
  });

  test('that holds its keys itself is left as it is, and the next rotation makes keys in the service', async () => {
    const fresh = await testDatabase();
    const keyFile = join(folder, 'moved', 'issuer-keys.json');
    const { dids } = await identityWorld(fresh.pool, { keyFile });
    await transit.signed();
    const about = { pool: fresh.pool, clock, dids, keyFile, passphrase: KEYS_PASSPHRASE, publicUrl: worldUrl };
    const service = createChangeIssuerKeysService({ ...about, keyService });
    const issuer = await service.rotateIssuerKeys();
    // The key before signed the entry; from now on the service signs.
    expect(await transit.signed()).toEqual([]);
    await issuer.keys.ed25519.sign(Buffer.from('message'));
    expect(await transit.signed()).toEqual([expect.stringMatching(/^naru-ed25519-/)]);
    const log = parseDidLogText(await dids.didLogOf('issuer'));
    expect((await verifyDidLog(log, { verify: nodeVerify })).versions).toHaveLength(2);
  }, 120_000);
});

describe('a key service', () => {
  test('signs with the version that the DID document has, whatever was rotated there', async () => {
    const key = await keyService.makeKey('P-384');
    await transit.rotate(key.name);
    const message = Buffer.from('message');
    const signature = await keyService.sign(key.name, 'P-384', message);
    const publicKey = createPublicKey({ key: key.publicJwk, format: 'jwk' });
    expect(verify('sha384', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  test.each(['P-256', 'Ed25519'] as const)('that signs with another %s key is not believed', async (kind) => {
    const [own, other] = [await keyService.makeKey(kind), await keyService.makeKey(kind)];
    const message = Buffer.from('message');
    await expect(heldSigner(keyService, kind, own)(message)).resolves.toHaveLength(64);
    const replaced = heldSigner(keyService, kind, { name: other.name, publicJwk: own.publicJwk });
    await expect(replaced(message)).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  test('that refuses or has no such key is told apart from one that is away, and neither shows the token', async () => {
    const tokenFile = join(folder, 'wrong-token');
    writeFileSync(tokenFile, 'another token');
    const refused = createTransitKeys({ url: transit.url, tokenFile, randomBytes: systemRandom.bytes });
    await expect(refused.makeKey('P-256')).rejects.toMatchObject({
      ...{ code: 'NOT_READY', detail: expect.stringMatching(/answered 403; see ISSUER_KEYS_TRANSIT_URL/) },
    });
    await expect(keyService.sign('naru-none', 'P-256', new Uint8Array(1))).rejects.toMatchObject({ code: 'NOT_READY' });
    const away = createTransitKeys({
      ...transit,
      url: 'http://127.0.0.1:1/v1/transit',
      randomBytes: systemRandom.bytes,
    });
    await expect(away.sign('a', 'P-256', new Uint8Array(1))).rejects.toMatchObject({
      ...{ code: 'NOT_READY', detail: expect.stringMatching(/^The key service does not answer/) },
    });
    const without = createTransitKeys({ ...transit, tokenFile: join(folder, 'none'), randomBytes: systemRandom.bytes });
    await expect(without.makeKey('P-256')).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  });
});

// mdocs over OpenID4VCI: offered while the issuer's key is certified, and what is in one, read by another CBOR library.
import { createHash, verify, X509Certificate } from 'node:crypto';
import type { Tagged } from 'cborg';
import { calculateJwkThumbprint } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { certifyIssuer } from '../../support/certified-issuer.ts';
import { credentialRequests } from '../../support/credential-requests.ts';
import { identityCity } from '../../support/identity-city.ts';
import { embedded, readCbor } from '../../support/read-cbor.ts';

const city = await identityCity();
const { issuer, publicUrl, clock, offers } = city;
const wallet = credentialRequests(publicUrl, clock.now_ms);
const claims = { family_name: '김', given_name: '나루', birth_date: '1990-05-17', address_district: '해운대구' };
const doctype = 'urn:naru:mdoc:resident:1';
const ID = 'resident.mso_mdoc';

let certificate: X509Certificate;
beforeEach(async () => {
  clock.ahead_ms = 0;
  certificate = new X509Certificate(await certifyIssuer(issuer, { publicUrl, now_ms: clock.now_ms() }));
});

const offer = () => offers.createOffer({ type: 'resident', claims, reference: 'desk-1', formats: ['mso_mdoc'] });

interface Described {
  format: string;
  credential_metadata: { claims: { path: string[]; display: object[] }[] };
}

async function configurations(): Promise<Record<string, Described>> {
  const metadata = await (await fetch(`${publicUrl}/.well-known/openid-credential-issuer`)).json();
  return metadata.credential_configurations_supported;
}

/** One mdoc for a key of its own. */
async function taken() {
  const token = await wallet.token(await offer());
  const [key] = await wallet.newKeys(1);
  if (key === undefined) throw new Error('no key');
  const answer = await wallet.post('credential', token, {
    credential_configuration_id: ID,
    proofs: { jwt: await wallet.batch([key]) },
  });
  expect(answer.status).toBe(200);
  return { key, text: answer.body.credentials[0].credential as string };
}

const map = (value: unknown) => value as Map<string | number, unknown>;

function opened(text: string) {
  const issuerSigned = map(readCbor(Buffer.from(text, 'base64url')));
  const [header, unprotected, payload, signature] = issuerSigned.get('issuerAuth') as [
    Uint8Array,
    Map<number, unknown>,
    Uint8Array,
    Uint8Array,
  ];
  const object = map(embedded(readCbor(payload)));
  const items = map(issuerSigned.get('nameSpaces')).get(doctype) as Tagged[];
  return { header, unprotected, payload, signature, object, items };
}

/** The head of a byte string. Source: RFC 8949, 3.1 */
function bytesHead(length: number): Buffer {
  if (length < 24) return Buffer.from([0x40 + length]);
  return length < 256 ? Buffer.from([0x58, length]) : Buffer.from([0x59, length >> 8, length & 255]);
}
const asBytes = (bytes: Uint8Array) => Buffer.concat([bytesHead(bytes.length), bytes]);

describe('offering [OID4VCI A.2]', () => {
  test('the metadata name the document type, algorithms as COSE has them, and paths of namespace and element', async () => {
    const found = (await configurations())[ID];
    expect(found).toMatchObject({
      ...{ format: 'mso_mdoc', doctype, scope: ID, credential_signing_alg_values_supported: [-7] },
      cryptographic_binding_methods_supported: ['cose_key'],
      proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256', 'EdDSA'] } },
    });
    const described = found?.credential_metadata.claims ?? [];
    expect(described).toContainEqual({
      ...{ path: [doctype, 'birth_date'], mandatory: true },
      display: [
        { name: '생년월일', locale: 'ko' },
        { name: 'Date of birth', locale: 'en' },
      ],
    });
    expect(described.every(({ path }) => path.length === 2 && path[0] === doctype)).toBe(true);
  });

  test('without a certificate, or after it has run out, no mdoc is in the metadata, and none is offered', async () => {
    const certified = issuer.certificate;
    for (const ahead_ms of [0, 400 * 86_400_000]) {
      issuer.certificate = ahead_ms === 0 ? null : certified;
      clock.ahead_ms = ahead_ms;
      const found = Object.values(await configurations()).map(({ format }) => format);
      expect(found).toContain('dc+sd-jwt');
      expect(found).not.toContain('mso_mdoc');
      await expect(offer()).rejects.toMatchObject({
        code: 'ISSUER_CERTIFICATE_MISSING',
        detail: expect.stringMatching(/ISSUER_CERTIFICATE_FILE/),
      });
    }
  });

  test('one that was offered before the certificate was lost is refused for now, and issued when there is one again', async () => {
    const token = await wallet.token(await offer());
    const ask = async () =>
      wallet.post('credential', token, {
        credential_configuration_id: ID,
        proofs: { jwt: await wallet.batch(await wallet.newKeys(1)) },
      });
    const certified = issuer.certificate;
    issuer.certificate = null;
    expect(await ask()).toMatchObject({ status: 400, body: { error: 'credential_request_denied' } });
    issuer.certificate = certified;
    expect((await ask()).status).toBe(200);
  });
});

describe('an mdoc [ISO/IEC 18013-5, 9.1.2]', () => {
  test('is signed with ES256 over its security object by the key that the certificate in x5chain has [9.1.2.4]', async () => {
    const { header, unprotected, payload, signature } = opened((await taken()).text);
    expect([...map(readCbor(header))]).toEqual([[1, -7]]);
    expect(Buffer.from(unprotected.get(33) as Uint8Array)).toEqual(certificate.raw);
    const signed = Buffer.concat([
      ...[Buffer.from([0x84, 0x6a]), Buffer.from('Signature1'), asBytes(header), Buffer.from([0x40]), asBytes(payload)],
    ]);
    const key = { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', signed, key, signature)).toBe(true);
    expect(verify('sha256', Buffer.concat([signed, Buffer.from([0])]), key, signature)).toBe(false);
  });

  test('has a digest for every element, under a random number below 2^31, and a salt for each [9.1.2.5]', async () => {
    const { object, items } = opened((await taken()).text);
    expect(object).toEqual(expect.any(Map));
    expect([object.get('version'), object.get('docType'), object.get('digestAlgorithm')]).toEqual([
      ...['1.0', doctype, 'SHA-256'],
    ]);
    const digests = map(map(object.get('valueDigests')).get(doctype));
    expect(digests.size).toBe(items.length);
    const elements = new Map<unknown, unknown>();
    const salts = new Set<string>();
    for (const item of items) {
      const bytes: Uint8Array = item.value;
      const read = map(embedded(item));
      const digest = createHash('sha256')
        .update(Buffer.concat([Buffer.from([0xd8, 24]), asBytes(bytes)]))
        .digest();
      const id = read.get('digestID') as number;
      expect(id).toBeLessThan(2 ** 31);
      expect(Buffer.from(digests.get(id) as Uint8Array)).toEqual(digest);
      salts.add(Buffer.from(read.get('random') as Uint8Array).toString('hex'));
      elements.set(read.get('elementIdentifier'), read.get('elementValue'));
    }
    expect([...salts].map((salt) => salt.length)).toEqual(items.map(() => 32));
    expect([...digests.keys()]).toEqual([...digests.keys()].sort((left, right) => Number(left) - Number(right)));
    expect(Object.fromEntries(elements)).toEqual({
      ...claims,
      birth_date: { tag: 1004, value: '1990-05-17' },
      ...{ age_over_14: true, age_over_18: true, age_over_19: true, age_over_65: false, youth_protection_adult: true },
    });
  });

  test("is bound to the holder's key, within the certificate's time, and names its place in the status list [TSL 6.3]", async () => {
    const { key, text } = await taken();
    const { object } = opened(text);
    const device = map(map(object.get('deviceKeyInfo')).get('deviceKey'));
    const coordinate = (label: number) => Buffer.from(device.get(label) as Uint8Array).toString('base64url');
    expect([device.get(1), device.get(-1)]).toEqual([2, 1]);
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(-2), y: coordinate(-3) };
    expect(await calculateJwkThumbprint(jwk)).toBe(await calculateJwkThumbprint(key.jwk));

    const validity = map(object.get('validityInfo'));
    const times = ['signed', 'validFrom', 'validUntil'].map((name) => validity.get(name) as Tagged);
    for (const { tag, value } of times) {
      expect(tag).toBe(0);
      expect(value).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(Date.parse(String(value))).toBeGreaterThanOrEqual(Date.parse(certificate.validFrom));
      expect(Date.parse(String(value))).toBeLessThanOrEqual(Date.parse(certificate.validTo));
    }
    expect(Date.parse(String(times[2]?.value))).toBeGreaterThan(clock.now_ms());

    const status = map(map(object.get('status')).get('status_list'));
    expect(status.get('uri')).toMatch(new RegExp(`^${publicUrl}/`));
    expect(status.get('idx')).toEqual(expect.any(Number));
  });
});

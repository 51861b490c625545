// What a did:key resolver must do, over HTTP. Source: did:key method v0.9 (W3C CCG), "Read" and "Resolution Options";
// DID Core 1.0, 3.2; DID Resolution, HTTP(S) binding. Published DIDs and keys are those of the method's own examples.
import { describe, expect, test } from 'vitest';
import { conformingService } from './conforming-service.ts';

const DID = 'did:key:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b';
const KEY = DID.slice('did:key:'.length);
const AGREEMENT_KEY = 'z6LSfHfAMAopsuBxaBzvp51GXrPf38Az13j2fmwqadbwwrzJ';
/** The media type of results that the method's test suite asks for, with the form errors had in it. */
const RESULT = 'application/ld+json;profile="https://w3id.org/did-resolution"';

const { url } = await conformingService();

interface Result {
  didDocument: Record<string, unknown>;
  didResolutionMetadata?: { error?: unknown };
  didDereferencingMetadata?: { error?: unknown };
}

async function ask(did: string, options: Record<string, string> = {}, accept = RESULT) {
  const query = new URLSearchParams(options);
  const response = await fetch(`${url}/1.0/identifiers/${encodeURIComponent(did)}?${query}`, { headers: { accept } });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Result,
  };
}

describe('did:key, create and read', () => {
  test('a valid did:key resolves to a document whose id it is [Read, 1]', async () => {
    const { status, type, body } = await ask(DID);
    expect([status, type]).toEqual([200, RESULT]);
    expect(body).toMatchObject({ '@context': expect.any(String), didDocumentMetadata: {}, didResolutionMetadata: {} });
    expect(body.didDocument).toMatchObject({
      id: DID,
      verificationMethod: [{ id: `${DID}#${KEY}`, type: 'Multikey', controller: DID, publicKeyMultibase: KEY }],
      assertionMethod: [`${DID}#${KEY}`],
      authentication: [`${DID}#${KEY}`],
    });
  });

  test.each([
    ['the scheme is not did', DID.replace(/^did:/, 'notDid:'), 'invalidDid'],
    ['there is no scheme', DID.replace(/^did:/, ''), 'invalidDid'],
    ['the method is not one that is known', DID.replace(':key:', ':experimental:'), 'methodNotSupported'],
    ['the version is not a positive integer', `did:key:-4:${KEY}`, 'invalidDid'],
    ['the multibase value does not begin with z', `did:key:${KEY.slice(1)}`, 'invalidDid'],
    ['the multibase value is not base58btc', `did:key:${KEY}0OIl`, 'invalidDid'],
    ['the identifier has characters that no DID has', 'did:key:@', 'invalidDid'],
    ['the key is shorter than its kind', 'did:key:zTjsVPtY', 'invalidPublicKeyLength'],
    [
      'the kind of key is not known',
      'did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F',
      'unsupportedPublicKeyType',
    ],
  ])('an error is raised where %s [Document Creation Algorithm]', async (_where, did, error) => {
    const { status, type, body } = await ask(did);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(type).toBe(RESULT);
    expect(body).toMatchObject({ '@context': expect.any(String), didDocument: {}, didDocumentMetadata: {} });
    expect(body.didResolutionMetadata?.error).toBe(error);
  });

  test('a P-256 key that is no point of its curve raises invalidPublicKey [Decode Public Key, 5]', async () => {
    // 0x8024, and x = 2^256 - 1, which is larger than the field.
    const { multibaseEncode, MultibaseEncoding } = await import('didwebvh-ts');
    const text = multibaseEncode(
      Uint8Array.of(0x80, 0x24, 2, ...new Uint8Array(32).fill(255)),
      MultibaseEncoding.BASE58_BTC,
    );
    const { body } = await ask(`did:key:${text}`);
    expect(body.didResolutionMetadata?.error).toBe('invalidPublicKey');
  });

  test('the standard media type gets an error object of RFC 9457 [DID Resolution 1.0, 10]', async () => {
    const { body } = await ask('did:key:@', {}, 'application/did-resolution');
    expect(body.didDocument).toBeNull();
    expect(body.didResolutionMetadata?.error).toMatchObject({ type: 'https://www.w3.org/ns/did#INVALID_DID' });
  });
});

describe('did:key, verification methods', () => {
  test('a DID URL of a key dereferences to the verification method, whose controller is the DID', async () => {
    const { status, body } = await ask(`${DID}#${KEY}`);
    expect(status).toBe(200);
    expect(body.didDereferencingMetadata).toBeDefined();
    expect(body.didDocument).toMatchObject({
      '@context': expect.anything(),
      id: `${DID}#${KEY}`,
      type: 'Multikey',
      controller: DID,
      publicKeyMultibase: KEY,
    });
  });

  test.each([
    [`${DID}/^bar^/?query=\`#${KEY}`, 'invalidDidUrl'],
    [`${DID}?service=files`, 'invalidDidUrl'],
    [`${DID}#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK`, 'notFound'],
    [`notDid:key:${KEY}#${KEY}`, 'invalidDidUrl'],
  ])('the DID URL %s is refused as %s', async (didUrl, error) => {
    const { status, body } = await ask(didUrl);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.didDereferencingMetadata?.error).toBe(error);
  });
});

describe('did:key, resolution options', () => {
  test('an unknown publicKeyFormat raises unsupportedPublicKeyType', async () => {
    const { body } = await ask(DID, { publicKeyFormat: 'unknown' });
    expect(body.didResolutionMetadata?.error).toBe('unsupportedPublicKeyType');
  });

  test.each([
    ['signature', KEY],
    ['encryption', AGREEMENT_KEY],
  ])(
    'an experimental format of the %s key raises invalidPublicKeyType where experiments are off',
    async (_use, key) => {
      const options = { publicKeyFormat: 'Ed25519VerificationKey2018', enableExperimentalPublicKeyTypes: 'false' };
      const { status, body } = await ask(`${DID}#${key}`, options);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body.didDereferencingMetadata?.error).toBe('invalidPublicKeyType');
    },
  );

  test('a format that cannot hold the kind of key raises invalidPublicKeyType', async () => {
    const p256 = 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169';
    const { body } = await ask(p256, { publicKeyFormat: 'Ed25519VerificationKey2020' });
    expect(body.didResolutionMetadata?.error).toBe('invalidPublicKeyType');
  });

  test('enableEncryptionKeyDerivation adds the X25519 key of an Ed25519 key, and nothing else does', async () => {
    const { body } = await ask(DID, { enableEncryptionKeyDerivation: 'true' });
    expect(body.didDocument.keyAgreement).toEqual([
      { id: `${DID}#${AGREEMENT_KEY}`, type: 'Multikey', controller: DID, publicKeyMultibase: AGREEMENT_KEY },
    ]);
    expect((await ask(DID)).body.didDocument).not.toHaveProperty('keyAgreement');
  });

  test.each([
    ['Ed25519VerificationKey2020', { type: 'Ed25519VerificationKey2020', publicKeyMultibase: KEY }],
    ['JsonWebKey2020', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: expect.any(String) } }],
  ])('publicKeyFormat %s gives the key in that format', async (publicKeyFormat, method) => {
    const { body } = await ask(DID, { publicKeyFormat });
    expect(body.didDocument.verificationMethod).toEqual([{ id: `${DID}#${KEY}`, controller: DID, ...method }]);
  });
});

// Encrypted credential requests and answers: what is opened, what is sealed, and what is refused.
import { CompactEncrypt, compactDecrypt, generateKeyPair, importJWK } from 'jose';
import { expect, test } from 'vitest';
import {
  openRequest,
  readResponseEncryption,
  requestKeyOf,
  sealResponse,
} from '../../../src/identity/issuing/credential-encryption.ts';
import { walletKey } from '../../support/wallet-provider.ts';

const secret = 'a secret of forty characters for a test.';
const requestKey = requestKeyOf(secret);
const wallet = await generateKeyPair('ECDH-ES', { extractable: true });
const { jwk } = await walletKey();
const encryptionJwk = { ...jwk, alg: 'ECDH-ES', kid: 'w1' };

async function seal(header: Record<string, unknown> = {}, body: string | object = { a: 1 }): Promise<string> {
  const key = await importJWK({ ...requestKey.publicJwk }, 'ECDH-ES');
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM', kid: requestKey.publicJwk.kid, ...header })
    .encrypt(key);
}

const refusal = expect.objectContaining({
  errorResponse: expect.objectContaining({ error: 'invalid_encryption_parameters' }),
});

test('the key is the same for every copy of the service with the same secret, and another for another', () => {
  expect(requestKeyOf(secret).publicJwk).toEqual(requestKey.publicJwk);
  expect(requestKeyOf(`${secret}!`).publicJwk.x).not.toBe(requestKey.publicJwk.x);
  expect(requestKey.publicJwk).not.toHaveProperty('d');
});

test.each(['A128GCM', 'A256GCM'])('opens a request sealed with %s [OID4VCI 10]', async (enc) => {
  expect(await openRequest(await seal({ enc }), requestKey)).toEqual({ a: 1 });
});

test.each<[string, () => Promise<string>]>([
  ['another content algorithm', () => seal({ enc: 'A256CBC-HS512' })],
  ['another key agreement', () => seal({ alg: 'ECDH-ES+A128KW' })],
  ['another key id', () => seal({ kid: 'another' })],
  ['no key id', () => seal({ kid: undefined })],
  ['content that is not JSON', () => seal({}, '{')],
  // The first letter of the tag: four of the last letter's six bits belong to no byte.
  ['a changed letter', async () => (await seal()).replace(/[^.](?=[^.]*$)/, (one) => (one === 'A' ? 'B' : 'A'))],
  ['no JWE at all', async () => 'a.b.c'],
])('refuses a request with %s', async (_what, make) => {
  await expect(make().then((jwe) => openRequest(jwe, requestKey))).rejects.toEqual(refusal);
});

test('refuses compressed content, which the metadata does not offer', async () => {
  const header = Buffer.from(
    JSON.stringify({
      ...JSON.parse(Buffer.from((await seal()).split('.')[0] ?? '', 'base64url').toString()),
      zip: 'DEF',
    }),
  ).toString('base64url');
  const [, ...rest] = (await seal()).split('.');
  await expect(openRequest([header, ...rest].join('.'), requestKey)).rejects.toEqual(refusal);
});

test('seals an answer to the key of the wallet, under its id', async () => {
  const sent = await importSent();
  const jwe = await sealResponse({ b: 2 }, readResponseEncryption({ jwk: sent.jwk, enc: 'A256GCM' }));
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, wallet.privateKey);
  expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual({ b: 2 });
  expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'w1' });
});

test.each<[string, unknown]>([
  ['no key', { enc: 'A128GCM' }],
  ['a key without its alg', { jwk: { ...jwk }, enc: 'A128GCM' }],
  ['a key for another alg', { jwk: { ...encryptionJwk, alg: 'RSA-OAEP-256' }, enc: 'A128GCM' }],
  ['a private key', { jwk: { ...encryptionJwk, d: 'AA' }, enc: 'A128GCM' }],
  ['another content algorithm', { jwk: encryptionJwk, enc: 'A128CBC-HS256' }],
  ['no content algorithm', { jwk: encryptionJwk }],
  ['compression', { jwk: encryptionJwk, enc: 'A128GCM', zip: 'DEF' }],
  ['a text', 'encrypt, please'],
  ['null', null],
])('refuses to encrypt with %s [OID4VCI 8.3.1.2]', (_what, parameters) => {
  expect(() => readResponseEncryption(parameters)).toThrow(refusal);
});

async function importSent() {
  const { x, y } = await crypto.subtle.exportKey('jwk', wallet.publicKey);
  return { jwk: { kty: 'EC', crv: 'P-256', x, y, alg: 'ECDH-ES', kid: 'w1' } };
}

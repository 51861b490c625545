import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IssuerKeys } from '../../../src/identity/trust/issuer-keys.ts';
import { openIssuerKeys } from '../../../src/identity/trust/issuer-keys-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'naru-keys-'));
  path = join(folder, 'sub', 'issuer-keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function publicHalves({ p256, p384, ed25519, bls12381 }: IssuerKeys) {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return {
    p256: p256.publicJwk,
    p384: p384.publicJwk,
    ed25519: hex(ed25519.publicKey),
    bls12381: hex(bls12381.publicKey),
  };
}

describe("the issuer's key file", () => {
  test('is made once, for its owner only, and leaves nothing beside it', async () => {
    const first = await openIssuerKeys(path);
    const content = readFileSync(path, 'utf8');
    const second = await openIssuerKeys(path);
    expect(publicHalves(second)).toEqual(publicHalves(first));
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['issuer-keys.json']);
  });

  test('gives keys that sign what their public half verifies', async () => {
    const { p256 } = await openIssuerKeys(path);
    const jws = await new CompactSign(Uint8Array.of(1)).setProtectedHeader({ alg: 'ES256' }).sign(p256.privateKey);
    const key = await importJWK(p256.publicJwk, 'ES256');
    await expect(compactVerify(jws, key)).resolves.toBeDefined();
    const [header, payload] = jws.split('.');
    const byHand = Buffer.from(p256.sign(Buffer.from(`${header}.${payload}`))).toString('base64url');
    await expect(compactVerify(`${header}.${payload}.${byHand}`, key)).resolves.toBeDefined();
  });

  test('is refused where others may read it', async () => {
    await openIssuerKeys(path);
    chmodSync(path, 0o640);
    await expect(openIssuerKeys(path)).rejects.toThrowError(/others may read/);
  });

  test.each(['', '{}', 'not json', '{"version":1,"p256":{},"ed25519":{}}'])(
    'is refused where it holds %j',
    async (content) => {
      await openIssuerKeys(path);
      writeFileSync(path, content, { mode: 0o600 });
      await expect(openIssuerKeys(path)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    },
  );

  test('gives a P-384 key that signs over SHA-384', async () => {
    const { p384 } = await openIssuerKeys(path);
    const message = Buffer.from('message');
    const key = createPublicKey({ key: { ...p384.publicJwk }, format: 'jwk' });
    const signature = p384.sign(message);
    expect(verify('sha384', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(false);
  });
});

describe('a key file of version 1', () => {
  function writeFirst(): string {
    const jwk = (key: KeyObject) => key.export({ format: 'jwk' });
    const content = JSON.stringify({
      version: 1,
      p256: jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      ed25519: jwk(generateKeyPairSync('ed25519').privateKey),
    });
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(path, content, { mode: 0o600 });
    return content;
  }

  test('keeps its keys, gains the others, and stays so', async () => {
    const first = JSON.parse(writeFirst());
    const opened = await openIssuerKeys(path);
    expect(opened.p256.publicJwk).toMatchObject({ x: first.p256.x, y: first.p256.y });
    expect(Buffer.from(opened.ed25519.publicKey).toString('base64url')).toBe(first.ed25519.x);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      version: 2,
      p256: first.p256,
      ed25519: first.ed25519,
    });
    expect(publicHalves(await openIssuerKeys(path))).toEqual(publicHalves(opened));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['issuer-keys.json']);
  });

  test('gains the same keys by each of several copies, and from a backup', async () => {
    const content = writeFirst();
    const copies = await Promise.all([1, 2, 3].map(() => openIssuerKeys(path)));
    writeFileSync(path, content, { mode: 0o600 });
    const later = publicHalves(await openIssuerKeys(path));
    for (const copy of copies) expect(publicHalves(copy)).toEqual(later);
  });

  test('gains other keys than another file does', async () => {
    writeFirst();
    const one = publicHalves(await openIssuerKeys(path));
    writeFirst();
    const other = publicHalves(await openIssuerKeys(path));
    expect(other.p384.x).not.toBe(one.p384.x);
    expect(other.bls12381).not.toBe(one.bls12381);
  });

  test('is left as it is where its keys cannot be read', async () => {
    const content = writeFirst().replace('"d":', '"e":');
    writeFileSync(path, content, { mode: 0o600 });
    await expect(openIssuerKeys(path)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});

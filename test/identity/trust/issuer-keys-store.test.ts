import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIssuerKeys } from '../../../src/identity/trust/issuer-keys-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'naru-keys-'));
  path = join(folder, 'sub', 'issuer-keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the issuer's key file", () => {
  test('is made once, for its owner only, and leaves nothing beside it', () => {
    const first = openIssuerKeys(path);
    const content = readFileSync(path, 'utf8');
    const second = openIssuerKeys(path);
    expect(second.p256.publicJwk).toEqual(first.p256.publicJwk);
    expect(second.ed25519.publicKey).toEqual(first.ed25519.publicKey);
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['issuer-keys.json']);
  });

  test('gives keys that sign what their public half verifies', async () => {
    const { p256 } = openIssuerKeys(path);
    const jws = await new CompactSign(Uint8Array.of(1)).setProtectedHeader({ alg: 'ES256' }).sign(p256.privateKey);
    const key = await importJWK(p256.publicJwk, 'ES256');
    await expect(compactVerify(jws, key)).resolves.toBeDefined();
    const [header, payload] = jws.split('.');
    const byHand = Buffer.from(p256.sign(Buffer.from(`${header}.${payload}`))).toString('base64url');
    await expect(compactVerify(`${header}.${payload}.${byHand}`, key)).resolves.toBeDefined();
  });

  test('is refused where others may read it', () => {
    openIssuerKeys(path);
    chmodSync(path, 0o640);
    expect(() => openIssuerKeys(path)).toThrowError(/others may read/);
  });

  test.each(['', '{}', 'not json', '{"version":1,"p256":{},"ed25519":{}}'])(
    'is refused where it holds %j',
    (content) => {
      openIssuerKeys(path);
      writeFileSync(path, content, { mode: 0o600 });
      expect(() => openIssuerKeys(path)).toThrowError(/SETTING_INVALID/);
    },
  );
});

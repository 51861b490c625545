import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IssuerKeys } from '../../../src/identity/trust/issuer-keys.ts';
import {
  addIssuerKeys,
  forgetIssuerKeysBefore,
  openIssuerKeys,
} from '../../../src/identity/trust/issuer-keys-store.ts';
import { writeJws } from '../../../src/identity/written-jws.ts';

const passphrase = 'the ferry lands at seven';
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'naru-keys-'));
  path = join(folder, 'sub', 'issuer-keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function opened(file: string): Promise<IssuerKeys> {
  const { generations } = await openIssuerKeys(file, passphrase);
  expect(generations.map(({ number }) => number)).toEqual([1]);
  return generations[0]?.keys as IssuerKeys;
}

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
    const first = await opened(path);
    const content = readFileSync(path, 'utf8');
    const second = await opened(path);
    expect(publicHalves(second)).toEqual(publicHalves(first));
    expect(readFileSync(path, 'utf8')).toBe(content);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['issuer-keys.json']);
  });

  test('gives keys that sign what their public half verifies', async () => {
    const { p256 } = await opened(path);
    const key = await importJWK(p256.publicJwk, 'ES256');
    const jws = await writeJws({ alg: 'ES256' }, { name: '물' }, p256.sign);
    const { payload } = await compactVerify(jws, key);
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ name: '물' });
    const [header, , signature] = jws.split('.');
    const other = Buffer.from('{"name":"불"}').toString('base64url');
    await expect(compactVerify(`${header}.${other}.${signature}`, key)).rejects.toThrow();
  });

  test('is refused where others may read it', async () => {
    await opened(path);
    chmodSync(path, 0o640);
    await expect(opened(path)).rejects.toThrowError(/others may read/);
  });

  test.each(['', '{}', 'not json', '{"version":1,"p256":{},"ed25519":{}}'])(
    'is refused where it holds %j',
    async (content) => {
      await opened(path);
      writeFileSync(path, content, { mode: 0o600 });
      await expect(opened(path)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    },
  );

  test('gives a P-384 key that signs over SHA-384', async () => {
    const { p384 } = await opened(path);
    const message = Buffer.from('message');
    const key = createPublicKey({ key: { ...p384.publicJwk }, format: 'jwk' });
    const signature = await p384.sign(message);
    expect(verify('sha384', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(false);
  });
});

describe('a sealed key file', () => {
  test('shows nothing of the keys without its passphrase, and says that the passphrase is wrong', async () => {
    await opened(path);
    const text = readFileSync(path, 'utf8');
    expect(JSON.parse(text)).toMatchObject({ version: 3, kdf: { name: 'scrypt' }, cipher: 'aes-256-gcm' });
    // With its quotation mark: four letters alone come up in what is sealed, too.
    expect(text).not.toMatch(/"p256|"d"|generations/);
    await expect(openIssuerKeys(path, `${passphrase}!`)).rejects.toMatchObject({
      ...{ code: 'SETTING_INVALID', detail: expect.stringMatching(/^ISSUER_KEYS_PASSPHRASE: is not the one/) },
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('is the same passphrase however its letters are composed', async () => {
    const [composed, decomposed] = ['나루터에서 만나요 일곱시에', '나루터에서 만나요 일곱시에'.normalize('NFD')];
    expect(decomposed).not.toBe(composed);
    await openIssuerKeys(path, composed);
    await expect(openIssuerKeys(path, decomposed)).resolves.toBeDefined();
  });

  test.each(['content', 'nonce', 'salt'])('that was changed in its %s is refused', async (member) => {
    await opened(path);
    const file = JSON.parse(readFileSync(path, 'utf8'));
    const holder = member === 'salt' ? file.kdf : file;
    holder[member] = flipped(holder[member]);
    writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
    await expect(opened(path)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    if (member !== 'salt') await expect(opened(path)).rejects.toThrow(/was changed after it was sealed/);
  });

  test('that asks for a cheaper or a ruinous key derivation is refused', async () => {
    await opened(path);
    const file = JSON.parse(readFileSync(path, 'utf8'));
    for (const N of [2, 2 ** 30]) {
      writeFileSync(path, JSON.stringify({ ...file, kdf: { ...file.kdf, N } }), { mode: 0o600 });
      await expect(opened(path)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    }
  });

  test('gains a generation once, however often one is asked for, and lets earlier ones go', async () => {
    const first = await opened(path);
    const ring = await addIssuerKeys(path, passphrase, 1);
    expect(ring.generations.map(({ number }) => number)).toEqual([1, 2]);
    const [one, two] = ring.generations.map(({ keys }) => publicHalves(keys));
    expect(one).toEqual(publicHalves(first));
    expect(two?.p256.x).not.toBe(one?.p256.x);
    const again = await addIssuerKeys(path, passphrase, 1);
    expect(again.generations.map(({ keys }) => publicHalves(keys))).toEqual([one, two]);
    await forgetIssuerKeysBefore(path, passphrase, 2);
    const after = await openIssuerKeys(path, passphrase);
    expect(after.generations.map(({ number, keys }) => [number, publicHalves(keys)])).toEqual([[2, two]]);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['issuer-keys.json']);
  });
});

function flipped(text: string): string {
  const bytes = Buffer.from(text, 'base64url');
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

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
    const keys = await opened(path);
    expect(keys.p256.publicJwk).toMatchObject({ x: first.p256.x, y: first.p256.y });
    expect(Buffer.from(keys.ed25519.publicKey).toString('base64url')).toBe(first.ed25519.x);
    expect(JSON.parse(readFileSync(path, 'utf8')).version).toBe(3);
    expect(readFileSync(path, 'utf8')).not.toContain(first.p256.d);
    expect(publicHalves(await opened(path))).toEqual(publicHalves(keys));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['issuer-keys.json']);
  });

  test('gains the same keys by each of several copies, and from a backup', async () => {
    const content = writeFirst();
    const copies = await Promise.all([1, 2, 3].map(() => opened(path)));
    writeFileSync(path, content, { mode: 0o600 });
    const later = publicHalves(await opened(path));
    for (const copy of copies) expect(publicHalves(copy)).toEqual(later);
  });

  test('gains other keys than another file does', async () => {
    writeFirst();
    const one = publicHalves(await opened(path));
    writeFirst();
    const other = publicHalves(await opened(path));
    expect(other.p384.x).not.toBe(one.p384.x);
    expect(other.bls12381).not.toBe(one.bls12381);
  });

  test('is left as it is where its keys cannot be read', async () => {
    const content = writeFirst().replace('"d":', '"e":');
    writeFileSync(path, content, { mode: 0o600 });
    await expect(opened(path)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});

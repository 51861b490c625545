// Keeps the issuer's keys in one file that only its owner can read; made whole or not at all.
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, randomBytes, sign } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fromJwk } from '@digitalbazaar/bls12-381-multikey';
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { blsJwk, deriveBlsJwk, deriveP384Jwk } from './derive-issuer-keys.ts';
import type { IssuerKeys } from './issuer-keys.ts';

const OWNER_ONLY = 0o600;
const BLS_SEED_bytes = 32;

const ecSchema = <Curve extends 'P-256' | 'P-384'>(crv: Curve) =>
  z.object({ kty: z.literal('EC'), crv: z.literal(crv), x: z.string(), y: z.string(), d: z.string() });
const okpSchema = <Curve extends 'Ed25519' | 'Bls12381G2'>(crv: Curve) =>
  z.object({ kty: z.literal('OKP'), crv: z.literal(crv), x: z.string(), d: z.string() });

const firstSchema = z.object({ version: z.literal(1), p256: ecSchema('P-256'), ed25519: okpSchema('Ed25519') });
const fileSchema = z.object({
  version: z.literal(2),
  p256: ecSchema('P-256'),
  p384: ecSchema('P-384'),
  ed25519: okpSchema('Ed25519'),
  bls12381: okpSchema('Bls12381G2'),
});
type KeyFile = z.infer<typeof fileSchema>;

/**
 * Reads the issuer's keys, making them where the file isn't there yet. A file of version 1 is brought up to date in its
 * place: it keeps its keys and gains those it lacks.
 *
 * @param path of the key file; its folder is made too
 * @throws SETTING_INVALID where others may read the file, or it holds no keys
 */
export async function openIssuerKeys(path: string): Promise<IssuerKeys> {
  if (!existsSync(path)) await createKeyFile(path);
  const { mode } = statSync(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw problem('SETTING_INVALID', `${path}: others may read the issuer's keys; run chmod 600 on it.`);
  }
  const content = parse(readFileSync(path, 'utf8'));
  const file = fileSchema.safeParse(content);
  if (file.success) return keysOf(file.data);
  const first = firstSchema.safeParse(content);
  if (!first.success) {
    throw problem('SETTING_INVALID', `${path} does not hold the issuer's keys; restore it from a backup.`);
  }
  return keysOf(await upgradeKeyFile(path, first.data));
}

async function keysOf({ p256, p384, ed25519, bls12381 }: KeyFile): Promise<IssuerKeys> {
  const ecKey = createPrivateKey({ key: p256, format: 'jwk' });
  const strongKey = createPrivateKey({ key: p384, format: 'jwk' });
  const edKey = createPrivateKey({ key: ed25519, format: 'jwk' });
  const blsKey = await fromJwk({ jwk: bls12381, secretKey: true });
  const { multisign, publicKey } = blsKey.signer();
  return {
    p256: {
      publicJwk: { kty: 'EC', crv: 'P-256', x: p256.x, y: p256.y },
      privateKey: ecKey,
      sign: (message) => new Uint8Array(sign('sha256', message, { key: ecKey, dsaEncoding: 'ieee-p1363' })),
    },
    p384: {
      publicJwk: { kty: 'EC', crv: 'P-384', x: p384.x, y: p384.y },
      sign: (message) => new Uint8Array(sign('sha384', message, { key: strongKey, dsaEncoding: 'ieee-p1363' })),
    },
    ed25519: {
      publicKey: new Uint8Array(Buffer.from(ed25519.x, 'base64url')),
      sign: (message) => new Uint8Array(sign(null, message, edKey)),
    },
    bls12381: { publicKey, multisign },
  };
}

/** Linked into place: of two starters one wins. */
async function createKeyFile(path: string): Promise<void> {
  const jwkOf = (pair: { privateKey: { export(options: { format: 'jwk' }): JsonWebKey } }) =>
    pair.privateKey.export({ format: 'jwk' });
  const content = {
    version: 2,
    p256: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    p384: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: jwkOf(generateKeyPairSync('ed25519')),
    bls12381: await blsJwk(new Uint8Array(randomBytes(BLS_SEED_bytes))),
  };
  mkdirSync(dirname(path), { recursive: true });
  const beside = writeBeside(path, content);
  try {
    linkSync(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(beside);
  }
  syncFolder(dirname(path));
}

/** Renamed into place: the file is the old one or the new one, and who comes second writes the same. */
async function upgradeKeyFile(path: string, { p256, ed25519 }: z.infer<typeof firstSchema>): Promise<KeyFile> {
  const secret = p256.d + ed25519.d;
  const content = fileSchema.parse({
    version: 2,
    p256,
    p384: deriveP384Jwk(secret),
    ed25519,
    bls12381: await deriveBlsJwk(secret),
  });
  renameSync(writeBeside(path, content), path);
  syncFolder(dirname(path));
  return content;
}

/** Written and synced, so that a crash leaves no half file in place. */
function writeBeside(path: string, content: object): string {
  const beside = `${path}.${process.pid}.new`;
  const file = openSync(beside, 'w', OWNER_ONLY);
  try {
    writeSync(file, `${JSON.stringify(content)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return beside;
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Keeps the issuer's keys in one file that only its owner can read; made whole or not at all.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import type { IssuerKeys } from './issuer-keys.ts';

const OWNER_ONLY = 0o600;

const fileSchema = z.object({
  version: z.literal(1),
  p256: z.object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string(),
    y: z.string(),
    d: z.string(),
  }),
  ed25519: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() }),
});

/**
 * Reads the issuer's keys, making them where the file isn't there yet.
 *
 * @param path of the key file; its folder is made too
 * @throws SETTING_INVALID where others may read the file, or it holds no keys
 */
export function openIssuerKeys(path: string): IssuerKeys {
  if (!existsSync(path)) createKeyFile(path);
  const { mode } = statSync(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw problem('SETTING_INVALID', `${path}: others may read the issuer's keys; run chmod 600 on it.`);
  }
  const file = fileSchema.safeParse(parse(readFileSync(path, 'utf8')));
  if (!file.success) {
    throw problem('SETTING_INVALID', `${path} does not hold the issuer's keys; restore it from a backup.`);
  }
  return keysOf(file.data);
}

function keysOf({ p256, ed25519 }: z.infer<typeof fileSchema>): IssuerKeys {
  const ecKey = createPrivateKey({ key: p256, format: 'jwk' });
  const edKey = createPrivateKey({ key: ed25519, format: 'jwk' });
  const { x, y } = createPublicKey(ecKey).export({ format: 'jwk' }) as { x: string; y: string };
  const edPublic = createPublicKey(edKey).export({ format: 'jwk' }) as { x: string };
  return {
    p256: {
      publicJwk: { kty: 'EC', crv: 'P-256', x, y },
      privateKey: ecKey,
      sign: (message) => new Uint8Array(sign('sha256', message, { key: ecKey, dsaEncoding: 'ieee-p1363' })),
    },
    ed25519: {
      publicKey: new Uint8Array(Buffer.from(edPublic.x, 'base64url')),
      sign: (message) => new Uint8Array(sign(null, message, edKey)),
    },
  };
}

/** Written beside, synced, then linked into place: a crash leaves no half file, and of two starters one wins. */
function createKeyFile(path: string): void {
  const jwkOf = (pair: { privateKey: { export(options: { format: 'jwk' }): JsonWebKey } }) =>
    pair.privateKey.export({ format: 'jwk' });
  const content = JSON.stringify({
    version: 1,
    p256: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    ed25519: jwkOf(generateKeyPairSync('ed25519')),
  });
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.new`;
  const file = openSync(beside, 'w', OWNER_ONLY);
  try {
    writeSync(file, `${content}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(beside);
  }
  syncFolder(dirname(path));
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

// Keeps the verifier's key and certificate: the files that the settings name, or one of its own in the data folder.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { readCertificateChain } from './own-certificate-chain.ts';
import { makeOwnChain } from './self-made-chain.ts';
import type { VerifierIdentity } from './verifier-identity.ts';

const OWNER_ONLY = 0o600;
const fileSchema = z.object({ version: z.literal(1), key: z.string(), certificates: z.string() });

export interface VerifierIdentityOptions {
  /** PEM files of an authority's making; a key and a chain of our own are made where absent. */
  files?: { key: string; certificate: string } | undefined;
  /** Where our own are kept. */
  ownFile: string;
  publicUrl: string;
  random: Random;
  now_ms: number;
}

/** @throws SETTING_INVALID where a file can't be read, others may read it, or key and certificate don't fit */
export async function openVerifierIdentity(options: VerifierIdentityOptions): Promise<VerifierIdentity> {
  const { files, now_ms } = options;
  if (files !== undefined) {
    const key = readKey(read(files.key), files.key);
    return identityOf(key, read(files.certificate), files.certificate, now_ms);
  }
  const own = readOwn(options.ownFile) ?? (await makeOwn(options));
  return identityOf(readKey(own.key, options.ownFile), own.certificates, options.ownFile, now_ms);
}

function identityOf(key: KeyObject, certificates: string, path: string, now_ms: number): VerifierIdentity {
  const { x, y } = createPublicKey(key).export({ format: 'jwk' }) as { x: string; y: string };
  return {
    publicJwk: { kty: 'EC', crv: 'P-256', x, y },
    sign: (message) => new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })),
    chain: readCertificateChain(certificates, { x, y }, path, now_ms),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw problem('SETTING_INVALID', `${path}: the file cannot be read`);
  }
}

function readKey(pem: string, path: string): KeyObject {
  let key: KeyObject | null = null;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Said below, without a word of what the file holds.
  }
  if (key?.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw problem('SETTING_INVALID', `${path}: must hold a P-256 private key in PEM, without a passphrase`);
  }
  return key;
}

function readOwn(path: string): z.infer<typeof fileSchema> | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw problem('SETTING_INVALID', `${path}: the file cannot be read`);
  }
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw problem('SETTING_INVALID', `${path}: others may read the verifier's key; run chmod 600 on it.`);
  }
  const file = fileSchema.safeParse(JSON.parse(text));
  if (!file.success) throw problem('SETTING_INVALID', `${path} does not hold the verifier's key; remove it.`);
  return file.data;
}

/** Written beside, then linked into place: of two copies that start at once, one makes it and both read it. */
async function makeOwn(options: VerifierIdentityOptions): Promise<z.infer<typeof fileSchema>> {
  const { ownFile, publicUrl, random, now_ms } = options;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const about = { key: privateKey, name: 'Naru verifier', host: new URL(publicUrl).hostname };
  const content = {
    version: 1,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificates: await makeOwnChain(about, random, now_ms),
  };
  mkdirSync(dirname(ownFile), { recursive: true });
  const beside = `${ownFile}.${process.pid}.new`;
  writeFileSync(beside, `${JSON.stringify(content)}\n`, { mode: OWNER_ONLY, flush: true });
  try {
    linkSync(beside, ownFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(beside);
  }
  const made = readOwn(ownFile);
  if (made === null) throw problem('SETTING_INVALID', `${ownFile}: was made and is gone again`);
  return made;
}

// Keeps the issuer's keys in one sealed file that only its owner can read; written whole or not at all. Of keys that a key
// service holds it keeps their names and public halves.
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
import { dirname, join } from 'node:path';
import { problem } from '../../platform/problem.ts';
import { systemRandom } from '../../platform/random.ts';
import type { KeyService } from './held-key.ts';
import {
  generateKeyMaterial,
  issuerKeysOf,
  type RingMaterial,
  readOpenKeyFile,
  ringSchema,
} from './issuer-key-material.ts';
import type { IssuerKeyRing } from './issuer-keys.ts';
import { seal, sealedSchema, unseal } from './sealed-content.ts';

const OWNER_ONLY = 0o600;
const bytes = (length: number) => systemRandom.bytes(length);

export function issuerKeyFile(dataDirectory: string): string {
  return join(dataDirectory, 'issuer-keys.json');
}

/**
 * Opens the issuer's keys, making them where the file isn't there yet. A file of an earlier version, which lay open, is
 * sealed in its place and keeps its keys.
 *
 * @param path of the key file; its folder is made too
 * @param service holds the private halves it can hold of keys that are made; null where the file holds them all
 * @throws SETTING_INVALID where others may read the file, the passphrase doesn't fit, the file was changed or is none, or it
 *   names keys of a service and none is given; NOT_READY where the service is away
 */
export async function openIssuerKeys(
  path: string,
  passphrase: string,
  service: KeyService | null = null,
): Promise<IssuerKeyRing> {
  if (!existsSync(path)) await createKeyFile(path, passphrase, service);
  return ringOf(await readKeyFile(path, passphrase), service);
}

/**
 * Adds a generation of keys to the file, unless one newer than `number` is there already: left by somebody who was
 * stopped before it was used.
 *
 * @param number the generation that signs now
 */
export async function addIssuerKeys(
  path: string,
  passphrase: string,
  number: number,
  service: KeyService | null = null,
): Promise<IssuerKeyRing> {
  const before = await readKeyFile(path, passphrase);
  if (before.generations.some((generation) => generation.number > number)) return ringOf(before, service);
  const added = { number: number + 1, keys: await generateKeyMaterial(bytes, service) };
  const after = { generations: [...before.generations, added] };
  await replaceKeyFile(path, passphrase, after);
  return ringOf(after, service);
}

/** Takes generations before `number` out of the file: nobody signs with them again. */
export async function forgetIssuerKeysBefore(path: string, passphrase: string, number: number): Promise<void> {
  const { generations } = await readKeyFile(path, passphrase);
  const kept = generations.filter((generation) => generation.number >= number);
  if (kept.length < generations.length) await replaceKeyFile(path, passphrase, { generations: kept });
}

async function ringOf({ generations }: RingMaterial, service: KeyService | null): Promise<IssuerKeyRing> {
  return {
    generations: await Promise.all(
      generations.map(async ({ number, keys }) => ({ number, keys: await issuerKeysOf(keys, service) })),
    ),
  };
}

async function readKeyFile(path: string, passphrase: string): Promise<RingMaterial> {
  const { mode } = statSync(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw problem('SETTING_INVALID', `${path}: others may read the issuer's keys; run chmod 600 on it.`);
  }
  const content = parse(readFileSync(path, 'utf8'));
  const sealed = sealedSchema.safeParse(content);
  if (sealed.success) return unsealed(path, await unseal(sealed.data, passphrase));
  const open = await readOpenKeyFile(content);
  if (open === null) {
    throw problem('SETTING_INVALID', `${path} does not hold the issuer's keys; restore it from a backup.`);
  }
  await replaceKeyFile(path, passphrase, open);
  return open;
}

function unsealed(path: string, result: Awaited<ReturnType<typeof unseal>>): RingMaterial {
  if (result === 'PASSPHRASE_WRONG') {
    throw problem('SETTING_INVALID', `ISSUER_KEYS_PASSPHRASE: is not the one that ${path} was sealed with.`);
  }
  const ring = result === 'CHANGED' ? null : ringSchema.safeParse(result.content);
  if (!ring?.success) {
    throw problem('SETTING_INVALID', `${path} was changed after it was sealed; restore it from a backup.`);
  }
  return ring.data;
}

/** Linked into place: of two starters one wins. */
async function createKeyFile(path: string, passphrase: string, service: KeyService | null): Promise<void> {
  const ring: RingMaterial = { generations: [{ number: 1, keys: await generateKeyMaterial(bytes, service) }] };
  mkdirSync(dirname(path), { recursive: true });
  const beside = writeBeside(path, await seal(ring, passphrase, bytes));
  try {
    linkSync(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(beside);
  }
  syncFolder(dirname(path));
}

/** Renamed into place: the file is the old one or the new one. */
async function replaceKeyFile(path: string, passphrase: string, ring: RingMaterial): Promise<void> {
  renameSync(writeBeside(path, await seal(ring, passphrase, bytes)), path);
  syncFolder(dirname(path));
}

/** Written and synced, so that a crash leaves no half file in place. */
function writeBeside(path: string, content: object): string {
  const beside = `${path}.${process.pid}-${Buffer.from(bytes(4)).toString('hex')}.new`;
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

// Seals secrets under a passphrase: scrypt makes the key, AES-256-GCM hides the content and shows any change to it.
// Source: RFC 7914; NIST SP 800-38D.
import { createCipheriv, createDecipheriv, createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const KEY_bytes = 32;
const SALT_bytes = 32;
const NONCE_bytes = 12;
const TAG_bytes = 16;
/** 32 MB and about a quarter of a second a guess. */
const COST = { N: 32_768, r: 8, p: 3 } as const;
/** The most that a file may ask of this machine. */
const COST_most = { N: 1_048_576, r: 16, p: 16 } as const;

const base64url = z.string().regex(/^[\w-]+$/);

export const sealedSchema = z.strictObject({
  version: z.literal(3),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z.number().int().min(COST.N).max(COST_most.N),
    r: z.number().int().min(1).max(COST_most.r),
    p: z.number().int().min(1).max(COST_most.p),
    salt: base64url,
  }),
  cipher: z.literal('aes-256-gcm'),
  /** Tells a wrong passphrase from a file that was changed: a hash of the half of the derived key that encrypts nothing. */
  check: base64url,
  nonce: base64url,
  content: base64url,
});
export type SealedContent = z.infer<typeof sealedSchema>;

/** @param randomBytes for salt and nonce, which are new each time */
export async function seal(
  content: unknown,
  passphrase: string,
  randomBytes: (length: number) => Uint8Array,
): Promise<SealedContent> {
  const kdf = { name: 'scrypt' as const, ...COST, salt: text(randomBytes(SALT_bytes)) };
  const { key, check } = await derive(passphrase, kdf);
  const nonce = randomBytes(NONCE_bytes);
  const head = { version: 3 as const, kdf, cipher: 'aes-256-gcm' as const, check, nonce: text(nonce) };
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_bytes });
  cipher.setAAD(Buffer.from(JSON.stringify(head)));
  const hidden = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { ...head, content: text(hidden) };
}

/** The content, or why it can't be had. */
export async function unseal(
  { content, ...head }: SealedContent,
  passphrase: string,
): Promise<{ content: unknown } | 'PASSPHRASE_WRONG' | 'CHANGED'> {
  const { key, check } = await derive(passphrase, head.kdf);
  if (!timingSafeEqual(hash(check), hash(head.check))) return 'PASSPHRASE_WRONG';
  const hidden = Buffer.from(content, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(head.nonce, 'base64url'), {
      authTagLength: TAG_bytes,
    });
    decipher.setAAD(Buffer.from(JSON.stringify(head)));
    decipher.setAuthTag(hidden.subarray(-TAG_bytes));
    const shown = Buffer.concat([decipher.update(hidden.subarray(0, -TAG_bytes)), decipher.final()]);
    return { content: JSON.parse(shown.toString('utf8')) };
  } catch {
    return 'CHANGED';
  }
}

function derive(passphrase: string, { N, r, p, salt }: SealedContent['kdf']): Promise<{ key: Buffer; check: string }> {
  return new Promise((resolve, reject) => {
    // Typed by people on different machines: the same letters must be the same bytes.
    const typed = passphrase.normalize('NFKC');
    const options = { N, r, p, maxmem: 256 * N * r };
    scrypt(typed, Buffer.from(salt, 'base64url'), 2 * KEY_bytes, options, (error, derived) => {
      if (error) reject(error);
      else resolve({ key: derived.subarray(0, KEY_bytes), check: text(hash(derived.subarray(KEY_bytes))) });
    });
  });
}

function hash(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

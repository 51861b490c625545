// How device secrets and claim codes are kept and compared: a keyed hash.
//
// A password hash (argon2, scrypt) protects secrets that people choose, by being slow; 5,000 meters that come back
// after a restart would wait minutes for it. Device secrets are random, at least 128 bits, so there is no dictionary to
// try. They are not all made here, though: makers deliver lists of keys, and some maker's are less random than it says.
// So the hash is HMAC-SHA-256 under a key that is not in the database: who copies the database can try nothing against
// it, and who may write to it can't make a row that lets a secret of theirs in. It costs two microseconds.
//
// The device's id is hashed along: equal secrets of two devices don't look equal, and a row copied to another device
// does not let it in. Inside the HMAC is the plain SHA-256 that the first version stored, so that rows of that version
// are keyed where they lie, with no device taking part.
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Random, randomToken } from '../../platform/random.ts';

/** 22 characters of base64url are 132 bits, 32 hex digits are 128. */
export const shortestSecret_chars = 22;

export interface DeviceSecrets {
  /** 32 bytes, to be kept. */
  hashOf(deviceId: string, secret: string | Uint8Array): Buffer;
  /** The kept form of what the first version kept: 32 bytes of SHA-256 in, 32 bytes out. */
  keyed(unkeyedHash: Uint8Array): Buffer;
  /** 32 bytes of a claim code's part that is not looked up by. */
  claimHashOf(selector: string, verifier: string): Buffer;
}

/**
 * @param serviceSecret NARU_SECRET: the key is derived from it and is good for nothing else; another NARU_SECRET knows no
 *   device's secret any more. Source: RFC 5869
 */
export function createDeviceSecrets(serviceSecret: string): DeviceSecrets {
  const key = Buffer.from(hkdfSync('sha256', serviceSecret, '', 'naru/device-secret-key/2', 32));
  const keyed = (bytes: Uint8Array | string) => createHmac('sha256', key).update(bytes).digest();
  return {
    hashOf: (deviceId, secret) => keyed(unkeyedSecretHash(deviceId, secret)),
    keyed,
    claimHashOf: (selector, verifier) => keyed(`naru/claim-code/1\0${selector}\0${verifier}`),
  };
}

/** What the first version kept: SHA-256 of a label, the device's id and the secret. */
export function unkeyedSecretHash(deviceId: string, secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(`naru/device-secret/1\0${deviceId}\0`).update(secret).digest();
}

/** Compares in a time that tells nothing of either. */
export function isSameHash(kept: Uint8Array | null, given: Uint8Array): boolean {
  return kept !== null && kept.length === given.length && timingSafeEqual(kept, given);
}

/** 256 random bits in 43 characters, of which the first can't be taken for a formula's by a spreadsheet. */
export function newDeviceSecret(random: Random): string {
  for (;;) {
    const secret = randomToken(random);
    if (!secret.startsWith('-')) return secret;
  }
}

// How a device's secret is kept and compared.
//
// A password hash (argon2, scrypt) protects secrets that people choose, by being slow; 5,000 meters that come back
// after a restart would wait minutes for it. Device secrets are random, at least 128 bits, so there is no dictionary to
// try and one SHA-256 is as far from being reversed as a slow hash. The device's id is hashed along: equal secrets of two
// devices don't look equal, and a row copied to another device does not let it in.
import { createHash, timingSafeEqual } from 'node:crypto';

/** 22 characters of base64url are 132 bits, 32 hex digits are 128. */
export const shortestSecret_chars = 22;

/** SHA-256 of a label, the device's id and the secret; 32 bytes. */
export function deviceSecretHash(deviceId: string, secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(`naru/device-secret/1\0${deviceId}\0`).update(secret).digest();
}

/** Compares in a time that tells nothing of the stored hash. */
export function isDeviceSecret(storedHash: Uint8Array, deviceId: string, secret: Uint8Array): boolean {
  const given = deviceSecretHash(deviceId, secret);
  return storedHash.length === given.length && timingSafeEqual(storedHash, given);
}

// Secrets of offers and requests: what is random, what is derived from it, and what the database keeps of either.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../platform/random.ts';
import { offerLimits } from './issuing/offer.ts';

/** SHA-256 over a purpose and its parts, each with its length, so that no two inputs run together. */
export function secretHash(purpose: string, ...parts: string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of [purpose, ...parts]) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest();
}

/**
 * The pre-authorized code of the offer behind `handle` (the random part of `credential_offer_uri`). Derived, so that the
 * offer can be served by reference while the database holds neither handle nor code.
 */
export function preAuthorizedCode(handle: string): string {
  return secretHash('naru/pre-authorized-code/1', handle).toString('base64url');
}

/** The `issuer_state` of the sign-in offer behind `handle`, derived in the same way. Source: OpenID4VCI 1.0, 4.1.1. */
export function issuerState(handle: string): string {
  return secretHash('naru/issuer-state/1', handle).toString('base64url');
}

export function codeHash(code: string): Buffer {
  return secretHash('naru/code-hash/1', code);
}

/** Bound to the code, so that six digits cannot be guessed from a copy of the database, which does not hold the code. */
export function txCodeHash(code: string, txCode: string): Buffer {
  return secretHash('naru/tx-code-hash/1', code, txCode);
}

/** Uniform decimal digits: values that would favour small remainders are drawn again. */
export function randomDigits(random: Random, digits: number = offerLimits.txCodeDigits): string {
  const range = 10 ** digits;
  const fair = Math.floor(2 ** 32 / range) * range;
  for (;;) {
    const drawn = Buffer.from(random.bytes(4)).readUInt32BE();
    if (drawn < fair) return String(drawn % range).padStart(digits, '0');
  }
}

/** Version 4 UUID from `random`. Source: RFC 9562 section 5.4. */
export function randomUuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function sameSecret(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

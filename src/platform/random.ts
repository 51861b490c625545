// Chance as an argument: the only file that asks the machine for randomness.
import { randomBytes, randomFillSync } from 'node:crypto';

export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

/** Asked of the machine at once: to ask costs more than to be given a salt. */
const DRAWN_bytes = 8_192;
/** More than this is drawn for itself. */
const SHARED_bytes = 512;

/** Nothing that was given out stays here. */
const drawn = new Uint8Array(DRAWN_bytes);
let next = DRAWN_bytes;

export const systemRandom: Random = {
  bytes(length) {
    if (length > SHARED_bytes) return new Uint8Array(randomBytes(length));
    if (next + length > DRAWN_bytes) {
      randomFillSync(drawn);
      next = 0;
    }
    const given = drawn.slice(next, next + length);
    drawn.fill(0, next, next + length);
    next += length;
    return given;
  },
};

/** A 256-bit secret as 43 characters of base64url. */
export function randomToken(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url');
}

/** A UUID of version 4. Source: RFC 9562 section 5.4. */
export function randomUuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// Status lists: one store of bits, and the two forms in which it is published.
// Source: draft-ietf-oauth-status-list, sections 4 and 5; W3C Bitstring Status List 1.0, section 2.
import { createHeaderAndPayload, StatusList } from '@sd-jwt/jwt-status-list';

export const statusListLimits = {
  /** Entries a list: enough that an index says nothing about who or when. */
  entries: 131_072,
  /** How long a verifier may keep a copy. */
  ttl_s: 60,
  /** How long a token may be used at all. */
  lifetime_s: 86_400,
  /** Random indices tried in one list before it counts as full; that comes at about 60 % of its entries. */
  candidates: 16,
} as const;

export const STATUS_LIST_TYPE = 'statuslist+jwt';

/** All valid. */
export function emptyStatusBits(entries: number = statusListLimits.entries): Uint8Array {
  return new Uint8Array(entries / 8);
}

/** Status of `index`: bit `index % 8` of byte `index / 8`, least significant first. Undefined outside the list. */
export function statusBit(bits: Uint8Array, index: number): 0 | 1 | undefined {
  const byte = bits[index >> 3];
  if (byte === undefined || !Number.isInteger(index) || index < 0) return undefined;
  return (byte >> (index & 7)) & 1 ? 1 : 0;
}

/** Uniform indices below `entries` (a power of two) out of `random` bytes, four for each. */
export function indicesOf(random: Uint8Array, entries: number = statusListLimits.entries): number[] {
  const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
  return Array.from({ length: Math.floor(random.byteLength / 4) }, (_, n) => view.getUint32(n * 4) & (entries - 1));
}

/** Header and payload of the list as a token; the caller signs them. */
export function statusListToken(
  bits: Uint8Array,
  token: { uri: string; issuer: string; keyId: string; issuedAt_s: number },
): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const statuses = Array.from({ length: bits.length * 8 }, (_, index) => statusBit(bits, index) ?? 0);
  const { header, payload } = createHeaderAndPayload(
    new StatusList(statuses, 1),
    {
      iss: token.issuer,
      sub: token.uri,
      iat: token.issuedAt_s,
      exp: token.issuedAt_s + statusListLimits.lifetime_s,
      ttl: statusListLimits.ttl_s,
    },
    { alg: 'ES256', typ: STATUS_LIST_TYPE, kid: token.keyId },
  );
  return { header: { ...header }, payload: { ...payload } };
}

/** The same bits with the most significant bit of each byte first, as W3C's lists have them. */
export function mostSignificantFirst(bits: Uint8Array): Uint8Array {
  return bits.map((byte) => {
    let reversed = 0;
    for (let bit = 0; bit < 8; bit += 1) reversed |= ((byte >> bit) & 1) << (7 - bit);
    return reversed;
  });
}

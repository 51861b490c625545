// Status lists: one store of two bits an entry, and the token in which it is published.
// Source: draft-ietf-oauth-status-list, sections 4, 5 and 7; W3C Bitstring Status List 1.0, section 2.
import { createHeaderAndPayload, StatusList } from '@sd-jwt/jwt-status-list';

export const statusListLimits = {
  /** Entries a list: enough that an index says nothing about who or when. */
  entries: 131_072,
  /** How long a verifier may keep a copy. */
  ttl_s: 60,
  /** How long a token may be used at all. */
  lifetime_s: 86_400,
  /** A list takes no more once this share of it is taken: a free place is still found at random. */
  fullAt: 0.6,
  /** Lists that are being filled at the same time. */
  open: 4,
  /** Random places tried for one credential; for each of a batch, where those that had no luck are tried again, fewer. */
  candidates: 16,
  candidatesInBatch: 4,
  /** Credentials that are given places by one statement. */
  batch: 10_000,
} as const;

export const STATUS_LIST_TYPE = 'statuslist+jwt';

/** What an entry says. Source: draft-ietf-oauth-status-list, 7.1; the bits are also the two purposes of W3C's lists. */
export const statusValues = { valid: 0, revoked: 1, suspended: 2 } as const;
export type StatusState = keyof typeof statusValues;
export type StatusPurpose = 'revocation' | 'suspension';

const BITS_an_entry = 2;

/** All valid. */
export function emptyStatuses(entries: number = statusListLimits.entries): Uint8Array {
  return new Uint8Array((entries * BITS_an_entry) / 8);
}

/** The value of `index`: two bits, least significant first. Undefined outside the list. */
export function statusAt(statuses: Uint8Array, index: number): number | undefined {
  const byte = statuses[index >> 2];
  if (byte === undefined || !Number.isInteger(index) || index < 0) return undefined;
  return (byte >> (2 * (index & 3))) & 3;
}

/** Sets the value of `index` in place. */
export function setStatus(statuses: Uint8Array, index: number, state: StatusState): void {
  const place = index >> 2;
  const shift = 2 * (index & 3);
  statuses[place] = ((statuses[place] ?? 0) & ~(3 << shift)) | (statusValues[state] << shift);
}

/** What a value means; null for one that has no meaning here, which must not pass. */
export function stateOf(value: number | undefined): StatusState | null {
  const found = Object.entries(statusValues).find(([, known]) => known === value);
  return (found?.[0] as StatusState | undefined) ?? null;
}

/** Uniform indices below `entries` (a power of two) out of `random` bytes, four for each. */
export function indicesOf(random: Uint8Array, entries: number = statusListLimits.entries): number[] {
  const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
  return Array.from({ length: Math.floor(random.byteLength / 4) }, (_, n) => view.getUint32(n * 4) & (entries - 1));
}

/** Header and payload of the list as a token; the caller signs them. */
export function statusListToken(
  statuses: Uint8Array,
  token: {
    uri: string;
    issuer: string;
    keyId: string;
    certificates: readonly string[] | null;
    issuedAt_s: number;
    aggregationUri: string;
  },
): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const values = Array.from({ length: (statuses.length * 8) / BITS_an_entry }, (_, n) => statusAt(statuses, n) ?? 0);
  const { header, payload } = createHeaderAndPayload(
    new StatusList(values, BITS_an_entry),
    {
      iss: token.issuer,
      sub: token.uri,
      iat: token.issuedAt_s,
      exp: token.issuedAt_s + statusListLimits.lifetime_s,
      ttl: statusListLimits.ttl_s,
    },
    { alg: 'ES256', typ: STATUS_LIST_TYPE, kid: token.keyId },
  );
  const status_list = { ...(payload.status_list as object), aggregation_uri: token.aggregationUri };
  // Source: HAIP 1.0, 6.1.
  const x5c = token.certificates === null ? {} : { x5c: token.certificates };
  return { header: { ...header, ...x5c }, payload: { ...payload, status_list } };
}

/** One bit an entry, the most significant of each byte first, as W3C's lists have them: the list of one purpose. */
export function purposeBits(statuses: Uint8Array, purpose: StatusPurpose): Uint8Array {
  const halves = halvesOf[purpose];
  const bits = new Uint8Array(statuses.length / 2);
  for (let place = 0; place < bits.length; place += 1) {
    const [first = 0, second = 0] = [statuses[2 * place], statuses[2 * place + 1]];
    bits[place] = ((halves[first] ?? 0) << 4) | (halves[second] ?? 0);
  }
  return bits;
}

/** For each byte of four entries the four bits of one purpose, the first entry's highest. */
const halvesOf: Record<StatusPurpose, Uint8Array> = { revocation: halves(0), suspension: halves(1) };

function halves(bit: 0 | 1): Uint8Array {
  const entry = (byte: number, index: number) => (byte >> (2 * index + bit)) & 1;
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    [0, 1, 2, 3].reduce((half, index) => (half << 1) | entry(byte, index), 0),
  );
}

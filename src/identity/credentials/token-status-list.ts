// A Token Status List as somebody else publishes it: whether it is what was asked for, and what it says of one place.
// Source: draft-ietf-oauth-status-list, sections 4, 5.1 and 8.3.
import { inflateSync } from 'node:zlib';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { STATUS_LIST_TYPE, type StatusState, stateOf } from './status-list.ts';

const readingLimits = {
  /** Of the list, unpacked. */
  bytes: 1_048_576,
  /** How far the clock of whoever made it may be ahead of ours. */
  skew_s: 60,
} as const;

const headerSchema = z.looseObject({
  typ: z.string().transform((typ) => typ.toLowerCase().replace(/^application\//, '')),
  alg: z.string(),
  kid: z.string().optional(),
  x5c: z.array(z.string()).optional(),
});

const payloadSchema = z.looseObject({
  sub: z.string(),
  iat: z.number(),
  exp: z.number().optional(),
  ttl: z.number().positive().optional(),
  status_list: z.object({
    bits: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
    lst: z.string().regex(/^[\w-]+$/),
  }),
});

export interface TokenStatusList {
  compact: string;
  header: z.infer<typeof headerSchema>;
  payload: z.infer<typeof payloadSchema>;
}

/** Its form alone; nothing of it is believed before its signature was checked. Null where it has another. */
export function readTokenStatusList(text: string): TokenStatusList | null {
  const compact = text.trim();
  try {
    const header = headerSchema.parse(decodeProtectedHeader(compact));
    const payload = payloadSchema.parse(decodeJwt(compact));
    return header.typ === STATUS_LIST_TYPE ? { compact, header, payload } : null;
  } catch {
    return null;
  }
}

/** Whether it is the list of that address, made by now and not over. */
export function isListOf({ payload }: TokenStatusList, uri: string, now_s: number): boolean {
  const { sub, iat, exp } = payload;
  return sub === uri && iat <= now_s + readingLimits.skew_s && (exp === undefined || exp > now_s);
}

/** What it says of a place; null for a value without a meaning here, which must not pass. */
export function stateIn(
  { payload }: TokenStatusList,
  index: number,
): { state: StatusState | null } | 'STATUS_LIST_MALFORMED' | 'STATUS_INDEX_OUTSIDE' {
  const { bits, lst } = payload.status_list;
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(Buffer.from(lst, 'base64url'), { maxOutputLength: readingLimits.bytes });
  } catch {
    return 'STATUS_LIST_MALFORMED';
  }
  const byte = Number.isSafeInteger(index) && index >= 0 ? bytes[Math.floor((index * bits) / 8)] : undefined;
  if (byte === undefined) return 'STATUS_INDEX_OUTSIDE';
  return { state: stateOf((byte >> ((index * bits) % 8)) & (2 ** bits - 1)) };
}

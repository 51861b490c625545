// Reads one entry of somebody's Bitstring Status List. Source: Bitstring Status List 1.0, 2.2, 3.2 and 3.4.
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { StatusEntryReference } from './vc-status-entry.ts';
import { oneOrMany, typesWith } from './vc-terms.ts';

export const bitstringLimits = {
  /** Herd privacy: a shorter list tells too much. Source: Bitstring Status List 1.0, 2.2. */
  least_bytes: 16_384,
  /** What a list may unfold to. */
  most_bytes: 4_194_304,
  ttl_ms: 300_000,
} as const;

const listSchema = z.looseObject({
  type: typesWith('BitstringStatusListCredential'),
  credentialSubject: z.looseObject({
    type: z.literal('BitstringStatusList'),
    statusPurpose: oneOrMany(z.string().min(1)),
    // Multibase, base64url without padding.
    encodedList: z.string().regex(/^u[A-Za-z0-9_-]+$/),
    ttl: z.int().min(0).optional(),
  }),
});

export type StatusReading =
  | { value: number }
  | 'STATUS_LIST_MALFORMED'
  | 'STATUS_LIST_TOO_SHORT'
  | 'STATUS_PURPOSE_DIFFERENT'
  | 'STATUS_INDEX_OUTSIDE';

/** @param credential of the list, its signature checked */
export function readStatus(credential: unknown, { purpose, index, size_bits }: StatusEntryReference): StatusReading {
  const list = listSchema.safeParse(credential);
  if (!list.success) return 'STATUS_LIST_MALFORMED';
  const { statusPurpose, encodedList } = list.data.credentialSubject;
  if (![statusPurpose].flat().includes(purpose)) return 'STATUS_PURPOSE_DIFFERENT';
  const bits = expand(encodedList);
  if (bits === null) return 'STATUS_LIST_MALFORMED';
  if (bits.length < bitstringLimits.least_bytes) return 'STATUS_LIST_TOO_SHORT';
  if ((index + 1) * size_bits > bits.length * 8) return 'STATUS_INDEX_OUTSIDE';
  let value = 0;
  // The first index is the left-most bit. Source: Bitstring Status List 1.0, 3.3.
  for (let bit = index * size_bits; bit < (index + 1) * size_bits; bit += 1) {
    value = value * 2 + (((bits[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  }
  return { value };
}

/** Null where it does not unfold, or to more than is read here. */
function expand(encodedList: string): Uint8Array | null {
  try {
    return gunzipSync(Buffer.from(encodedList.slice(1), 'base64url'), { maxOutputLength: bitstringLimits.most_bytes });
  } catch {
    return null;
  }
}

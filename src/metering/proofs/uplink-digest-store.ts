// The SQL that reads raw uplinks for hashing: digests of many at once, pack by pack.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { UplinkDigest } from './meter-day.ts';

/** Packs read with one statement: some 90 KB of answer each. */
const PACKS_AT_ONCE = 32;
/** A pack that holds an id begins no more than this before it. Source: migration 0008 */
const PACK_uplinks = 1_024;
const DIGEST_digits = 64;

/**
 * The digests of these uplinks; those whose bytes are gone are absent. Packs are read whole, and each once: that is what
 * makes a day of a city's uplinks readable. The server hashes them, so that the bytes stay where they are.
 */
export async function digestsOf(from: Queryable, uplinkIds: readonly number[]): Promise<Map<number, UplinkDigest>> {
  const found = new Map<number, UplinkDigest>();
  if (uplinkIds.length === 0) return found;
  const wanted = Float64Array.from(new Set(uplinkIds)).sort();
  const packs = await packsOf(from, wanted);
  for (let at = 0; at < packs.length; at += PACKS_AT_ONCE) {
    const { rows } = await from.query<{ first_id: number; received: string; formats: string; digests: string }>({
      name: 'proofs-read-packs',
      text: `SELECT first_id, told.received, told.formats, told.digests
               FROM metering.uplink_pack
              CROSS JOIN LATERAL (
                SELECT string_agg((extract(epoch FROM received_at) * 1000000)::bigint::text, ',' ORDER BY place) AS received,
                       string_agg(format, ',' ORDER BY place) AS formats,
                       string_agg(encode(sha256(payload), 'hex'), '' ORDER BY place) AS digests
                  FROM unnest(received_ats, formats, payloads) WITH ORDINALITY AS each (received_at, format, payload, place)) told
              WHERE first_id = ANY($1::bigint[])`,
      values: [packs.slice(at, at + PACKS_AT_ONCE)],
    });
    for (const pack of rows) {
      const received = pack.received.split(',');
      const formats = pack.formats.split(',');
      for (let next = firstNotBelow(wanted, pack.first_id); next < wanted.length; next += 1) {
        const id = wanted[next] as number;
        const place = id - pack.first_id;
        const format = formats[place];
        if (format === undefined) break;
        const sha256 = pack.digests.slice(place * DIGEST_digits, (place + 1) * DIGEST_digits);
        found.set(id, { format, received_at_us: Number(received[place]), sha256 });
      }
    }
  }
  return found;
}

/** The packs that may hold the ids: the last that begins at or before each. */
async function packsOf(from: Queryable, wanted: Float64Array): Promise<number[]> {
  const { rows } = await from.query<{ first_id: number }>({
    name: 'proofs-list-packs',
    text: 'SELECT first_id FROM metering.uplink_pack WHERE first_id BETWEEN $1 AND $2 ORDER BY first_id',
    values: [(wanted[0] ?? 0) - PACK_uplinks, wanted.at(-1)],
  });
  const packs = new Set<number>();
  let at = -1;
  for (const id of wanted) {
    while ((rows[at + 1]?.first_id ?? Number.POSITIVE_INFINITY) <= id) at += 1;
    const pack = rows[at];
    if (pack !== undefined) packs.add(pack.first_id);
  }
  return [...packs];
}

function firstNotBelow(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bytes of a few uplinks; those that are gone are absent. */
export async function payloadsOf(from: Queryable, uplinkIds: readonly number[]): Promise<Map<number, Uint8Array>> {
  const { rows } = await from.query<{ uplink_id: number; payload: Buffer }>(
    'SELECT wanted AS uplink_id, payload FROM unnest($1::bigint[]) AS wanted, metering.find_uplink(wanted)',
    [uplinkIds],
  );
  return new Map(rows.map(({ uplink_id, payload }) => [uplink_id, payload]));
}

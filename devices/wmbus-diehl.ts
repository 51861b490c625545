// What the radios of the Diehl makers (Hydrometer, Sappel, Sharky …) do their own way: the address, and a shift register
// instead of AES. Source: the open decoders of wmbusmeters (Tomasiak, Privat), izar-wmbus-esp and wmbus-izar-to-lorawan,
// which agree; the two keys are the ones they publish as used by every meter that got no key of its own.
import { type MeterAddress, manufacturerCode } from './wmbus-address.ts';

/** The makers that use them. */
const makers = new Set(['DME', 'EWT', 'HYD', 'SAP', 'SPL']);

/** CI fields A0 to A7: a PRIOS telegram. */
export function isPriosCi(ci: number): boolean {
  return ci >= 0xa0 && ci <= 0xa7;
}

/** How one of their telegrams is laid out, which its maker, CI field and configuration tell; null: as the standard says. */
type Layout = 'prios' | 'prios_sappel' | 'scrambled_records' | null;

export function diehlLayout(link: Uint8Array): Layout {
  const maker = manufacturerCode(link.subarray(2, 4));
  const ci = link[10] ?? 0;
  if (!makers.has(maker)) return null;
  if (isPriosCi(ci)) return maker === 'SAP' ? 'prios_sappel' : 'prios';
  if (ci >= 0xb1 && ci <= 0xb3) return 'prios';
  // Bit 12 of the configuration field, which in the standard's counting is a mode above 15.
  if (ci === 0x71 || (ci === 0x7a && ((link[14] ?? 0) & 0x10) !== 0)) return 'scrambled_records';
  return null;
}

/** The sender's address where it is not laid out as the standard says, else null. */
export function diehlAddress(link: Uint8Array): MeterAddress | null {
  const layout = diehlLayout(link);
  if (layout === null) return null;
  const manufacturer = link.subarray(2, 4);
  // Sappel's ids run on into the version and medium fields; such radios are on water meters only.
  if (layout === 'prios_sappel') return { manufacturer, id: link.subarray(4, 8), version: 0, medium: 7 };
  return { manufacturer, id: link.subarray(6, 10), version: link[4] ?? 0, medium: link[5] ?? 0 };
}

/** Where the scrambled part of a telegram begins, counted from its L field. */
const scrambledFrom = 15;

const publishedKeys: readonly number[] = [folded(0x39bc8a10, 0xe66d83f8), folded(0x51728910, 0xe66d83f8)];

/** Meters of these makers whose OMS key nobody set have the second published key, twice over, as their AES key. */
export const diehlDefaultAesKey = Uint8Array.from(Buffer.from('51728910e66d83f851728910e66d83f8', 'hex'));

export function isDiehl(manufacturer: Uint8Array): boolean {
  return makers.has(manufacturerCode(manufacturer));
}

/**
 * The scrambled part, with each key that may fit until `holds` says that one does; null when none does.
 *
 * @param key the meter's own key, 8 bytes or 16 of which the first 8 count; the published ones are tried when there is none
 */
export function unscrambled(
  link: Uint8Array,
  key: Uint8Array | undefined,
  holds: (data: Uint8Array) => boolean,
): Uint8Array | null {
  if (link.length <= scrambledFrom) return null;
  const own = key !== undefined && key.length >= 8 ? [folded(wordAt(key, 0), wordAt(key, 4))] : [];
  for (const seed of [...own, ...publishedKeys]) {
    const data = shifted(link, seed);
    if (holds(data)) return data;
  }
  return null;
}

function shifted(link: Uint8Array, seed: number): Uint8Array {
  // Maker and address, and the CI field with the three bytes behind it, are stirred into the key.
  let register = (seed ^ wordAt(link, 2) ^ wordAt(link, 6) ^ wordAt(link, 10)) >>> 0;
  const data = Uint8Array.from(link.subarray(scrambledFrom));
  for (let at = 0; at < data.length; at += 1) {
    for (let step = 0; step < 8; step += 1) {
      const bit = ((register >>> 1) ^ (register >>> 2) ^ (register >>> 11) ^ (register >>> 31)) & 1;
      register = ((register << 1) | bit) >>> 0;
    }
    data[at] = (data[at] ?? 0) ^ (register & 0xff);
  }
  return data;
}

/** Big-endian. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

function folded(high: number, low: number): number {
  return (high ^ low) >>> 0;
}

/**
 * Scrambled EN 13757-3 records: the sum of their bytes, without bit 4, stands in the configuration's second byte. Gateways
 * hand them on unscrambled with the header as sent, so they are looked at as they are first. Null when nothing fits.
 */
export function unscrambledRecords(link: Uint8Array, key: Uint8Array | undefined): Uint8Array | null {
  const sum = (link[14] ?? 0) & 0xef;
  const fits = (data: Uint8Array) => (data.reduce((total, byte) => total + byte, 0) & 0xef) === sum;
  const asSent = link.subarray(scrambledFrom);
  return fits(asSent) ? asSent : unscrambled(link, key, fits);
}

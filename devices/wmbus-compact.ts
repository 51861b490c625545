// Compact frames: values without their DIFs and VIFs, which a signature names. Source: EN 13757-3:2018 annex G.
import { dataLength, readHeader, readRecords } from './mbus-records.ts';
import { crcOf, joined, type Refusal, refusal } from './wmbus-link.ts';

/** A layout is the DIFs and VIFs of a full frame, in a row; its signature is their CRC. */
const mostLayouts = 1000;
const longestLayout_bytes = 240;

export interface LayoutMemory {
  /** Takes down the layout of a full frame's data, so that compact frames of the same layout can be read. */
  learnFrom(data: Uint8Array): void;
  /** Takes down a layout as a format frame sends it: length, signature, DIFs and VIFs. False when it does not hold. */
  learnLayout(data: Uint8Array): boolean;
  /**
   * The full frame's data that a compact frame stands for; `data` begins with the signature.
   *
   * @param intact a CRC of the layer around it has shown that it came as it was sent
   */
  expand(data: Uint8Array, intact: boolean): { ok: true; data: Uint8Array } | Refusal;
}

/**
 * Remembers layouts by their signature, the thousand that were learnt last. One that were wrong can't pass: a compact
 * frame also has the CRC of the full one, and what is put together must have it. Some Kamstrup meters send another CRC than
 * that; where the layout is a published one and the frame has come intact, that is let pass.
 *
 * @param known layouts in hex that makers are known to use
 */
export function layoutMemory(known: readonly string[]): LayoutMemory {
  const fixed = new Map(known.map((hex) => withSignature(Uint8Array.from(Buffer.from(hex, 'hex')))));
  const learnt = new Map<number, Uint8Array>();

  function learn(layout: Uint8Array): void {
    if (layout.length === 0 || layout.length > longestLayout_bytes) return;
    const [signature] = withSignature(layout);
    if (fixed.has(signature)) return;
    learnt.delete(signature);
    learnt.set(signature, Uint8Array.from(layout));
    const [oldest] = learnt.keys();
    if (learnt.size > mostLayouts && oldest !== undefined) learnt.delete(oldest);
  }

  return {
    learnFrom(data) {
      const layout = layoutOf(data);
      if (layout !== null) learn(layout);
    },
    learnLayout(data) {
      const length = data[0] ?? 0;
      const layout = data.subarray(3, 1 + length);
      if (length < 3 || data.length < 1 + length || withSignature(layout)[0] !== wordAt(data, 1)) return false;
      learn(layout);
      return true;
    },
    expand(data, intact) {
      const start = data[0] === 0x2f && data[1] === 0x2f ? 2 : 0;
      if (data.length < start + 4) return refusal('FRAME_TOO_SHORT', 'the compact frame ends inside its signature');
      const signature = wordAt(data, start);
      const layout = fixed.get(signature) ?? learnt.get(signature);
      if (layout === undefined) {
        return refusal(
          'COMPACT_FRAME_UNKNOWN',
          'a compact frame names its layout by a signature, and no full frame that explains it was seen',
        );
      }
      const full = filled(layout, data.subarray(start + 4));
      const crc = wordAt(data, start + 2);
      // Where the full frame is encrypted its CRC may be over the two fillers in front as well.
      const fits = full !== null && (crcOf(full) === crc || crcOf(joined([Uint8Array.of(0x2f, 0x2f), full])) === crc);
      if (full === null || !(fits || (intact && fixed.has(signature)))) {
        return refusal('FRAME_CRC_WRONG', 'what the compact frame stands for has not the CRC that it names');
      }
      return { ok: true, data: full };
    },
  };
}

function withSignature(layout: Uint8Array): [number, Uint8Array] {
  return [crcOf(layout), layout];
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

/** The DIFs and VIFs of a frame's records; null when it is no frame of records alone. */
function layoutOf(data: Uint8Array): Uint8Array | null {
  const whole = readRecords(data);
  if (whole.fault !== null || whole.manufacturer_specific !== null) return null;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    if (data[at] === 0x2f) {
      at += 1;
      continue;
    }
    if (data[at] === 0xff) break;
    const header = readHeader(data, at);
    if ('reason' in header) return null;
    const length = fieldLength(header.dif, data[header.next]);
    if (length === null) return null;
    parts.push(data.subarray(at, header.next));
    at = header.next + length;
  }
  return joined(parts);
}

/** The layout with the values put in; null when there are too few or too many of them. */
function filled(layout: Uint8Array, values: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < layout.length; ) {
    const header = readHeader(layout, at);
    if ('reason' in header) return null;
    const length = fieldLength(header.dif, values[from]);
    if (length === null || from + length > values.length) return null;
    parts.push(layout.subarray(at, header.next), values.subarray(from, from + length));
    from += length;
    at = header.next;
  }
  return values.subarray(from).every((byte) => byte === 0x2f) ? joined(parts) : null;
}

/** Bytes of the data field with the length byte of a variable one; null when it is reserved or can't be read. */
function fieldLength(dif: number, first: number | undefined): number | null {
  const length = dataLength(dif, first);
  if (length === null) return null;
  return (dif & 0x0f) === 0x0d ? length + 1 : length;
}

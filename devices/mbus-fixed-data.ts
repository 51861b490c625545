// The fixed data structure of the oldest wired meters: id, status, two counters, one unit each.
// Source: EN 1434-3:1997 clause 5.4 and its annex on units; still described in EN 13757-3:2004 annex H.
import { type StatusBit, statusOf, together } from './mbus-status.ts';
import { registerOf } from './mbus-uplink.ts';
import { decimalOf, integerOf } from './mbus-values.ts';
import { type DecodeResult, refused } from './payload-format.ts';
import { meterIdOf } from './wmbus-address.ts';
import { keptVolume, registerVolume } from './wmbus-model.ts';

const length_bytes = 17;
/** CI 73: the byte of least worth first; 77 is the other way round, and no meter was seen to use it. */
const ciLowFirst = 0x73;

/** Unit codes of volumes: 29 is litres, each further one ten times as much. */
const litre = 0x29;
const largestVolume = 0x31;
/** The second counter is of the first one's unit and was kept at a due date. */
const sameButHistoric = 0x3e;

const statusBits: readonly StatusBit[] = [
  [0x04, 'POWER_LOW', 'battery_low'],
  [0x08, 'PERMANENT_ERROR', 'permanent_error'],
  [0x10, 'TEMPORARY_ERROR', 'temporary_error'],
];
/** Bit 0: the counters are binary, not decimal; bit 1: both were kept at a due date. */
const isBinary = 0x01;
const isKept = 0x02;

const waterMedia: Partial<Record<number, string>> = { 6: 'warm water', 7: 'water' };

export function isFixedData(body: Uint8Array): boolean {
  return body[0] === ciLowFirst && body.length === length_bytes;
}

/** CI, id (4), access number, status, two unit bytes with the medium in their top bits, two counters (4 each). */
export function readFixedData(body: Uint8Array): DecodeResult {
  const status = body[6] ?? 0;
  const first = body[7] ?? 0;
  const second = body[8] ?? 0;
  const medium = waterMedia[((second >> 6) << 2) | (first >> 6)];
  if (medium === undefined) return refused('NO_VOLUME', 'the fixed data structure is not of a water meter');
  const counterAt = (at: number) => {
    const bytes = body.subarray(at, at + 4);
    return (status & isBinary) === 0 ? decimalOf(bytes) : integerOf(bytes);
  };
  const unit = litresPer(first & 0x3f);
  const now = counterAt(9);
  if (unit === null || now === null || now < 0) {
    return refused('NO_VOLUME', 'the first counter of the fixed data structure is no volume');
  }
  const kept = counterAt(13);
  const keptUnit = (second & 0x3f) === sameButHistoric ? unit : null;
  if ((status & isKept) !== 0) return refused('NO_VOLUME', 'both counters were kept at a due date that is not told');
  const told = together([statusOf(status, statusBits, 0x1c)]);
  return {
    ok: true,
    uplink: {
      meter_id: meterIdOf(body.subarray(1, 5)),
      model: `${medium} meter with the fixed data structure`,
      readings: [{ measured_at: null, ...registerOf(now * unit) }],
      flags: told.flags,
      status: told.names,
      volumes: [
        registerVolume(now * unit),
        ...(kept === null || keptUnit === null ? [] : [keptVolume(kept * keptUnit, 1, null)]),
      ],
    },
  };
}

function litresPer(unit: number): number | null {
  return unit < litre || unit > largestVolume ? null : 10 ** (unit - litre);
}

// The house format in CBOR: the records of senml-json.ts under the integer labels of RFC 8428 section 6.
//
// The decoder is strict, as RFC 8949 section 4.2 is about encoding: shortest integers and lengths, no undefined, NaN or
// infinity, no key twice, nothing behind the pack. Of tags it knows the decimal fraction (tag 4), which carries 225.151 as
// the whole number it is: 4([-3, 225151]).
import { decode as decodeCbor, encode as encodeCbor, type TagDecoder } from 'cborg';
import { type DecodeResult, type EncodableReading, type PayloadFormat, refused } from './payload-format.ts';
import { decodePack, mostEncoded, mostPayload_bytes, packOf } from './senml-pack.ts';

/** Source: RFC 8428 table 4, which is conclusive: a later label would be a string. */
const labels: ReadonlyMap<number, string> = new Map([
  [-6, 'bs'],
  [-5, 'bv'],
  [-4, 'bu'],
  [-3, 'bt'],
  [-2, 'bn'],
  [-1, 'bver'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
]);
const numbers: ReadonlyMap<string, number> = new Map([...labels].map(([number, label]) => [label, number]));

/** Beyond these a decimal fraction is no register, time or voltage. */
const mostExponent = 15;

/**
 * Mantissa times ten to the exponent, as the double nearest to it: the same that JSON's `225.151` parses to.
 * Source: RFC 8949 section 3.4.4
 */
const decimalFraction: TagDecoder = (content) => {
  const parts = content();
  if (!Array.isArray(parts) || parts.length !== 2) throw new Error('not a decimal fraction');
  const [exponent, mantissa] = parts as unknown[];
  if (!Number.isSafeInteger(exponent) || !Number.isSafeInteger(mantissa) || Math.abs(Number(exponent)) > mostExponent) {
    throw new Error('not a decimal fraction');
  }
  return Number(`${mantissa}e${exponent}`);
};

function decode(payload: Uint8Array): DecodeResult {
  if (payload.length > mostPayload_bytes) {
    return refused('PAYLOAD_TOO_LARGE', `a pack has at most ${mostPayload_bytes} bytes`);
  }
  let pack: unknown;
  try {
    pack = decodeCbor(payload, {
      strict: true,
      // A pack may be a stream of records of unknown number [RFC 8428 section 8].
      allowIndefinite: true,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      useMaps: true,
      rejectDuplicateMapKeys: true,
      tags: { 4: decimalFraction },
    });
  } catch {
    // Nesting too deep for the stack ends here as well.
    return refused('CBOR_INVALID', 'the payload is not one CBOR item in its strict form');
  }
  return decodePack(Array.isArray(pack) ? pack.map(withJsonLabels) : pack);
}

/** The record under JSON's labels; whatever is no record is left for the pack's own checks to refuse. */
function withJsonLabels(record: unknown): unknown {
  if (!(record instanceof Map)) return null;
  const named: Record<string, unknown> = Object.create(null);
  for (const [key, value] of record) {
    const label = typeof key === 'number' ? labels.get(key) : undefined;
    // An extension's label is a string; a known one spelt out is not RFC 8428, and would stand beside its number.
    if (label === undefined && (typeof key !== 'string' || numbers.has(key))) return null;
    const name = label ?? String(key);
    // In CBOR data values are byte strings; in JSON they are text. Nothing here reads them.
    named[name] = name === 'vd' ? (value instanceof Uint8Array ? '' : null) : value;
  }
  return named;
}

function encode(reading: EncodableReading): Uint8Array {
  const pack = packOf(reading).map(
    (record) => new Map(Object.entries(record).map(([label, value]) => [numbers.get(label) ?? label, value])),
  );
  return encodeCbor(pack);
}

export const senmlCbor: PayloadFormat = {
  name: 'senml+cbor',
  version: 1,
  most_readings: mostEncoded,
  decode,
  encode,
  examples: [
    {
      title: 'A register as a decimal fraction, the hour before as a float, a leak alarm',
      payload_hex:
        '83a50068726567697374657201626d3302c482221a00036f7f21781875726e3a6e6172753a6d657465723a32333136353031373a221a69a38f90a40068726567697374657201626d3302fb406c23333333333306390e0fa200646c65616b04f5',
      expect: {
        ok: true,
        uplink: {
          meter_id: '23165017',
          model: null,
          readings: [
            { measured_at: '2026-03-01T01:00:00.000Z', register_l: 225_151 },
            { measured_at: '2026-03-01T00:00:00.000Z', register_l: 225_100, kind: 'historic' },
          ],
          flags: ['leak'],
        },
      },
    },
    {
      title: 'An integer that is longer than it need be',
      payload_hex: '81a30068726567697374657201626d33021800',
      expect: refused('CBOR_INVALID', 'the payload is not one CBOR item in its strict form'),
    },
  ],
};

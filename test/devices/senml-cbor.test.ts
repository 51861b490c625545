// SenML in CBOR: the same packs as in JSON say the same, and CBOR that is not in its strict form is refused.
import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodeResult, EncodableReading } from '../../devices/payload-format.ts';
import { senmlCbor } from '../../devices/senml-cbor.ts';
import { senmlJson } from '../../devices/senml-json.ts';

const decodeHex = (hex: string): DecodeResult => senmlCbor.decode(Buffer.from(hex.replace(/\s/g, ''), 'hex'), {});
const decode = (pack: unknown): DecodeResult => senmlCbor.decode(encode(pack), {});
const record = (...entries: [unknown, unknown][]) => new Map(entries);
/** {"n":"register","u":"m3","v": …} up to the value. */
const registerIs = '81 a3 00 68 7265676973746572 01 62 6d33 02';

it('says of any reading what JSON says', () => {
  const readings = fc.array(
    fc.record({ measured_at_ms: fc.integer({ min: 1.4e12, max: 2e12 }), register_l: fc.nat() }),
    {
      minLength: 1,
      maxLength: 20,
    },
  );
  const flags = fc.subarray(['leak', 'burst', 'magnet', 'no such flag']);
  fc.assert(
    fc.property(readings, flags, fc.option(fc.double({ min: 2, max: 4, noNaN: true })), (given, raised, battery_v) => {
      const reading: EncodableReading = {
        ...{ meter_id: '7', bore_mm: 15, readings: given, flags: raised, utc_offset_min: 540 },
        ...(battery_v !== null && { battery_v }),
      };
      const [cbor, json] = [senmlCbor, senmlJson].map((format) => {
        const bytes = format.encode?.(reading) ?? new Uint8Array();
        return { bytes, result: format.decode(bytes, {}) };
      });
      expect(cbor?.result).toMatchObject({ ok: true });
      expect(cbor?.result).toEqual(json?.result);
      expect(cbor?.bytes.length).toBeLessThan(json?.bytes.length ?? 0);
    }),
  );
});

describe('a register is the same litre', () => {
  it.each([
    ['a decimal fraction, 4([-3, 225151])', 'c4 82 22 1a 00036f7f'],
    ['a double', 'fb 406c24d4fdf3b646'],
  ])('as %s', (_how, value) => {
    expect(decodeHex(`${registerIs} ${value}`)).toMatchObject({
      ok: true,
      uplink: { readings: [{ register_l: 225_151 }] },
    });
  });

  it('as an integer of litres, with a base value, in a pack of unknown length [RFC 8428 8]', () => {
    expect(decodeHex('9f a4 00 68 7265676973746572 01 61 6c 24 18 64 02 05 ff')).toMatchObject({
      uplink: { readings: [{ register_l: 105 }] },
    });
  });
});

describe('what is refused', () => {
  it.each([
    ['nothing', ''],
    ['a value that is undefined', `${registerIs} f7`],
    ['NaN', `${registerIs} fb 7ff8000000000000`],
    ['infinity', `${registerIs} f9 7c00`],
    ['an integer in more bytes than it needs', `${registerIs} 18 00`],
    ['a tag other than the decimal fraction', `${registerIs} c2 41 01`],
    ['a decimal fraction of one number', `${registerIs} c4 81 22`],
    ['a decimal fraction with a huge exponent', `${registerIs} c4 82 39 ffff 01`],
    ['a key twice', '81 a3 00 68 7265676973746572 02 05 02 06'],
    ['a byte behind the pack', `${registerIs} 05 00`],
    ['a pack cut off', `${registerIs}`],
    ['a list that says it has 2^32 - 1 records', '9a ffffffff'],
    ['lists in lists without end', '81'.repeat(20_000)],
  ])('%s', (_what, hex) => {
    expect(decodeHex(hex)).toMatchObject({ ok: false, problem: { code: 'CBOR_INVALID' } });
  });

  it.each([
    ['a map for a pack', record([0, 'register'])],
    ['a record that is a list', [['register']]],
    ['a label that RFC 8428 does not have', [record([0, 'register'], [1, 'l'], [2, 5], [9, 1])]],
    ['a known label spelt out', [record(['n', 'register'], ['u', 'l'], ['v', 5])]],
    ['a field that must be understood', [record([0, 'register'], [1, 'l'], [2, 5], ['__proto__', 1])]],
    ['a data value that is text', [record([0, 'register'], [1, 'l'], [2, 5]), record([0, 'x'], [8, 'text'])]],
    ['a name that is a number', [record([0, 7], [1, 'l'], [2, 5])]],
    ['two values', [record([0, 'register'], [1, 'l'], [2, 5], [4, true])]],
  ])('%s', (_what, pack) => {
    expect(decode(pack)).toMatchObject({ ok: false, problem: { code: 'SENML_INVALID' } });
  });

  it('an extension’s label is passed over, and data values with it', () => {
    const pack = [record([0, 'register'], [1, 'l'], [2, 5], ['vendor', 1]), record([0, 'x'], [8, new Uint8Array(3)])];
    expect(decode(pack)).toMatchObject({ ok: true, uplink: { readings: [{ register_l: 5 }] } });
  });
});

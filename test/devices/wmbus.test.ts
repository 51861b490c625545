// Wireless M-Bus against telegrams of 30 makes of water meter that others recorded and decoded.
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodedReading, DecodeResult } from '../../devices/payload-format.ts';
import { wmbus } from '../../devices/wmbus.ts';
import { crcOf } from '../../devices/wmbus-frame.ts';
import { recordedJson } from '../support/recorded-data.ts';

interface Recorded {
  model: string;
  key: string | null;
  telegram: string;
  expect: { id: string; total_m3?: number; meter_datetime?: string };
}

const telegrams = recordedJson<Recorded[]>('wmbus-water.json');

function decodeHex(hex: string, keyHex?: string | null): DecodeResult {
  return wmbus.decode(Buffer.from(hex, 'hex'), keyHex == null ? {} : { key: Buffer.from(keyHex, 'hex') });
}

function currentOf(result: DecodeResult): DecodedReading | undefined {
  return result.ok ? result.uplink.readings.find((reading) => reading.kind === undefined) : undefined;
}

/** Tenths of a litre, as some of them print; a register in whole litres is rounded down. */
function litresOf(total_m3: number): number {
  return Math.floor(Math.round(total_m3 * 10_000) / 10);
}

/** Plain EN 13757-3 records, as sent or as a gateway with the keys handed them on; 16 and 77 in wired long frames. */
const plain = [
  16, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 44, 45, 46, 48, 49, 55, 56, 57, 61, 64, 68,
  69, 70, 71, 74, 76, 77,
];
/** The same records, encrypted in mode 5 with a key that is given. */
const encrypted = [17, 36, 40, 41, 53, 54, 72, 73, 75];
/** Plain records without a total: only what the meter kept at a due date. */
const withoutTotal = [20, 47, 52];
/** What is refused, and why. */
const refusals: Record<string, { indexes: number[]; models: string[] }> = {
  FORMAT_MANUFACTURER_SPECIFIC: {
    indexes: [
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 37, 38, 39, 50, 51, 58, 59, 60, 62, 65, 66, 67, 78],
    ],
    models: ['apator08', 'apator162', 'apator172', 'apatorna1', 'izarv2', 'mkradio3', 'qwaterv2', 'rfmtx1', 'zenner0b'],
  },
  // Kamstrup's compact frames: the layout is in another telegram.
  COMPACT_FRAME_UNKNOWN: { indexes: [42, 43], models: ['kamwater'] },
  // Qundis' own record, and two bytes behind the last record that are none.
  RECORDS_MALFORMED: { indexes: [63], models: ['qwaterv2'] },
};

describe.skipIf(telegrams === null)('the 79 recorded telegrams', () => {
  const all = telegrams ?? [];
  const at = (index: number): Recorded => all[index] ?? { model: 'none', key: null, telegram: '', expect: { id: '' } };
  const cases = (indexes: number[]) => indexes.map((index) => ({ index, model: at(index).model }));

  it.each(cases(plain))('total, meter and time match: $index $model, plain records', ({ index }) => {
    const { telegram, expect: expected } = at(index);
    const result = decodeHex(telegram);
    expect(currentOf(result)?.register_l).toBe(litresOf(expected.total_m3 ?? Number.NaN));
    expect(result.ok && result.uplink.meter_id).toBe(expected.id);
    if (expected.meter_datetime !== undefined) {
      // 77's clock was never set: a month and a day of 0 are no date, so its time is not taken.
      const time = index === 77 ? null : expected.meter_datetime.replace(' ', 'T');
      expect(currentOf(result)?.measured_at).toBe(time);
    }
  });

  it.each(cases(encrypted))('total and meter match: $index $model, opened with its key', ({ index }) => {
    const { telegram, key, expect: expected } = at(index);
    const result = decodeHex(telegram, key);
    expect(currentOf(result)?.register_l).toBe(litresOf(expected.total_m3 ?? Number.NaN));
    expect(result.ok && result.uplink.meter_id).toBe(expected.id);
    // 73 marks its own clock as invalid, so its time is not taken.
    const time = index === 73 ? undefined : expected.meter_datetime?.replace(' ', 'T');
    expect(currentOf(result)?.measured_at ?? undefined).toBe(time);
  });

  it.each(cases(encrypted))('$index $model is refused without its key, and with another', ({ index }) => {
    expect(decodeHex(at(index).telegram)).toMatchObject({ problem: { code: 'ENCRYPTED_NO_KEY' } });
    const other = '0f'.repeat(16);
    expect(decodeHex(at(index).telegram, other)).toMatchObject({ problem: { code: 'DECRYPTION_FAILED' } });
  });

  it.each(cases(withoutTotal))('$index $model has no total, only what it kept', ({ index }) => {
    const result = decodeHex(at(index).telegram);
    expect(at(index).expect.total_m3).toBeUndefined();
    expect(result.ok && result.uplink.readings.every((reading) => reading.kind === 'historic')).toBe(true);
  });

  it.each(
    Object.entries(refusals).flatMap(([code, { indexes }]) => indexes.map((index) => ({ code, index, ...at(index) }))),
  )('$index $model is refused: $code', ({ code, telegram, key }) => {
    expect(decodeHex(telegram, key)).toMatchObject({ ok: false, problem: { code } });
  });

  it('are each in one of these lists: 44 totals of the 76 that have one match', () => {
    const refused = Object.values(refusals).flatMap(({ indexes }) => indexes);
    const listed = [...plain, ...encrypted, ...withoutTotal, ...refused];
    expect(listed.sort((one, two) => one - two)).toEqual(all.map((_, index) => index));
    for (const { indexes, models } of Object.values(refusals)) {
      expect([...new Set(indexes.map((index) => at(index).model))]).toEqual(models);
    }
    const matching = all.filter(({ telegram, key, expect: expected }) => {
      if (expected.total_m3 === undefined) return false;
      return currentOf(decodeHex(telegram, key))?.register_l === litresOf(expected.total_m3);
    });
    expect(matching.length).toBe(44);
    expect(all.filter(({ expect: expected }) => expected.total_m3 !== undefined).length).toBe(76);
  });

  it('give what the meter kept at month ends with its date, counted back where only the interval is sent', () => {
    const result = decodeHex(at(21).telegram);
    expect(result.ok && result.uplink.readings).toContainEqual({
      measured_at: '2020-11-30T23:59',
      register_l: 27,
      kind: 'historic',
    });
    expect(result.ok && result.uplink.readings).toContainEqual({
      measured_at: '2020-02-29T23:59',
      register_l: 0,
      kind: 'historic',
    });
  });
});

const id = fc.integer({ min: 0, max: 99_999_999 }).map((value) => String(value).padStart(8, '0'));
const register_l = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const second_ms = fc.integer({ min: 1_003_500_000, max: 3_060_000_000 }).map((seconds) => seconds * 1000);

describe('what the encoder makes', () => {
  const reading = fc.record({ measured_at_ms: second_ms, register_l });

  it('decodes to the same meter, registers and local times', () => {
    fc.assert(
      fc.property(id, fc.array(reading, { minLength: 1, maxLength: 12 }), (meter_id, readings) => {
        const bytes = wmbus.encode?.({ meter_id, bore_mm: 15, readings, flags: ['battery_low'], utc_offset_min: 540 });
        const result = wmbus.decode(bytes ?? new Uint8Array(), {});
        const expected = readings
          .map((one) => ({
            measured_at: new Date(one.measured_at_ms + 540 * 60_000).toISOString().slice(0, 19),
            register_l: one.register_l,
          }))
          .reverse()
          .map((one, index) => (index === 0 ? one : { ...one, kind: 'historic' }));
        expect(result).toMatchObject({ ok: true, uplink: { meter_id, readings: expected, flags: ['battery_low'] } });
      }),
    );
  });

  it('is read the same with the CRCs of frame format A and of format B', () => {
    fc.assert(
      fc.property(id, fc.array(reading, { minLength: 1, maxLength: 12 }), (meter_id, readings) => {
        const encoded = wmbus.encode?.({ meter_id, bore_mm: 15, readings, flags: [], utc_offset_min: 0 });
        const bare = encoded ?? new Uint8Array();
        const expected = wmbus.decode(bare, {});
        expect(wmbus.decode(formatA(bare), {})).toEqual(expected);
        if (bare.length <= 250) expect(wmbus.decode(formatB(bare), {})).toEqual(expected);
      }),
    );
  });

  it('is refused when a bit of format A is turned', () => {
    fc.assert(
      fc.property(id, reading, fc.nat(1000), fc.nat(7), (meter_id, one, at, bit) => {
        const encoded = wmbus.encode?.({ meter_id, bore_mm: 15, readings: [one], flags: [], utc_offset_min: 0 });
        const bytes = formatA(encoded ?? new Uint8Array());
        const turned = at % bytes.length;
        bytes[turned] = (bytes[turned] ?? 0) ^ (1 << bit);
        expect(wmbus.decode(bytes, {}).ok).toBe(false);
      }),
    );
  });

  it('opens again after encryption in mode 5, with the key alone', () => {
    fc.assert(
      fc.property(id, reading, fc.uint8Array({ minLength: 16, maxLength: 16 }), (meter_id, one, key) => {
        const encoded = wmbus.encode?.({ meter_id, bore_mm: 15, readings: [one], flags: [], utc_offset_min: 0 });
        const bare = encoded ?? new Uint8Array();
        const sealed = inMode5(bare, key);
        expect(wmbus.decode(sealed, { key })).toEqual(wmbus.decode(bare, {}));
        expect(wmbus.decode(sealed, {})).toMatchObject({ problem: { code: 'ENCRYPTED_NO_KEY' } });
      }),
    );
  });
});

function withCrc(block: Uint8Array): number[] {
  const crc = crcOf(block);
  return [...block, crc >> 8, crc & 0xff];
}

function formatA(bare: Uint8Array): Uint8Array {
  const bytes = withCrc(bare.subarray(0, 10));
  for (let at = 10; at < bare.length; at += 16) bytes.push(...withCrc(bare.subarray(at, at + 16)));
  return Uint8Array.from(bytes);
}

function formatB(bare: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bare.length / 126);
  const counted = Uint8Array.from(bare);
  counted[0] = bare.length + 2 * blocks - 1;
  const bytes: number[] = [];
  for (let at = 0; at < counted.length; at += 126) bytes.push(...withCrc(counted.subarray(at, at + 126)));
  return Uint8Array.from(bytes);
}

/** Seals the records behind a short header (bytes 10 to 14) with idle fillers before and after. */
function inMode5(bare: Uint8Array, key: Uint8Array): Uint8Array {
  const clear = [0x2f, 0x2f, ...bare.subarray(15)];
  while (clear.length % 16 !== 0) clear.push(0x2f);
  const access = 0x2a;
  const vector = Uint8Array.from([...bare.subarray(2, 10), ...new Uint8Array(8).fill(access)]);
  const cipher = createCipheriv('aes-128-cbc', key, vector).setAutoPadding(false);
  const sealed = cipher.update(Uint8Array.from(clear));
  const header = [0x7a, access, 0, (clear.length / 16) << 4, 0x05];
  return Uint8Array.from([9 + header.length + sealed.length, ...bare.subarray(1, 10), ...header, ...sealed]);
}

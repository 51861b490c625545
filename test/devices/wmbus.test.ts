// Wireless M-Bus against telegrams of 36 models of water meter that others recorded and decoded, and against its own rules.
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodedReading, DecodedUplink, DecodeResult } from '../../devices/payload-format.ts';
import { wmbus } from '../../devices/wmbus.ts';
import { crcOf } from '../../devices/wmbus-link.ts';
import { recordedJson } from '../support/recorded-data.ts';

interface Recorded {
  model: string;
  key: string | null;
  telegram: string;
  expect: { id: string; total_m3?: number; status?: string; meter_datetime?: string } & Record<string, unknown>;
}

const telegrams = recordedJson<Recorded[]>('wmbus-water.json');

function decodeHex(hex: string, keyHex?: string | null): DecodeResult {
  return wmbus.decode(Buffer.from(hex, 'hex'), keyHex == null ? {} : { key: Buffer.from(keyHex, 'hex') });
}

function currentOf(result: DecodeResult): DecodedReading | undefined {
  return result.ok ? result.uplink.readings.find((reading) => reading.kind === undefined) : undefined;
}

/** Only what the meter kept at a due date: 20 and 47 have no register at all, 52 has it in a coding that nobody published. */
const withoutTotal = [20, 47, 52];
/** Clocks that were never set: a month and a day of 0 are no date. */
const noDate = /^2000-00-00/;
/** Sealed with the meter's own key. 11 to 15 have the key that their maker gave to all of them, so none has to be given. */
const sealed = [17, 36, 40, 41, 53, 54, 72, 73, 75];

describe.skipIf(telegrams === null)('the 79 recorded telegrams', () => {
  const all = telegrams ?? [];
  const at = (index: number): Recorded => all[index] ?? { model: 'none', key: null, telegram: '', expect: { id: '' } };
  const cases = all.map((one, index) => ({ index, ...one }));
  const opened = (index: number): DecodedUplink => {
    const result = decodeHex(at(index).telegram, at(index).key);
    if (!result.ok) throw new Error(`${index} is refused: ${result.problem.code}`);
    return result.uplink;
  };

  it.each(cases)('$index $model: meter and total are as recorded', ({ index, telegram, key, expect: expected }) => {
    const result = decodeHex(telegram, key);
    expect(result.ok && result.uplink.meter_id).toBe(expected.id);
    const current = currentOf(result);
    if (expected.total_m3 === undefined) expect([withoutTotal.includes(index), current]).toEqual([true, undefined]);
    else {
      expect((current?.exact_l ?? current?.register_l ?? Number.NaN) / 1000).toBeCloseTo(expected.total_m3, 6);
      expect(current?.register_l).toBe(Math.floor(Math.round(expected.total_m3 * 1e6) / 1000));
    }
  });

  it.each(cases.filter(({ expect: { status } }) => status !== undefined))(
    '$index $model: its state is as recorded, $expect.status',
    ({ index, expect: { status } }) => {
      expect(opened(index).status?.join(' ')).toBe(status === 'OK' ? '' : status);
    },
  );

  it.each(cases)('$index $model: each recorded date is told', ({ index, expect: expected }) => {
    const uplink = opened(index);
    const told = [
      ...uplink.readings.map((reading) => reading.measured_at),
      ...(uplink.volumes ?? []).map((volume) => volume.at),
      ...(uplink.dates ?? []).map((date) => date.at),
    ].map((time) => time?.replace('T', ' '));
    const dates = Object.values(expected).filter(
      (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && !noDate.test(value),
    );
    for (const date of dates) expect(told.some((time) => time?.startsWith(String(date)))).toBe(true);
  });

  it.each(cases)(
    '$index $model: each recorded volume is told, and backward flow as such',
    ({ index, expect: expected }) => {
      const told = opened(index).volumes ?? [];
      // Two of a reading aid's own: what Qundis' months are counted in is tens of litres, not litres.
      const volumes = Object.entries(expected).filter(
        ([name]) => /_m3$/.test(name) && !name.startsWith('volume_delta'),
      );
      for (const [name, value] of volumes) {
        const of = /back/.test(name) ? told.filter((volume) => volume.of === 'backward') : told;
        const litres = Number(value) * 1000;
        expect(of.some((volume) => Math.abs(volume.volume_l - litres) < 0.001)).toBe(true);
      }
    },
  );

  it.each(sealed.map((index) => ({ index, ...at(index) })))(
    '$index $model is refused without its key, and with another',
    ({ telegram }) => {
      expect(decodeHex(telegram)).toMatchObject({ problem: { code: 'ENCRYPTED_NO_KEY' } });
      expect(decodeHex(telegram, '0f'.repeat(16))).toMatchObject({ problem: { code: 'DECRYPTION_FAILED' } });
    },
  );

  it.each([11, 12, 13, 14, 15].map((index) => ({ index, ...at(index) })))(
    '$index $model opens with the key common to all of its make, and is refused with another',
    ({ telegram, key }) => {
      expect(decodeHex(telegram)).toEqual(decodeHex(telegram, key));
      expect(decodeHex(telegram, '0f'.repeat(16))).toMatchObject({ problem: { code: 'DECRYPTION_FAILED' } });
    },
  );

  it('give what the meter kept at month ends with its date, counted back where only the interval is sent', () => {
    const { readings } = opened(21);
    expect(readings).toContainEqual({ measured_at: '2020-11-30T23:59', register_l: 27, kind: 'historic' });
    expect(readings).toContainEqual({ measured_at: '2020-02-29T23:59', register_l: 0, kind: 'historic' });
  });

  it('give no reading of a place that the meter marks as never filled', () => {
    const { readings, volumes } = opened(48);
    expect(volumes).toContainEqual(expect.objectContaining({ volume_l: 80_000_000, storage: 8 }));
    expect(readings).toEqual([{ measured_at: null, register_l: 57 }]);
  });

  it('are refused when a byte is changed under the CRCs of frame format A: no wrong meter can be told', () => {
    const changed = fc.record({
      index: fc.nat(all.length - 1),
      at: fc.nat(400),
      bits: fc.integer({ min: 1, max: 255 }),
    });
    const radio = all.filter(({ telegram }) => !telegram.startsWith('68'));
    fc.assert(
      fc.property(changed, ({ index, at: place, bits }) => {
        const { telegram, key } = radio[index % radio.length] ?? at(0);
        const bytes = formatA(Buffer.from(telegram, 'hex'));
        const turned = place % bytes.length;
        bytes[turned] = (bytes[turned] ?? 0) ^ bits;
        const result = wmbus.decode(bytes, key === null ? {} : { key: Buffer.from(key, 'hex') });
        expect(result.ok).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it('are left as they are by being decoded, also in a Buffer, whose slices share its bytes', () => {
    for (const { telegram, key } of all) {
      const bytes = Buffer.from(telegram, 'hex');
      const options = key === null ? {} : { key: Buffer.from(key, 'hex') };
      expect(wmbus.decode(bytes, options)).toEqual(wmbus.decode(bytes, options));
      expect(bytes.toString('hex').toUpperCase()).toBe(telegram.toUpperCase());
    }
  });

  it('never throw and never give a broken register, whatever bytes of them are changed, cut or added', () => {
    const hostile = fc.record({
      index: fc.nat(all.length - 1),
      changes: fc.array(fc.tuple(fc.nat(255), fc.nat(255)), { maxLength: 4 }),
      cut: fc.nat(3),
      withKey: fc.boolean(),
      fixLength: fc.boolean(),
    });
    fc.assert(
      fc.property(hostile, ({ index, changes, cut, withKey, fixLength }) => {
        const { telegram, key } = at(index);
        const whole = Uint8Array.from(Buffer.from(telegram, 'hex'));
        const bytes = whole.slice(0, whole.length - cut);
        for (const [place, value] of changes) bytes[place % bytes.length] = value;
        if (fixLength) bytes[0] = bytes.length - 1;
        const result = wmbus.decode(bytes, withKey && key !== null ? { key: Buffer.from(key, 'hex') } : {});
        for (const reading of result.ok ? result.uplink.readings : []) {
          expect(Number.isSafeInteger(reading.register_l) && reading.register_l >= 0).toBe(true);
          expect(reading.backward_l === undefined || Number.isSafeInteger(reading.backward_l)).toBe(true);
        }
        expect(result.ok || /^[A-Z_]+$/.test(result.problem.code)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
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

  it('is read the same with the CRCs of format A and of format B, the last one alone, and behind a mode C preamble', () => {
    fc.assert(
      fc.property(id, fc.array(reading, { minLength: 1, maxLength: 12 }), (meter_id, readings) => {
        const encoded = wmbus.encode?.({ meter_id, bore_mm: 15, readings, flags: [], utc_offset_min: 0 });
        const bare = encoded ?? new Uint8Array();
        const expected = wmbus.decode(bare, {});
        expect(wmbus.decode(formatA(bare), {})).toEqual(expected);
        expect(wmbus.decode(Uint8Array.from([0x54, 0xcd, ...formatA(bare)]), {})).toEqual(expected);
        if (bare.length > 250) return;
        expect(wmbus.decode(formatB(bare), {})).toEqual(expected);
        expect(wmbus.decode(Uint8Array.from([0x54, 0x3d, ...formatB(bare)]), {})).toEqual(expected);
        expect(wmbus.decode(withLastCrc(bare), {})).toEqual(expected);
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
        const closed = inMode5(bare, key);
        expect(wmbus.decode(closed, { key })).toEqual(wmbus.decode(bare, {}));
        expect(wmbus.decode(closed, {})).toMatchObject({ problem: { code: 'ENCRYPTED_NO_KEY' } });
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

/** As some receivers hand telegrams on: of format A's CRCs only the last is left, and L counts it. */
function withLastCrc(bare: Uint8Array): Uint8Array {
  const last = 10 + 16 * Math.floor((bare.length - 11) / 16);
  const bytes = Uint8Array.from([...bare.subarray(0, last), ...withCrc(bare.subarray(last))]);
  bytes[0] = bytes.length - 1;
  return bytes;
}

/** Seals the records behind a short header (bytes 10 to 14) with idle fillers before and after. */
function inMode5(bare: Uint8Array, key: Uint8Array): Uint8Array {
  const clear = [0x2f, 0x2f, ...bare.subarray(15)];
  while (clear.length % 16 !== 0) clear.push(0x2f);
  const access = 0x2a;
  const vector = Uint8Array.from([...bare.subarray(2, 10), ...new Uint8Array(8).fill(access)]);
  const cipher = createCipheriv('aes-128-cbc', key, vector).setAutoPadding(false);
  const sealedBytes = cipher.update(Uint8Array.from(clear));
  const header = [0x7a, access, 0, (clear.length / 16) << 4, 0x05];
  return Uint8Array.from([9 + header.length + sealedBytes.length, ...bare.subarray(1, 10), ...header, ...sealedBytes]);
}

// Korean NB-IoT modems: exact litres, tolerant of how makers name things, strict about what they say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { litresOfCubicMetres } from '../../devices/decimal-litres.ts';
import { nbiotKr } from '../../devices/nbiot-kr.ts';
import type { DecodeResult } from '../../devices/payload-format.ts';

function decode(report: unknown): DecodeResult {
  return nbiotKr.decode(Buffer.from(JSON.stringify(report)), {});
}

const good = { meter_serial: '7', measured_at: '2026-03-01T06:00:00+09:00', register: '1.000' };

describe('cubic metres become litres', () => {
  it('exactly, as text and as a JSON number, for every register of nine digits and three decimals', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.nat(999), (metres, litres) => {
        const text = `${metres}.${String(litres).padStart(3, '0')}`;
        expect(litresOfCubicMetres(text)).toBe(metres * 1000 + litres);
        expect(litresOfCubicMetres(JSON.parse(text.replace(/^0+(?=\d)/, '')))).toBe(metres * 1000 + litres);
      }),
    );
  });

  it.each([
    ['0', 0],
    ['0.1', 100],
    ['0.10', 100],
    [0.29, 290],
    [8.2, 8_200],
    ['225.151000', 225_151],
    [1_000, 1_000_000],
  ])('%j is %i', (value, litres) => {
    expect(litresOfCubicMetres(value)).toBe(litres);
  });

  it.each([-1, '-1', '', '.5', '1.', '1e3', 1e21, 0.1234, '0.1234', ' 1', '1,5', '１', null, true, '1234567890'])(
    'refuses %j',
    (value) => {
      expect(litresOfCubicMetres(value)).toBeNull();
    },
  );
});

describe('what differs from maker to maker is read', () => {
  it.each([
    ['camel case', { meterSerial: '7', measuredAt: good.measured_at, Register: '1.000' }],
    ['hyphens and capitals', { 'METER-SERIAL': '7', 'Measured-At': good.measured_at, REGISTER: 1 }],
    ['a list of one', { ...good, register: undefined, registers: ['1.000'] }],
    ['fields nobody asked for, and null', { ...good, imei: '0123', temperature: null, vendor: { a: [1] } }],
    ['a serial as a number', { ...good, meter_serial: 7 }],
  ])('%s', (_how, report) => {
    expect(decode(report)).toMatchObject({
      ok: true,
      uplink: { meter_id: '7', readings: [{ measured_at: good.measured_at, register_l: 1000 }] },
    });
  });

  it.each([
    ['2026-03-01 06:00:00', '2026-03-01T06:00:00'],
    ['20260301060000', '2026-03-01T06:00:00'],
    ['2026-03-01T06:00:00.123Z', '2026-03-01T06:00:00Z'],
  ])('the time %s', (measured_at, expected) => {
    expect(decode({ ...good, measured_at })).toMatchObject({ uplink: { readings: [{ measured_at: expected }] } });
  });

  it.each([true, 1, '1', 'Y'])('the flag %j as raised, also beside the rest', (raised) => {
    expect(decode({ ...good, flags: { leak: raised, reverse: 'N' } })).toMatchObject({ uplink: { flags: ['leak'] } });
    expect(decode({ ...good, overload: raised, battery: raised })).toMatchObject({
      uplink: { flags: ['overload', 'battery_low'] },
    });
  });

  it('six hours with their own times in any order, over midnight', () => {
    const registers = [5, 3, 0, 4, 1, 2].map((hour) => ({
      at: hour < 2 ? `2026-02-28T2${2 + hour}:00:00` : `2026-03-01T0${hour - 2}:00:00`,
      register: `0.0${hour}0`,
    }));
    const result = decode({ meter_serial: '7', registers });
    expect(result.ok && result.uplink.readings.map(({ register_l }) => register_l)).toEqual([50, 40, 30, 20, 10, 0]);
    expect(result).toMatchObject({
      uplink: { readings: { 5: { measured_at: '2026-02-28T22:00:00', kind: 'historic' } } },
    });
  });

  it('an interval of a quarter of an hour', () => {
    expect(decode({ ...good, register: undefined, registers: ['0.9', '1'], metering_interval: 0.25 })).toMatchObject({
      uplink: { readings: [{ register_l: 1000 }, { measured_at: '2026-03-01T05:45:00+09:00', register_l: 900 }] },
    });
  });
});

describe('what is wrong refuses the whole', () => {
  it.each([
    ['no register', { ...good, register: undefined }],
    ['register and registers', { ...good, registers: ['1'] }],
    ['an empty list', { ...good, register: undefined, registers: [] }],
    ['a week and an hour', { ...good, register: undefined, registers: Array.from({ length: 169 }, () => '1') }],
    ['a negative register', { ...good, register: '-0.001' }],
    ['several registers and no time', { registers: ['1', '2'] }],
    ['two spellings of one field', { ...good, Register: '2.000' }],
    ['a 30th of February', { ...good, measured_at: '2026-02-30T06:00:00Z' }],
    ['an offset of 15 hours', { ...good, measured_at: '2026-03-01T06:00:00+15:00' }],
    ['the hour 24', { ...good, measured_at: '2026-03-01T24:00:00Z' }],
    ['a time that is a number', { ...good, measured_at: 1_772_326_800 }],
    [
      'local and absolute times mixed',
      {
        registers: [
          { at: '2026-03-01T06:00:00', register: 1 },
          { at: '2026-03-01T07:00:00Z', register: 1 },
        ],
      },
    ],
    ['a bore that no meter has', { ...good, bore: 17 }],
    ['a battery of 360 V', { ...good, battery: 360 }],
    ['a flag that is maybe', { ...good, flags: { leak: 'maybe' } }],
    ['a serial with a slash', { ...good, meter_serial: '7/8' }],
    ['a list', [good]],
    ['a number', 1],
  ])('%s', (_what, report) => {
    expect(decode(report)).toMatchObject({ ok: false, problem: { code: 'NBIOT_INVALID' } });
  });

  it.each(['', '{', '{"register":NaN}', '{"register":1e309}', '['.repeat(20_000)])('%.20s', (text) => {
    expect(nbiotKr.decode(Buffer.from(text), {}).ok).toBe(false);
  });
});

it('encodes what it decodes: meter, bore, six hours, flags', () => {
  const flag = fc.subarray(['overload', 'backflow', 'leak', 'battery_low']);
  fc.assert(
    fc.property(fc.array(fc.nat(999_999_999), { minLength: 1, maxLength: 6 }), flag, (registers, flags) => {
      const readings = registers.map((register_l, hour) => ({
        measured_at_ms: Date.UTC(2026, 1, 28, 20 + hour),
        register_l,
      }));
      const encoded = nbiotKr.encode?.({ meter_id: '23165017', bore_mm: 20, readings, flags, utc_offset_min: 540 });
      const result = nbiotKr.decode(encoded ?? new Uint8Array(), {});
      if (!result.ok) throw new Error(result.problem.detail);
      expect(result.uplink).toMatchObject({ meter_id: '23165017', bore_mm: 20 });
      expect(new Set(result.uplink.flags)).toEqual(new Set(flags));
      expect(
        result.uplink.readings.map(({ measured_at, register_l }) => ({
          measured_at_ms: Date.parse(measured_at ?? ''),
          register_l,
        })),
      ).toEqual(readings.reverse());
    }),
  );
});

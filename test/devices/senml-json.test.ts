// The house format: what RFC 8428 allows is read, and what it does not, or a register can't be, is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodeResult } from '../../devices/payload-format.ts';
import { senmlJson } from '../../devices/senml-json.ts';

function decode(text: string): DecodeResult {
  return senmlJson.decode(new TextEncoder().encode(text), {});
}

describe('what is read', () => {
  it('a register in m³ to the litre, also where the nearest double lies below it', () => {
    for (let litres = 0; litres < 3_000_000; litres += 997) {
      const result = decode(`[{"n":"register","u":"m3","v":${litres / 1000}}]`);
      expect(result).toMatchObject({ ok: true, uplink: { readings: [{ register_l: litres, measured_at: null }] } });
    }
  });

  it('base name, time, unit and value worked into each record [RFC 8428 4.6]', () => {
    const pack =
      '[{"bn":"urn:naru:meter:7:","bt":1772326800,"bu":"l","bv":100,"n":"register","v":5},{"n":"register","t":-3600}]';
    expect(decode(pack)).toEqual({
      ok: true,
      uplink: {
        meter_id: '7',
        model: null,
        readings: [
          { measured_at: '2026-03-01T01:00:00.000Z', register_l: 105 },
          { measured_at: '2026-03-01T00:00:00.000Z', register_l: 100, kind: 'historic' },
        ],
        flags: [],
      },
    });
  });

  it('flags that are true, battery, temperature, flow and model; other names are passed over', () => {
    const pack = [
      { n: 'register', u: 'l', v: 10 },
      { n: 'leak', vb: true },
      { n: 'burst', vb: false },
      { n: 'battery', u: 'V', v: 3.6 },
      { n: 'temperature', u: 'Cel', v: 11.5 },
      { n: 'flow', u: 'l/s', v: 0.1 },
      { n: 'model', vs: 'WM-1' },
      { n: 'rssi', u: 'dBW', v: -110 },
    ];
    expect(decode(JSON.stringify(pack))).toEqual({
      ok: true,
      uplink: {
        meter_id: null,
        model: 'WM-1',
        readings: [{ measured_at: null, register_l: 10, battery_v: 3.6, temperature_c: 11.5, flow_l_per_h: 360 }],
        flags: ['leak'],
      },
    });
  });
});

describe('what is refused', () => {
  const deep = `${'['.repeat(15_000)}${']'.repeat(15_000)}`;
  const register = (rest: string) => `[{"n":"register","u":"l",${rest}}]`;

  it.each([
    { title: 'an empty payload', text: '', code: 'JSON_INVALID' },
    { title: 'no JSON', text: '[{"n":', code: 'JSON_INVALID' },
    { title: 'NaN', text: register('"v":NaN'), code: 'JSON_INVALID' },
    { title: 'a byte-order mark', text: `\ufeff${register('"v":1')}`, code: 'JSON_INVALID' },
    { title: 'a number beyond doubles', text: register('"v":1e309'), code: 'SENML_INVALID' },
    { title: 'deep nesting', text: deep, code: 'SENML_INVALID' },
    { title: 'deep nesting that never closes', text: '['.repeat(30_000), code: 'JSON_INVALID' },
    { title: 'too many bytes', text: ' '.repeat(40_000), code: 'PAYLOAD_TOO_LARGE' },
    { title: 'too many records', text: `[${Array(257).fill('{"n":"a","v":1}').join()}]`, code: 'SENML_INVALID' },
    { title: 'an object instead of a pack', text: '{"n":"register"}', code: 'SENML_INVALID' },
    { title: 'an empty pack', text: '[]', code: 'SENML_INVALID' },
    { title: 'a record that is a number', text: '[1]', code: 'SENML_INVALID' },
    { title: 'a value as text', text: register('"v":"1"'), code: 'SENML_INVALID' },
    { title: 'two values', text: register('"v":1,"vb":true'), code: 'SENML_INVALID' },
    { title: 'a field that must be understood', text: register('"v":1,"x_":1'), code: 'SENML_INVALID' },
    { title: 'another version', text: register('"v":1,"bver":11'), code: 'SENML_INVALID' },
    { title: 'a name with a space', text: '[{"n":"register total","u":"l","v":1}]', code: 'SENML_INVALID' },
    { title: 'no name', text: '[{"u":"l","v":1}]', code: 'SENML_INVALID' },
    { title: 'no register', text: '[{"n":"leak","vb":true}]', code: 'NO_VOLUME' },
    { title: 'a negative register', text: register('"v":-1'), code: 'REGISTER_INVALID' },
    { title: 'a register beyond any meter', text: register('"v":1e13'), code: 'REGISTER_INVALID' },
    { title: 'a register of no value', text: '[{"n":"register","u":"l","s":3}]', code: 'REGISTER_INVALID' },
    { title: 'a register in gallons', text: '[{"n":"register","u":"gal","v":1}]', code: 'REGISTER_INVALID' },
    { title: 'a time relative to now', text: register('"v":1,"t":-60'), code: 'TIME_INVALID' },
    { title: 'a time in milliseconds', text: register('"v":1,"t":1772326800000'), code: 'TIME_INVALID' },
    { title: 'a time beyond all calendars', text: register('"v":1,"t":1e300'), code: 'TIME_INVALID' },
    {
      title: 'two meters',
      text: '[{"n":"a:register","u":"l","v":1},{"n":"b:register","u":"l","v":1}]',
      code: 'SENML_INVALID',
    },
  ])('$title', ({ text, code }) => {
    expect(decode(text)).toMatchObject({ ok: false, problem: { code } });
  });

  it('bytes that are no UTF-8', () => {
    expect(senmlJson.decode(Uint8Array.of(0x5b, 0xff, 0x5d), {})).toMatchObject({ problem: { code: 'JSON_INVALID' } });
  });

  it('any JSON that is not a pack, without a throw', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(decode(text).ok).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what the encoder makes', () => {
  it('decodes to the same meter, registers, times and flags', () => {
    const hours = fc.uniqueArray(fc.integer({ min: 300_000, max: 700_000 }), { minLength: 1, maxLength: 168 });
    fc.assert(
      fc.property(hours, fc.nat(10 ** 9), fc.subarray(['leak', 'burst', 'freeze']), (when, start, flags) => {
        const readings = when
          .sort((one, two) => one - two)
          .map((hour, index) => ({ measured_at_ms: hour * 3_600_000, register_l: start + index }));
        const bytes = senmlJson.encode?.({ meter_id: '40312209', bore_mm: 15, readings, flags, utc_offset_min: 0 });
        const result = senmlJson.decode(bytes ?? new Uint8Array(), {});
        expect(result.ok && result.uplink.meter_id).toBe('40312209');
        expect(new Set(result.ok ? result.uplink.flags : [])).toEqual(new Set(flags));
        expect(result.ok && result.uplink.readings.map((one) => [one.measured_at, one.register_l])).toEqual(
          readings.map((one) => [new Date(one.measured_at_ms).toISOString(), one.register_l]).reverse(),
        );
      }),
    );
  });
});

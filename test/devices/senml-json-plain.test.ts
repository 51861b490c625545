// The quick reader of the house format says the same as the general decoder, or nothing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { senmlJson } from '../../devices/senml-json.ts';
import { PlainPack } from '../../devices/senml-json-plain.ts';

const serial = '23165017';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const pack = new PlainPack();

/** What the quick reader makes of a payload, in the general decoder's words; null where it leaves it to that one. */
function plain(payload: Uint8Array, of = serial) {
  if (!pack.read(payload, bytesOf(of))) return null;
  return Array.from({ length: pack.count }, (_, n) => ({ at_ms: pack.times_ms[n], register_l: pack.registers_l[n] }));
}

function general(payload: Uint8Array) {
  const result = senmlJson.decode(payload, {});
  if (!result.ok) return result.problem.code;
  const { meter_id, readings, flags } = result.uplink;
  return {
    meter_id,
    flags,
    readings: readings.map(({ measured_at, register_l }) => ({
      at_ms: measured_at === null ? Number.NaN : Date.parse(measured_at),
      register_l,
    })),
  };
}

const newestFirst = (readings: { at_ms: number | undefined; register_l: number | undefined }[]) =>
  [...readings].sort((one, other) => (other.at_ms ?? 0) - (one.at_ms ?? 0));

function expectSame(payload: Uint8Array, of = serial): boolean {
  const quick = plain(payload, of);
  if (quick !== null) expect(general(payload)).toEqual({ meter_id: of, flags: [], readings: newestFirst(quick) });
  return quick !== null;
}

describe('the quick reader', () => {
  test.each([
    [
      'one register in litres',
      `[{"bn":"urn:naru:meter:${serial}:","bt":1772326800,"n":"register","v":225151,"u":"l"}]`,
    ],
    ['one in m³', `[{"bn":"urn:naru:meter:${serial}:","bt":1772326800.25,"n":"register","u":"m3","v":225.151}]`],
    ['one without a time', `[{"bn":"urn:naru:meter:${serial}:","n":"register","u":"l","v":0}]`],
    [
      'hours before and a battery',
      `[{"bn":"${serial}/","bt":1772326800,"n":"register","v":2,"u":"l"},{"n":"register","v":1,"t":-3600,"u":"l"},{"n":"battery","u":"V","v":3.6}]`,
    ],
  ])('reads %s itself, as the general decoder does', (_what, text) => {
    expect(expectSame(bytesOf(text))).toBe(true);
  });

  test.each([['what a meter of ours writes', { measured_at_ms: Date.UTC(2026, 2, 1), register_l: 225_151 }]])(
    'reads %s',
    (_what, reading) => {
      const told = { meter_id: serial, bore_mm: 15, readings: [reading], flags: [], utc_offset_min: 540 };
      expect(expectSame(senmlJson.encode?.(told) ?? new Uint8Array())).toBe(true);
    },
  );

  test.each([
    ['another meter', `[{"bn":"urn:naru:meter:123:","bt":1772326800,"n":"register","v":1,"u":"l"}]`],
    [
      'a serial that only ends alike',
      `[{"bn":"urn:naru:meter:9${serial}:","bt":1772326800,"n":"register","v":1,"u":"l"}]`,
    ],
    ['a flag', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":1,"u":"l"},{"n":"leak","vb":true}]`],
    ['white space', `[{"bn":"${serial}:", "bt":1772326800,"n":"register","v":1,"u":"l"}]`],
    ['a field twice', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":1,"v":2,"u":"l"}]`],
    ['a field that must be understood', `[{"bn":"${serial}:","x_":1,"n":"register","v":1,"u":"l"}]`],
    ['an exponent', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":1e309,"u":"l"}]`],
    ['a number of many digits', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":0.1234567890123456,"u":"m3"}]`],
    ['a leading zero', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":01,"u":"l"}]`],
    ['a negative register', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":-1,"u":"l"}]`],
    ['a relative time', `[{"bn":"${serial}:","t":-60,"n":"register","v":1,"u":"l"}]`],
    [
      'two registers of which one has no time',
      `[{"bn":"${serial}:","n":"register","v":1,"u":"l"},{"n":"register","v":1,"u":"l","t":1772326800}]`,
    ],
    ['what follows the pack', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":1,"u":"l"}]]`],
    ['a pack cut off', `[{"bn":"${serial}:","bt":1772326800,"n":"register","v":1,"u":"l"`],
    ['nothing', ''],
  ])('leaves %s to the general decoder', (_what, text) => {
    expect(plain(bytesOf(text))).toBeNull();
  });

  test('never says what the general decoder does not, whatever the numbers', () => {
    const number = fc.oneof(
      fc.integer({ min: -10, max: 2_000_000_000 }).map(String),
      fc.tuple(fc.nat(9_999_999), fc.stringMatching(/^[0-9]{1,9}$/)).map(([whole, part]) => `${whole}.${part}`),
      fc.constantFrom('0', '-0', '0.0', '1e3', '999999999999', '999999999.999999', '268435456', '7258118400'),
    );
    const record = fc.record({
      n: fc.constantFrom('register', 'battery', 'leak'),
      v: number,
      u: fc.constantFrom('l', 'm3', 'V'),
      t: fc.option(number),
    });
    let read = 0;
    fc.assert(
      fc.property(fc.option(number), fc.array(record, { minLength: 1, maxLength: 7 }), (bt, records) => {
        const text = records.map(({ n, v, u, t }, index) => {
          const base = index === 0 ? `"bn":"urn:naru:meter:${serial}:",${bt === null ? '' : `"bt":${bt},`}` : '';
          return `{${base}"n":"${n}","u":"${u}",${t === null ? '' : `"t":${t},`}"v":${v}}`;
        });
        if (expectSame(bytesOf(`[${text.join(',')}]`))) read += 1;
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(0);
  });

  test('says the same of a good pack with bytes changed, dropped or doubled, or leaves it', () => {
    const good = bytesOf(
      `[{"bn":"urn:naru:meter:${serial}:","bt":1772326800,"n":"register","v":225.151,"u":"m3"},{"n":"register","v":225,"t":-3600,"u":"m3"}]`,
    );
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.nat(255),
        fc.constantFrom('change', 'drop', 'double'),
        (at, byte, how) => {
          const kept = [...good];
          if (how === 'change') kept[at] = byte;
          else kept.splice(at, how === 'drop' ? 1 : 0, ...(how === 'drop' ? [] : [good[at] ?? 0]));
          expectSame(Uint8Array.from(kept));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

// Seoul's digital meters: every version's bits, and every way a frame can be wrong.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodeResult } from '../../devices/payload-format.ts';
import { seoulDigital } from '../../devices/seoul-digital.ts';

/** The frame received from a real meter: 23165017, 15 mm, 225.151 m³. */
const real = Buffer.from('680F0F680801780F17501623001C13515122002316', 'hex');

function decode(bytes: Uint8Array): DecodeResult {
  return seoulDigital.decode(bytes, {});
}

/** The real frame with some bytes changed and its checksum made right again. */
function frame(changes: Record<number, number>, udf: number[] = []): Uint8Array {
  const bytes = Uint8Array.from([...real.subarray(0, 19), ...udf, 0, 0x16]);
  bytes[1] = bytes.length - 6;
  bytes[2] = bytes.length - 6;
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
  bytes[bytes.length - 2] = bytes.subarray(4, bytes.length - 2).reduce((sum, byte) => (sum + byte) & 0xff, 0);
  return bytes;
}

const st = 12;
const dif = 13;
const vif = 14;

describe('the status bits by version', () => {
  it.each([
    { title: 'no UDF: V1.1, overflow above Q4', bytes: frame({ [st]: 0x80 }), version: '1.1', flags: ['overload'] },
    { title: 'V1.1 reverse flow', bytes: frame({ [st]: 0x40 }), version: '1.1', flags: ['backflow'] },
    { title: 'V1.1 indoor leak', bytes: frame({ [st]: 0x20 }), version: '1.1', flags: ['leak'] },
    { title: 'V1.1 battery low', bytes: frame({ [st]: 0x04 }), version: '1.1', flags: ['battery_low'] },
    { title: 'V1.1 freeze', bytes: frame({ [st]: 0x02 }), version: '1.1', flags: ['freeze'] },
    {
      title: 'V1.2 battery low',
      bytes: frame({ [st]: 0x04 }, [0x12, 6, 0, 0x41]),
      version: '1.2',
      flags: ['battery_low'],
    },
    { title: 'V1.2 has no freeze bit', bytes: frame({ [st]: 0x02 }, [0x12, 6, 0, 0x41]), version: '1.2', flags: [] },
    {
      title: 'V1.3 battery 3.3 V',
      bytes: frame({ [st]: 0x04 }, [0x13, 6, 0, 0x41]),
      version: '1.3',
      flags: [],
      volts: 3.3,
    },
    {
      title: 'V1.3 all alarms',
      bytes: frame({ [st]: 0xe0 }, [0x13, 6, 0, 0x41]),
      version: '1.3',
      flags: ['leak', 'backflow', 'overload'],
      volts: 3.7,
    },
    {
      title: 'V1.3 battery 2.9 V is low',
      bytes: frame({ [st]: 0x08 }, [0x13, 6, 0, 0x41]),
      version: '1.3',
      flags: ['battery_low'],
      volts: 2.9,
    },
    {
      title: 'V1.3 last step, 0.6 V',
      bytes: frame({ [st]: 0x1f }, [0x13, 6, 0, 0x41]),
      version: '1.3',
      flags: ['battery_low'],
      volts: 0.6,
    },
    { title: 'a battery step without UDF: V1.3', bytes: frame({ [st]: 0x03 }), version: '1.3', flags: [], volts: 3.4 },
    {
      title: 'V1.4 magnet',
      bytes: frame({ [vif]: 0x93 }, [0x14, 6, 0, 0x41]),
      version: '1.4',
      flags: ['magnet'],
      volts: 3.7,
    },
    {
      title: 'V1.4 freeze',
      bytes: frame({ [vif]: 0x53 }, [0x14, 6, 0, 0x41]),
      version: '1.4',
      flags: ['freeze'],
      volts: 3.7,
    },
    {
      title: 'alarm bits in VIF without UDF: V1.4',
      bytes: frame({ [vif]: 0xd3, [st]: 0x02 }),
      version: '1.4',
      flags: ['magnet', 'freeze'],
      volts: 3.5,
    },
  ])('$title', ({ bytes, version, flags, volts }) => {
    expect(decode(bytes)).toEqual({
      ok: true,
      uplink: {
        meter_id: '23165017',
        model: `Seoul digital meter V${version}, 15 mm`,
        bore_mm: 15,
        readings: [{ measured_at: null, register_l: 225_151, ...(volts === undefined ? {} : { battery_v: volts }) }],
        flags,
      },
    });
  });

  it.each(
    [15, 20, 25, 32, 40, 50, 80, 100, 150, 200, 250, 300].map((bore_mm, index) => ({ bore_mm, code: index + 1 })),
  )('DIF $code is a bore of $bore_mm mm', ({ bore_mm, code }) => {
    expect(decode(frame({ [dif]: (code << 4) | 0x0c }))).toMatchObject({ uplink: { bore_mm } });
  });
});

describe('what is refused', () => {
  it.each([
    { title: 'nothing', bytes: new Uint8Array(), code: 'FRAME_START_WRONG' },
    { title: 'the frame with a byte after it', bytes: Uint8Array.from([...real, 0]), code: 'FRAME_LENGTH_WRONG' },
    { title: 'the frame twice', bytes: Uint8Array.from([...real, ...real]), code: 'FRAME_LENGTH_WRONG' },
    { title: 'the frame with a byte before it', bytes: Uint8Array.from([0, ...real]), code: 'FRAME_START_WRONG' },
    { title: 'the frame cut by one byte', bytes: real.subarray(0, -1), code: 'FRAME_LENGTH_WRONG' },
    { title: 'lengths that differ', bytes: frame({ 2: 0x10 }), code: 'FRAME_START_WRONG' },
    { title: 'lengths that agree and are wrong', bytes: frame({ 1: 0x13, 2: 0x13 }), code: 'FRAME_LENGTH_WRONG' },
    { title: 'another end', bytes: Uint8Array.from([...real.subarray(0, -1), 0x17]), code: 'FRAME_END_WRONG' },
    {
      title: 'a wrong checksum',
      bytes: Uint8Array.from([...real.subarray(0, 19), 0x24, 0x16]),
      code: 'FRAME_CHECKSUM_WRONG',
    },
    { title: 'a digit A in the register', bytes: frame({ 15: 0x5a }), code: 'SEOUL_DIGITS_INVALID' },
    { title: 'a digit F on top of the register', bytes: frame({ 18: 0xf0 }), code: 'SEOUL_DIGITS_INVALID' },
    { title: 'a digit B in the meter number', bytes: frame({ 8: 0xb7 }), code: 'SEOUL_DIGITS_INVALID' },
    { title: 'a bore of 0', bytes: frame({ [dif]: 0x0c }), code: 'SEOUL_DIF_UNKNOWN' },
    { title: 'a bore of D', bytes: frame({ [dif]: 0xdc }), code: 'SEOUL_DIF_UNKNOWN' },
    { title: 'another unit', bytes: frame({ [vif]: 0x14 }), code: 'SEOUL_VIF_UNKNOWN' },
    { title: 'a version nobody published', bytes: frame({}, [0x15, 6, 0, 0x41]), code: 'SEOUL_VERSION_UNKNOWN' },
    {
      title: 'V1.3 with alarm bits of V1.4',
      bytes: frame({ [vif]: 0x93 }, [0x13, 6, 0, 0x41]),
      code: 'SEOUL_VIF_UNKNOWN',
    },
    { title: 'another answer', bytes: frame({ 6: 0x79 }), code: 'FRAME_TYPE_UNKNOWN' },
  ])('$title', ({ bytes, code }) => {
    expect(decode(bytes)).toMatchObject({ ok: false, problem: { code } });
  });

  it('any one changed byte of the real frame, except where lengths and checksum can’t tell', () => {
    fc.assert(
      fc.property(fc.nat(real.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Uint8Array.from(real);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        expect(decode(bytes).ok).toBe(false);
      }),
    );
  });
});

describe('what the encoder makes', () => {
  it('is, for the real meter’s values, the real frame to the byte', () => {
    const bytes = seoulDigital.encode?.({
      meter_id: '23165017',
      bore_mm: 15,
      readings: [{ measured_at_ms: 0, register_l: 225_151 }],
      flags: [],
      utc_offset_min: 540,
    });
    expect(Buffer.from(bytes ?? []).toString('hex')).toBe(real.toString('hex'));
  });

  it('decodes to the same meter, bore, register and flags', () => {
    const flag = fc.subarray(['overload', 'backflow', 'leak', 'magnet', 'freeze', 'battery_low']);
    const bore = fc.constantFrom(15, 20, 25, 32, 40, 50, 80, 100, 150, 200, 250, 300);
    const digits = fc.nat(99_999_999);
    fc.assert(
      fc.property(digits, bore, digits, flag, (meter, bore_mm, register_l, flags) => {
        const meter_id = String(meter).padStart(8, '0');
        const readings = [{ measured_at_ms: 0, register_l }];
        const bytes = seoulDigital.encode?.({ meter_id, bore_mm, readings, flags, utc_offset_min: 540 });
        const result = decode(bytes ?? new Uint8Array());
        expect(result).toMatchObject({ ok: true, uplink: { meter_id, bore_mm, readings: [{ register_l }] } });
        expect(new Set(result.ok ? result.uplink.flags : [])).toEqual(new Set(flags));
      }),
    );
  });
});

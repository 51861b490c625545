// Meters over LoRaWAN, beyond the examples in their files: ports, clocks that were never set, gaps, alarms.
import { describe, expect, it } from 'vitest';
import { lorawanArad } from '../../devices/lorawan-arad.ts';
import { lorawanAxioma } from '../../devices/lorawan-axioma.ts';
import { lorawanKamstrup } from '../../devices/lorawan-kamstrup.ts';
import { lorawanMilesight } from '../../devices/lorawan-milesight.ts';
import { lorawanQuandify } from '../../devices/lorawan-quandify.ts';
import type { DecodedUplink, DecodeOptions, DecodeResult, PayloadFormat } from '../../devices/payload-format.ts';

function decode(format: PayloadFormat, hex: string, options: DecodeOptions = {}): DecodeResult {
  return format.decode(Buffer.from(hex.replace(/\s/g, ''), 'hex'), options);
}

function uplink(result: DecodeResult): DecodedUplink {
  if (!result.ok) throw new Error(result.problem.detail);
  return result.uplink;
}

function littleEndian(value: number, length = 4): string {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntLE(value, 0, length);
  return bytes.toString('hex');
}

const at_s = Date.UTC(2026, 2, 1, 1, 57, 36) / 1000;

describe('a port that carries something else', () => {
  it.each([
    [lorawanAxioma, 101, 'LORAWAN_PORT_UNKNOWN'],
    [lorawanAxioma, 103, 'NO_VOLUME'],
    [lorawanQuandify, 2, 'LORAWAN_PORT_UNKNOWN'],
    [lorawanMilesight, 1, 'LORAWAN_PORT_UNKNOWN'],
  ])('%o on port %i is refused, and without a port is read', (format, f_port, code) => {
    const example = format.examples.find(({ expect: expected }) => expected.ok);
    const hex = example?.payload_hex ?? '';
    expect(decode(format, hex, { f_port })).toMatchObject({ ok: false, problem: { code } });
    expect(decode(format, hex).ok).toBe(true);
  });
});

describe('Axioma', () => {
  it.each([
    [0x00, []],
    [0x04, ['battery_low']],
    [0x08, ['permanent_error']],
    [0x10, ['dry']],
    [0x30, ['leak']],
    [0x20, ['leak']],
    [0x70, ['backflow']],
    [0x90, ['freeze']],
    [0xb0, ['burst']],
    [0xd0, ['tamper']],
    [0x14, ['battery_low', 'temporary_error']],
    [0xb4, ['burst', 'battery_low']],
  ])('status %i is %j', (status, flags) => {
    const short = littleEndian(at_s) + littleEndian(status, 1) + littleEndian(1000);
    expect(uplink(decode(lorawanAxioma, short)).flags).toEqual(flags);
  });

  function extended(at: number, log: number): string {
    return `${littleEndian(at)}00${littleEndian(2_000)}${littleEndian(log)}${littleEndian(1_000)}${'0100'.repeat(15)}`;
  }

  it.each([
    ['hours', 3600],
    ['twenty minutes', 1200],
    ['days', 86_400],
  ])('tells from the payload alone that the steps of the log are %s', (_steps, step_s) => {
    const log_s = Math.floor(at_s / step_s) * step_s - 15 * step_s;
    const { readings } = uplink(decode(lorawanAxioma, extended(at_s, log_s)));
    expect(readings).toHaveLength(17);
    expect(readings[1]).toEqual({
      measured_at: new Date((log_s + 15 * step_s) * 1000).toISOString(),
      register_l: 1_015,
      kind: 'historic',
    });
  });

  it('keeps the log’s own volume where no step fits, and nothing that is guessed', () => {
    const { readings } = uplink(decode(lorawanAxioma, extended(at_s, at_s - 40_000)));
    expect(readings.map(({ register_l }) => register_l)).toEqual([2_000, 1_000]);
  });

  it('dates a register by its receipt where the meter’s clock was never set', () => {
    const { readings } = uplink(decode(lorawanAxioma, extended(1_000_000, 1_000_000 - 15 * 3600)));
    expect(readings).toEqual([{ measured_at: null, register_l: 2_000 }]);
  });

  it('refuses an enhanced payload whose volumes are scaled, and volumes that go below zero', () => {
    const enhanced = `01${littleEndian(at_s)}00${littleEndian(0)}${'00'.repeat(40)}`;
    expect(decode(lorawanAxioma, `${enhanced}80`)).toMatchObject({ problem: { code: 'AXIOMA_SCALE_UNKNOWN' } });
    expect(decode(lorawanAxioma, `${enhanced}00`).ok).toBe(true);
    const log_s = Math.floor(at_s / 3600) * 3600 - 15 * 3600;
    const negative = `${littleEndian(at_s)}00${littleEndian(0)}${littleEndian(log_s)}${littleEndian(0)}${'ffff'.repeat(15)}`;
    expect(decode(lorawanAxioma, negative)).toMatchObject({ problem: { code: 'REGISTER_INVALID' } });
  });
});

describe('Arad', () => {
  const log = (deltas: string) => `06 0000 59 00000064 07 0005 003c 0000 0dca 07 ${deltas.padEnd(48, '8000')}`;
  const received = { received_at_ms: Date.UTC(2026, 2, 1, 1, 5, 20) };

  it('counts the data log back from its receipt, and stops at a record that is empty', () => {
    expect(uplink(decode(lorawanArad, log('000a00148000000a'), received)).readings).toEqual([
      { measured_at: '2026-03-01T01:00:00.000Z', register_l: 100, battery_v: 3.53 },
      { measured_at: '2026-03-01T00:00:00.000Z', register_l: 90, kind: 'historic' },
      { measured_at: '2026-02-28T23:00:00.000Z', register_l: 70, kind: 'historic' },
    ]);
  });

  it('tells the register alone where nobody says when it was received', () => {
    expect(uplink(decode(lorawanArad, log('000a'))).readings).toEqual([
      { measured_at: null, register_l: 100, battery_v: 3.53 },
    ]);
  });

  it('never counts back below zero', () => {
    expect(uplink(decode(lorawanArad, log('00640001'), received)).readings.map((each) => each.register_l)).toEqual([
      100, 0,
    ]);
  });

  it.each([
    ['tenths of a litre', '06', 174_727],
    ['ten litres', '08', 17_472_700],
  ])('counts in %s', (_unit, factor, register_l) => {
    expect(uplink(decode(lorawanArad, `9d590000 0000 001aa946 ${factor}`)).readings).toEqual([
      { measured_at: null, register_l },
    ]);
  });

  it.each([
    ['that the meter could not be read', '9d590000 0000 80000002 07', 'NO_VOLUME'],
    ['in a unit that is none', '9d590000 0000 001aa946 0f', 'NO_VOLUME'],
    ['something else', '55590000 0000 001aa946 07', 'ARAD_MESSAGE_UNKNOWN'],
  ])('refuses a message that says %s', (_what, hex, code) => {
    expect(decode(lorawanArad, hex)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe('Kamstrup', () => {
  const time = '44 6d 00 2c fd 28';
  const profile = (control: string, spacing: string, elements: string) =>
    `78 ${time} 44 13 0a000000 4d 93 13 ${littleEndian(2 + elements.length / 2, 1)} ${control} ${spacing} ${elements}`;

  it.each([
    ['counts up to the base', '61', '01', '0101', [10, 9, 8]],
    ['counts down to the base', 'a1', '01', '0101', [10, 11, 12]],
    ['has signs', 'e1', '01', '01ff', [10, 9, 10]],
    ['has an element that is not there', '61', '01', '01ff01', [10, 9]],
    ['goes below zero', '61', '01', '0109 01'.replace(' ', ''), [10, 9, 0]],
    ['is spaced in half months', '61', 'fd', '0101', [10]],
    ['says absolute values', '21', '01', '0908', [10, 9, 8]],
  ])('reads a profile that %s', (_how, control, spacing, elements, registers) => {
    const { readings } = uplink(decode(lorawanKamstrup, profile(control, spacing, elements)));
    expect(readings.map(({ register_l }) => register_l)).toEqual(registers);
  });

  it('counts hours of more than 127 litres, which have no sign', () => {
    const { readings } = uplink(decode(lorawanKamstrup, `78 ${time} 44 13 e8030000 4d 93 13 04 61 01 c8fe`));
    expect(readings.map(({ register_l }) => register_l)).toEqual([1000, 800, 546]);
  });

  it('names its meter where the header does, and raises all its info codes', () => {
    const { meter_id, flags } = uplink(
      decode(lorawanKamstrup, `72 58578853 372c 3c 16 d6 00 0000 ${time} 44 13 0a000000 52 ff 25 ff00`),
    );
    expect(meter_id).toBe('53885758');
    expect(flags).toEqual([
      ...['burst', 'leak', 'backflow', 'tamper', 'freeze', 'dry', 'temperature_high', 'battery_low'],
    ]);
  });

  it.each([
    ['no time', '78 44 13 0a000000', 'NO_VOLUME'],
    ['an invalid time', '78 44 6d 80 2c fd 28 44 13 0a000000', 'NO_VOLUME'],
    ['records cut off', '78 44 6d 00 2c', 'RECORDS_MALFORMED'],
    ['a header cut off', '72 58578853', 'FRAME_TOO_SHORT'],
    ['encrypted records', `7a 08 00 0005 ${time} 44 13 0a000000`, 'ENCRYPTED_TWICE'],
    ['another header', '79 00', 'FORMAT_CI_UNSUPPORTED'],
  ])('refuses %s', (_what, hex, code) => {
    expect(decode(lorawanKamstrup, hex)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe('Milesight', () => {
  const water = (litres: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(litres);
    return `0a000a00${bytes.toString('hex')}`;
  };

  it.each([
    [1, ['no_use']],
    [2, []],
    [3, ['leak']],
    [4, []],
  ])('alarm %i raises %j', (alarm, flags) => {
    expect(uplink(decode(lorawanMilesight, `85e1${water(5)}0${alarm} 01750a`)).flags).toEqual([
      ...flags,
      'battery_low',
    ]);
  });

  it('rounds down to the litre', () => {
    expect(uplink(decode(lorawanMilesight, `05e1${water(5.9)}`)).readings).toEqual([
      { measured_at: null, register_l: 5 },
    ]);
  });

  it.each([
    ['a counter beyond what its float tells apart', `05e1${water(2 ** 24 + 2)}`, 'REGISTER_INVALID'],
    ['a counter below zero', `05e1${water(-1)}`, 'REGISTER_INVALID'],
    ['NaN', `05e1${water(Number.NaN)}`, 'REGISTER_INVALID'],
    ['a value cut off', '05e10a00', 'PAYLOAD_LENGTH_WRONG'],
    ['a channel that it does not have', `05e1${water(5)} 0999`, 'MILESIGHT_CHANNEL_UNKNOWN'],
    ['what a unit says when it joins', 'ff0bff ff0101 ff166411d12345678901 ff0f00', 'NO_VOLUME'],
  ])('refuses %s', (_what, hex, code) => {
    expect(decode(lorawanMilesight, hex)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe('Quandify', () => {
  const report = (error: string, leak: string, battery: string) =>
    `49fbdf01 ${error} de140000 000000000000 00000000 0000 ${leak} e2 ${battery} 53 54 55`;

  it.each([
    ['0000', '02', 'e6', []],
    ['0080', '02', 'e6', ['dry']],
    ['8001', '03', 'e6', ['leak', 'backflow']],
    ['0100', '02', 'e6', ['error']],
    ['0000', '02', 'a2', ['battery_low']],
  ])('error %s, leak state %s, battery %s raise %j', (error, leak, battery, flags) => {
    expect(uplink(decode(lorawanQuandify, report(error, leak, battery), { f_port: 1 })).flags).toEqual(flags);
  });

  it('reads the report within an answer, and refuses it one byte short', () => {
    expect(decode(lorawanQuandify, `010001 ${report('0000', '02', 'e6')}`, { f_port: 6 }).ok).toBe(true);
    expect(decode(lorawanQuandify, report('0000', '02', 'e6').slice(0, -2), { f_port: 1 })).toMatchObject({
      problem: { code: 'PAYLOAD_LENGTH_WRONG' },
    });
  });
});

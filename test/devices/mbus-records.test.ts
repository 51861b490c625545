// The M-Bus record reader against wired telegrams that libmbus decoded, and against broken ones.
import { describe, expect, it } from 'vitest';
import { type MbusRecord, readRecords } from '../../devices/mbus-records.ts';
import { dateOf, dateTimeOf, decimalOf, integerOf } from '../../devices/mbus-values.ts';
import { recordedJson } from '../support/recorded-data.ts';

interface Wired {
  frames: {
    name: string;
    frame: string;
    records: { function: string; storage: string; quantity: string; value: string }[];
  }[];
  broken: { name: string; frame: string }[];
}

const wired = recordedJson<Wired>('mbus-wired-water.json');

/** The records of a long frame with a variable data structure (CI 72): 68 L L 68 C A CI, 12 bytes of header, data, CS 16. */
function dataOf(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.subarray(19, bytes.length - 2);
}

const functionNames: Record<string, MbusRecord['function']> = {
  'Instantaneous value': 'instantaneous',
  'Maximum value': 'maximum',
  'Minimum value': 'minimum',
  'Value during error state': 'during_error',
};

// manual_frame2 has the fixed data structure (CI 73) of before 1997: no records to read.
describe.skipIf(wired === null).each(wired?.frames.filter(({ name }) => name !== 'manual_frame2') ?? [])(
  'wired frame $name',
  ({ frame, records: expected }) => {
    it('gives every volume and date as libmbus does', () => {
      const read = readRecords(dataOf(frame));
      expect(read.fault).toBeNull();
      const { records } = read;
      const volumes = expected.filter(({ quantity }) => quantity === 'Volume');
      expect(
        records
          .filter(({ quantity, modifiers }) => quantity === 'volume_l' && !modifiers.includes(0x3c))
          .map((record) => ({ function: record.function, storage: record.storage, litres: record.value })),
      ).toEqual(
        volumes.map((one) => ({
          function: functionNames[one.function],
          storage: Number(one.storage),
          litres: Number((Number(one.value) * 1000).toFixed(6)),
        })),
      );
      const times = expected.filter(
        ({ quantity }) => quantity === 'Time point (date & time)' || quantity === 'Time point (date &amp; time)',
      );
      expect(records.filter(({ quantity }) => quantity === 'date_time').map(({ bytes }) => dateTimeOf(bytes))).toEqual(
        times.map(({ value }) => value.slice(0, 16)),
      );
    });
  },
);

describe.skipIf(wired === null)('broken wired frames', () => {
  const cutOff = ['premature_end_of_data2', 'premature_end_of_dif2', 'premature_end_of_var_vif1', 'too_long_var_vif'];

  it.each(cutOff.map((name) => ({ name })))('$name: the records are refused', ({ name }) => {
    const frame = wired?.broken.find((one) => one.name === name)?.frame ?? '';
    expect(frame).not.toBe('');
    expect(readRecords(dataOf(frame)).fault).not.toBeNull();
  });
});

describe('what the record reader refuses', () => {
  it.each([
    { hex: '84'.repeat(12), reason: 'more than ten DIF extensions' },
    { hex: `04${'93'.repeat(13)}`, reason: 'more than ten VIF extensions' },
    { hex: '8480', reason: 'the data ends inside a DIF' },
    { hex: '0493', reason: 'the data ends inside a VIF' },
    { hex: '0413010203', reason: 'the data ends inside a value' },
    { hex: '0d13', reason: 'the data ends before a length' },
    { hex: '0d13ff', reason: 'a reserved variable length' },
    { hex: '047c05414243', reason: 'the data ends inside a text unit' },
    { hex: '3f', reason: 'a reserved special function in the DIF' },
    { hex: '0013'.repeat(251), reason: 'more records than a telegram can hold' },
  ])('$reason', ({ hex, reason }) => {
    expect(readRecords(Buffer.from(hex, 'hex'))).toMatchObject({ fault: { reason } });
  });
});

describe('values', () => {
  const bytes = (hex: string) => Buffer.from(hex, 'hex');

  it('reads a decimal with F on top as negative, and one with other letters as none', () => {
    expect(decimalOf(bytes('63020400'))).toBe(40_263);
    expect(decimalOf(bytes('0200f0'))).toBe(-2);
    expect(decimalOf(bytes('0a00'))).toBeNull();
    expect(decimalOf(bytes('ffffffff'))).toBeNull();
  });

  it('reads the most negative integer as not available', () => {
    expect(integerOf(bytes('00000080'))).toBeNull();
    expect(integerOf(bytes('ffffffff'))).toBe(-1);
    expect(['80', '0080', '000080'].map((hex) => integerOf(bytes(hex)))).toEqual([null, null, null]);
    expect(['7f', 'ff7f', 'feffff', 'ffffff7f'].map((hex) => integerOf(bytes(hex)))).toEqual([
      127,
      32_767,
      -2,
      2 ** 31 - 1,
    ]);
    expect(integerOf(bytes('ffffffffff7f'))).toBe(2 ** 47 - 1);
    expect(integerOf(bytes('ffffffffffffff7f'))).toBeNull();
  });

  it('gives no date for days that are not in the calendar, and no time that is marked invalid', () => {
    expect(dateOf(bytes('df2c'))).toBe('2022-12-31');
    expect(dateOf(bytes('ffff'))).toBeNull();
    expect(dateOf(bytes('bd32'))).toBeNull();
    expect(dateTimeOf(bytes('242c1236'))).toBe('2024-06-18T12:36');
    expect(dateTimeOf(bytes('b32e3438'))).toBeNull();
    expect(dateTimeOf(bytes('03260de12b00'))).toBe('2023-11-01T13:38:03');
  });

  it('takes the hundreds of years for this century’s where they would be of the 2100s [EN 13757-3 annex A, type F]', () => {
    // As a Zenner UIWS sends them; wmbusmeters' driver uiws tells the same year.
    expect(dateTimeOf(bytes('22484136'))).toBe('2026-06-01T08:34');
    expect(dateTimeOf(bytes('22284136'))).toBe('2026-06-01T08:34');
    expect(dateTimeOf(bytes('22286136'))).toBe('2027-06-01T08:34');
    expect(dateTimeOf(bytes('220861c6'))).toBe('1999-06-01T08:34');
  });
});

// Compact profiles on the examples of EN 13757-3:2018 annex F, and what is made of them as readings.
import { describe, expect, it } from 'vitest';
import { readRecords } from '../../devices/mbus-records.ts';
import { recordsTold } from '../../devices/mbus-uplink.ts';

function volumesOf(hex: string): [number, string | null, number][] {
  const { records } = readRecords(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return recordsTold(records).volumes.map(({ storage, at, volume_l }) => [storage, at, volume_l]);
}

describe('a compact profile', () => {
  it('goes on from its base, each value higher by what is told [F.2.7]', () => {
    expect(volumesOf('84046d00204111 8b0415003012 8d04951f056901030211')).toEqual([
      [8, '2010-01-01T00:00', 12_300_000],
      [9, '2010-01-01T01:00', 12_300_300],
      [10, '2010-01-01T02:00', 12_300_500],
      [11, '2010-01-01T03:00', 12_301_600],
    ]);
  });

  it('that is inverse goes back from it [F.2.8]', () => {
    expect(volumesOf('84046d00234111 8b0415163012 8d049513056901110203')).toEqual([
      [8, '2010-01-01T03:00', 12_301_600],
      [9, '2010-01-01T02:00', 12_300_500],
      [10, '2010-01-01T01:00', 12_300_300],
      [11, '2010-01-01T00:00', 12_300_000],
    ]);
  });

  it('with register numbers has values of its own, here a month apart', () => {
    expect(volumesOf('82046c2129 8c041333000000 8d04931e0a3cfe3400000035000000')).toEqual([
      [8, '2017-09-01', 33],
      [9, '2017-10-01', 34],
      [10, '2017-11-01', 35],
    ]);
  });

  it('stays at the ends of months when it begins at one', () => {
    expect(volumesOf('426cbe29 441300000000 4d931e083 3fe000100000200'.replaceAll(' ', ''))).toEqual([
      [1, '2021-09-30', 0],
      [2, '2021-10-31', 256],
      [3, '2021-11-30', 512],
    ]);
  });

  it('has no value where the meter marks it as not available, nor a date where its base has none', () => {
    expect(volumesOf('8c041310000000 8d0493130833fe000080030000')).toEqual([
      [8, null, 10],
      [10, null, 3],
    ]);
  });

  it('gives readings of the past, none of them current', () => {
    const { records } = readRecords(Buffer.from('82046c21298c0413330000008d04931e063cfe34000000', 'hex'));
    expect(recordsTold(records).readings).toEqual([
      { measured_at: '2017-09-01T23:59', register_l: 33, kind: 'historic' },
      { measured_at: '2017-10-01T23:59', register_l: 34, kind: 'historic' },
    ]);
  });
});

// Wired M-Bus: frames that libmbus decoded, frames that are broken, and every byte of a frame turned.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mbus } from '../../devices/mbus.ts';
import { recordedJson } from '../support/recorded-data.ts';

interface Wired {
  frames: {
    name: string;
    frame: string;
    id: string;
    records: { function: string; storage: string; unit: string; quantity: string; value: string }[];
  }[];
  broken: { name: string; frame: string }[];
}

const wired = recordedJson<Wired>('mbus-wired-water.json');
const decodeHex = (hex: string) => mbus.decode(Buffer.from(hex, 'hex'), {});

describe.skipIf(wired === null)('the recorded wired frames', () => {
  const frames = wired?.frames ?? [];
  /** One frame has a fabrication number and nothing else. */
  const withoutVolume = 'manual_frame7';
  /** The fixed data structure names no quantities. */
  const fixed = 'manual_frame2';

  it.each(frames.filter(({ name }) => ![withoutVolume, fixed].includes(name)))(
    '$name: its meter and every volume are told',
    ({ frame, id, records }) => {
      const result = decodeHex(frame);
      expect(result.ok && Number(result.uplink.meter_id)).toBe(Number(id));
      const volumes = (result.ok && result.uplink.volumes) || [];
      expect(volumes.map(({ storage, volume_l }) => [storage, volume_l])).toEqual(
        records
          .filter(({ quantity }) => quantity === 'Volume')
          .map(({ storage, value }) => [Number(storage), Number((Number(value) * 1000).toFixed(6))]),
      );
    },
  );

  it('the fixed data structure: one litre now, 135 at the due date', () => {
    expect(decodeHex(frames.find(({ name }) => name === fixed)?.frame ?? '')).toMatchObject({
      uplink: {
        meter_id: '12345678',
        readings: [{ register_l: 1 }],
        volumes: [
          { volume_l: 1, storage: 0 },
          { volume_l: 135, storage: 1 },
        ],
      },
    });
  });

  it('a sound frame without any volume is refused as that', () => {
    const frame = frames.find(({ name }) => name === withoutVolume)?.frame ?? '';
    expect(decodeHex(frame)).toMatchObject({ problem: { code: 'NO_VOLUME' } });
  });

  it.each(wired?.broken ?? [])('$name is refused', ({ frame }) => {
    expect(decodeHex(frame).ok).toBe(false);
  });

  it('are refused when any byte of them is changed, or one is missing or too many', () => {
    const change = fc.record({
      index: fc.nat(frames.length - 1),
      at: fc.nat(255),
      bits: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(change, ({ index, at, bits }) => {
        const bytes = Uint8Array.from(Buffer.from(frames[index]?.frame ?? '', 'hex'));
        expect(mbus.decode(bytes.subarray(0, at % bytes.length), {}).ok).toBe(false);
        expect(mbus.decode(Uint8Array.from([...bytes, bits]), {}).ok).toBe(false);
        const turned = at % bytes.length;
        bytes[turned] = (bytes[turned] ?? 0) ^ bits;
        expect(mbus.decode(bytes, {}).ok).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a wired frame', () => {
  it.each([
    { title: 'a short frame', hex: '105b015c16', code: 'FRAME_START_WRONG' },
    { title: 'an acknowledgement', hex: 'e5', code: 'FRAME_START_WRONG' },
    { title: 'two lengths that differ', hex: '680f10680801720000', code: 'FRAME_START_WRONG' },
    { title: 'a wrong checksum', hex: '68040468080170088216', code: 'FRAME_CHECKSUM_WRONG' },
    {
      title: 'a master asking',
      hex: '680303687301 52c616'.replace(' ', ''),
      code: 'FRAME_TYPE_UNKNOWN',
    },
    { title: 'a meter that is busy', hex: '68040468080170088116', code: 'METER_REPORTS_ERROR' },
  ])('is refused: $title', ({ hex, code }) => {
    expect(decodeHex(hex)).toMatchObject({ ok: false, problem: { code } });
  });
});

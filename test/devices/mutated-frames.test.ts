// Every decoder over broken telegrams, by seed; `npm run fuzz` does the same for millions of them.
import { describe, expect, it } from 'vitest';
import { checksumHolds, withCrcs } from '../../bench/frame-checksums.ts';
import {
  exampleFrames,
  type MutationFault,
  type MutationTotals,
  recordedFrames,
  runBlock,
} from '../../bench/mutated-frames.ts';
import { formatNames, networkServers } from '../../devices/formats.ts';
import { wmbus } from '../../devices/wmbus.ts';
import { recordedJson } from '../support/recorded-data.ts';

const frames = 10_000;

function runOver(bases: ReturnType<typeof exampleFrames>, seed: number, count = frames) {
  const totals: MutationTotals = { frames: 0, accepted: 0, refused: 0, checksumHeld: 0, checksumBroken: 0 };
  const faults: MutationFault[] = [];
  runBlock(bases, seed, 0, count, totals, (fault) => faults.push(fault));
  return { totals, faults };
}

describe('broken telegrams', () => {
  // One seed for everybody's `npm test`; SEED gives another, and `npm run fuzz` many.
  const seed = Number(process.env.SEED ?? 20_260_301);
  process.stdout.write(`mutated frames: seed ${seed}\n`);

  it('made of the examples are answered without a throw, and none is taken whose checksum is broken', () => {
    const bases = exampleFrames();
    expect(new Set(bases.map(({ decoder }) => decoder))).toEqual(
      new Set([...formatNames, ...networkServers.map(({ name }) => name)]),
    );
    const { totals, faults } = runOver(bases, seed);
    expect(faults).toEqual([]);
    expect(totals.accepted + totals.refused).toBe(frames);
    // The mutations reach what they are meant to reach.
    expect(totals.accepted).toBeGreaterThan(frames / 100);
    expect(totals.checksumBroken).toBeGreaterThan(frames / 100);
  });

  const wireless = recordedJson<{ telegram: string; key: string | null }[]>('wmbus-water.json');
  const wired = recordedJson<{ frames: { frame: string }[]; broken: { frame: string }[] }>('mbus-wired-water.json');
  it.skipIf(wireless === null || wired === null)(
    'made of recorded telegrams are, too',
    () => {
      const { totals, faults } = runOver(recordedFrames(wireless ?? [], wired ?? { frames: [], broken: [] }), seed);
      expect(faults).toEqual([]);
      expect(totals.accepted).toBeGreaterThan(frames / 100);
    },
    60_000,
  );

  it('are the same for the same seed, and others for another', () => {
    const bases = exampleFrames();
    expect(runOver(bases, 5, 1_000)).toEqual(runOver(bases, 5, 1_000));
    expect(runOver(bases, 6, 1_000).totals).not.toEqual(runOver(bases, 5, 1_000).totals);
  });
});

describe('the judge of checksums', () => {
  const bare = Uint8Array.from(Buffer.from(wmbus.examples[0]?.payload_hex ?? '', 'hex'));

  it('finds the CRCs of a published frame right, and those it made itself accepted by the decoder', () => {
    // OMS-Specification volume 2 annex N.2.1.
    const published = Buffer.from(wmbus.examples[1]?.payload_hex ?? '', 'hex');
    expect(checksumHolds('wmbus', published)).toBe(true);
    expect(wmbus.decode(withCrcs(bare), {})).toEqual(wmbus.decode(bare, {}));
  });

  it('finds any changed byte of them wrong, and none where there are no CRCs', () => {
    const framed = withCrcs(bare);
    for (let at = 1; at < framed.length; at += 1) {
      const broken = Uint8Array.from(framed);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      expect(checksumHolds('wmbus', broken)).toBe(false);
    }
    expect(checksumHolds('wmbus', bare)).toBeNull();
  });
});

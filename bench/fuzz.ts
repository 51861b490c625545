// `npm run fuzz -- --frames 10000000 [--seed N] [--from BLOCK]`: broken telegrams through every decoder, counted and timed.
//
// Each answer must be an uplink with whole registers or a problem with a code, and none may be taken from a frame whose
// checksum is broken. A run that stands still is taken up at the block it says last.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/platform/package-root.ts';
import {
  exampleFrames,
  framesInBlock,
  type MutationFault,
  type MutationTotals,
  recordedFrames,
  runBlock,
} from './mutated-frames.ts';

const { values } = parseArgs({
  // The runner's own argument, this file's name, comes first.
  args: process.argv.slice(3),
  options: {
    frames: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
});
const [frames, seed, from] = [values.frames, values.seed, values.from].map(Number);
if (![frames, seed, from].every((value) => Number.isSafeInteger(value) && Number(value) >= 0)) {
  console.error('usage: npm run fuzz -- [--frames N] [--seed N] [--from BLOCK], whole numbers from 0');
  process.exit(2);
}
run(frames ?? 0, seed ?? 0, from ?? 0);

function recorded() {
  const [wireless, wired] = ['wmbus-water.json', 'mbus-wired-water.json'].map((name) =>
    join(packageRoot, '..', 'shared', 'data', name),
  );
  if (wireless === undefined || wired === undefined || !existsSync(wireless) || !existsSync(wired)) {
    console.error('no recorded telegrams beside the checkout: the examples alone are mutated');
    return [];
  }
  return recordedFrames(JSON.parse(readFileSync(wireless, 'utf8')), JSON.parse(readFileSync(wired, 'utf8')));
}

function run(frames: number, seed: number, from: number): void {
  const bases = [...exampleFrames(), ...recorded()];
  const totals: MutationTotals = { frames: 0, accepted: 0, refused: 0, checksumHeld: 0, checksumBroken: 0 };
  const faults: MutationFault[] = [];
  const mostKept = 20;
  let found = 0;
  let slowest = { block: from, ms: 0 };
  const began = performance.now();
  let said = began;
  console.log(`seed ${seed}, ${bases.length} telegrams to mutate, ${frames} frames from block ${from}`);
  for (let block = from; totals.frames < frames; block += 1) {
    const blockBegan = performance.now();
    runBlock(bases, seed, block, Math.min(framesInBlock, frames - totals.frames), totals, (fault) => {
      found += 1;
      if (faults.length < mostKept) faults.push(fault);
    });
    const now = performance.now();
    if (now - blockBegan > slowest.ms) slowest = { block, ms: now - blockBegan };
    if (now - said < 5_000) continue;
    said = now;
    console.error(
      `block ${block + 1}: ${totals.frames} frames, ${Math.round(totals.frames / ((now - began) / 1000))}/s`,
    );
  }
  const took_s = (performance.now() - began) / 1000;
  for (const { what, decoder, hex } of faults) console.error(`FAULT ${decoder}: ${what}: ${hex}`);
  console.log(`${totals.accepted} accepted, ${totals.refused} refused, ${found} faults`);
  console.log(`${totals.checksumBroken} with a broken checksum, ${totals.checksumHeld} whose checksum held`);
  console.log(`slowest block of ${framesInBlock}: ${slowest.block}, ${Math.round(slowest.ms)} ms`);
  console.log(
    JSON.stringify({
      fuzz: 'frames',
      seed,
      ...totals,
      faults: found,
      frames_per_s: Math.round(totals.frames / took_s),
    }),
  );
  if (found > 0) process.exitCode = 1;
}

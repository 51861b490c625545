// Telegrams broken at random, by seed, through every decoder: what must hold of each answer, and a count of them.
import { findFormat, formatNames, networkServers } from '../devices/formats.ts';
import type { DecodeOptions, DecodeResult } from '../devices/payload-format.ts';
import { wmbusSender } from '../devices/wmbus-sender.ts';
import { chanceAt, seedOf } from '../simulators/seeded-chance.ts';
import { checksumHolds, repaired, withCrcs } from './frame-checksums.ts';

/** A good or known telegram that is to be broken. */
export interface BaseFrame {
  /** Of a payload format, or of a network server. */
  decoder: string;
  bytes: Uint8Array;
  options: DecodeOptions;
}

export interface MutationTotals {
  frames: number;
  accepted: number;
  refused: number;
  /** Broken frames whose checksum still holds by chance, among those that had one. */
  checksumHeld: number;
  checksumBroken: number;
}

export interface MutationFault {
  what: string;
  decoder: string;
  hex: string;
}

/** Frames that one seed of their own begins, so that a run can be taken up at any block. */
export const framesInBlock = 10_000;

/** The examples in the files of devices/, and network servers' messages around them. */
export function exampleFrames(): BaseFrame[] {
  const ofFormats = formatNames.flatMap((decoder) =>
    (findFormat(decoder)?.examples ?? []).map(({ payload_hex, key_hex, f_port }) => ({
      decoder,
      bytes: Uint8Array.from(Buffer.from(payload_hex, 'hex')),
      options: {
        received_at_ms: 1_772_326_800_000,
        ...(key_hex !== undefined && { key: Uint8Array.from(Buffer.from(key_hex, 'hex')) }),
        ...(f_port !== undefined && { f_port }),
      },
    })),
  );
  const ofServers = networkServers.flatMap(({ name, examples }) =>
    examples.map(({ message }) => ({ decoder: name, bytes: new TextEncoder().encode(message), options: {} })),
  );
  return [...ofFormats, ...ofServers];
}

/** Recorded telegrams, for each format that takes them: wireless ones bare and with their CRCs, wired ones as they are. */
export function recordedFrames(
  wireless: readonly { telegram: string; key: string | null }[],
  wired: { frames: readonly { frame: string }[]; broken: readonly { frame: string }[] },
): BaseFrame[] {
  const frames = wireless.flatMap(({ telegram, key }) => {
    const bytes = Uint8Array.from(Buffer.from(telegram, 'hex'));
    const options = key === null ? {} : { key: Uint8Array.from(Buffer.from(key, 'hex')) };
    return [bytes, withCrcs(bytes)].map((each) => ({ decoder: 'wmbus', bytes: each, options }));
  });
  const decoders = ['mbus', 'wmbus'].filter((name) => findFormat(name) !== undefined);
  for (const { frame } of [...wired.frames, ...wired.broken]) {
    const bytes = Uint8Array.from(Buffer.from(frame, 'hex'));
    frames.push(...decoders.map((decoder) => ({ decoder, bytes, options: {} })));
  }
  return frames;
}

/**
 * Decodes the frames of one block. Work is bounded by the block; what it finds is handed to `onFault`.
 *
 * @param block the same seed and block give the same frames
 */
export function runBlock(
  bases: readonly BaseFrame[],
  seed: number,
  block: number,
  frames: number,
  totals: MutationTotals,
  onFault: (fault: MutationFault) => void,
): void {
  const blockSeed = seedOf('mutated-frames', seed, block);
  let drawn = 0;
  const below = (end: number) => Math.floor(chanceAt(blockSeed, drawn++) * end);
  for (let frame = 0; frame < frames; frame += 1) {
    const base = bases[below(bases.length)];
    if (base === undefined) return;
    const broken = mutated(base.bytes, bases[below(bases.length)]?.bytes ?? base.bytes, below);
    const bytes = below(2) === 0 ? repaired(base.decoder, broken) : broken;
    const options = below(4) === 0 ? { ...base.options, f_port: below(256) } : base.options;
    totals.frames += 1;
    for (const what of faultsOf(base.decoder, bytes, options, totals)) {
      onFault({ what, decoder: base.decoder, hex: Buffer.from(bytes).toString('hex') });
    }
  }
}

/** One to four changes, as radio, memory and malice make them. */
function mutated(base: Uint8Array, other: Uint8Array, below: (end: number) => number): Uint8Array {
  let bytes = Uint8Array.from(base);
  for (let change = 1 + below(4); change > 0; change -= 1) bytes = changed(bytes, other, below);
  return bytes;
}

/** No mutation makes a frame longer than a network server's message may be. */
const longest_bytes = 65_536;

function changed(bytes: Uint8Array, other: Uint8Array, below: (end: number) => number): Uint8Array<ArrayBuffer> {
  const at = below(bytes.length + 1);
  const kind = below(9);
  const own = Uint8Array.from(bytes);
  if (kind <= 1 && at < own.length) own[at] = (own[at] ?? 0) ^ (1 << below(8));
  else if (kind === 2 && at < own.length) own[at] = below(256);
  else if (kind === 3 && at < own.length) own[at] = [0, 0x7f, 0x80, 0xff][below(4)] ?? 0;
  else if (kind === 4) return own.slice(0, at);
  else if (kind === 5) return joined(own.subarray(0, at), own.subarray(Math.min(own.length, at + 1 + below(8))));
  else if (kind === 6) return joined(own.subarray(0, at), Uint8Array.of(below(256)), own.subarray(at));
  else if (kind === 7) return joined(own.subarray(0, at), own.subarray(below(at + 1)));
  else if (kind === 8) return joined(own.subarray(0, at), other.subarray(below(other.length + 1)));
  return own;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts).subarray(0, longest_bytes));
}

function faultsOf(decoder: string, bytes: Uint8Array, options: DecodeOptions, totals: MutationTotals): string[] {
  const format = findFormat(decoder);
  try {
    if (format === undefined) {
      const event = networkServers.find(({ name }) => name === decoder)?.read(bytes);
      totals[event?.kind === 'problem' ? 'refused' : 'accepted'] += 1;
      return event === undefined ? ['no such decoder'] : [];
    }
    if (decoder === 'wmbus') wmbusSender(bytes);
    // A Buffer, as the broker hands it on: its slice shares memory, and a decoder that writes into one changes what is stored.
    const given = Buffer.from(bytes);
    const result = format.decode(given, options);
    if (!given.equals(bytes)) return ['changed the payload'];
    totals[result.ok ? 'accepted' : 'refused'] += 1;
    const holds = checksumHolds(decoder, bytes);
    if (holds === true) totals.checksumHeld += 1;
    if (holds === false) totals.checksumBroken += 1;
    return [...(holds === false && result.ok ? ['accepted with a broken checksum'] : []), ...faultsOfResult(result)];
  } catch (error) {
    return [`threw ${error instanceof Error ? error.message : String(error)}`];
  }
}

const times = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{3}Z|Z|[+-]\d\d:\d\d)?)?$/;
/** As the intake takes them. */
const mostReadings = 1_000;

function faultsOfResult(result: DecodeResult): string[] {
  if (!result.ok) {
    return /^[A-Z][A-Z0-9_]+$/.test(result.problem.code) && result.problem.detail.length > 0
      ? []
      : ['a problem without words'];
  }
  const { readings } = result.uplink;
  const faults: string[] = [];
  if (readings.length === 0 || readings.length > mostReadings) faults.push(`${readings.length} readings`);
  for (const { register_l, measured_at } of readings) {
    if (!Number.isSafeInteger(register_l) || register_l < 0) faults.push(`a register of ${register_l}`);
    if (measured_at !== null && !times.test(measured_at)) faults.push('a time that is none');
  }
  return faults;
}

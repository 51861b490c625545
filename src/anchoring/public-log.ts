// The public log as lines of JSON: how an epoch and its changes are written, and how they are read again with care.
import { bytes32 } from './hexadecimal.ts';

/** The contract whose roots the log claims to explain. */
export interface LogPlace {
  chain_id: number;
  contract: string;
  registry_id: string;
}

export interface LogEpochFacts {
  epoch: number;
  previous_root: string;
  root: string;
  made_at: string;
  status: string;
  transaction: string | null;
  block: number | null;
  block_hash: string | null;
  block_time: string | null;
  /** When the operator said that this epoch of the chain is not theirs; `null` for every other. */
  disowned_at: string | null;
}

export interface LogChange {
  key: string;
  /** `null`: removed. */
  value: string | null;
  /** `null` in epochs made before there were links. */
  link: string | null;
}

export interface LogEpoch extends LogEpochFacts {
  /** In key order. */
  changes: LogChange[];
}

export const logLimits = {
  /** Characters of the longest line that is taken. */
  line: 4_096,
  /** Changes of one epoch that are taken; an epoch is made of 100,000 at most. */
  changes: 200_000,
} as const;

/** A log that can't be read: not a difference, but no answer either. */
export class LogUnreadable extends Error {
  override readonly name = 'LogUnreadable';
}

/** The first line: what the log is of. */
export function placeLine(place: LogPlace): string {
  return `${JSON.stringify({ log: 'naru/1', ...place })}\n`;
}

export function epochLine(facts: LogEpochFacts): string {
  return `${JSON.stringify(facts)}\n`;
}

export function changeLine({ key, value, link }: LogChange): string {
  return `${JSON.stringify({ key, value, link })}\n`;
}

/** The last line, without which a log is cut off. `newest`: number of the last epoch written, 0 for none. */
export function endLine(newest: number): string {
  return `${JSON.stringify({ end: true, newest })}\n`;
}

export function epochLines({ changes, ...facts }: LogEpoch): string {
  return epochLine(facts) + changes.map(changeLine).join('');
}

export interface OpenLog {
  place: LogPlace;
  epochs: AsyncIterable<LogEpoch>;
}

/**
 * @param lines without their line ends
 * @param mayBeCut a copy that grows has no last line
 * @throws LogUnreadable, also while the epochs are read
 */
export async function readLog(lines: AsyncIterable<string>, mayBeCut: boolean): Promise<OpenLog> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  const place = first.done === true ? null : placeOf(objectIn(first.value, 1));
  if (place === null) throw new LogUnreadable('it does not begin as a log of anchors does ({"log":"naru/1",…})');
  return { place, epochs: epochsIn(iterator, mayBeCut) };
}

async function* epochsIn(lines: AsyncIterator<string>, mayBeCut: boolean): AsyncGenerator<LogEpoch> {
  let epoch: LogEpoch | null = null;
  let number = 1;
  try {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      number += 1;
      const object = objectIn(line.value, number);
      if ('key' in object) {
        if (epoch === null) throw new LogUnreadable(`line ${number}: a change before any epoch`);
        if (epoch.changes.length >= logLimits.changes)
          throw new LogUnreadable(`line ${number}: epoch ${epoch.epoch} has more than ${logLimits.changes} changes`);
        epoch.changes.push(changeOf(object, number));
        continue;
      }
      if (epoch !== null) yield epoch;
      epoch = null;
      if (object.end === true) return;
      epoch = { ...factsOf(object, number), changes: [] };
    }
    if (!mayBeCut) throw new LogUnreadable('it breaks off before its end; ask again');
    if (epoch !== null) yield epoch;
  } finally {
    await lines.return?.();
  }
}

function objectIn(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new LogUnreadable(`line ${number}: not a JSON object`);
}

function placeOf({ log, chain_id, contract, registry_id }: Record<string, unknown>): LogPlace | null {
  if (log !== 'naru/1' || !isWhole(chain_id) || !isHash(registry_id)) return null;
  if (typeof contract !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(contract)) return null;
  return { chain_id, contract, registry_id };
}

function factsOf(line: Record<string, unknown>, number: number): LogEpochFacts {
  const { epoch, previous_root, root, status, made_at } = line;
  if (!isWhole(epoch) || epoch < 1 || !isHash(previous_root) || !isHash(root))
    throw new LogUnreadable(`line ${number}: neither an epoch nor a change`);
  return {
    epoch,
    previous_root,
    root,
    made_at: textOrNull(made_at) ?? '',
    status: textOrNull(status) ?? '',
    transaction: isHash(line.transaction) ? line.transaction : null,
    block: isWhole(line.block) ? line.block : null,
    block_hash: isHash(line.block_hash) ? line.block_hash : null,
    block_time: textOrNull(line.block_time),
    disowned_at: textOrNull(line.disowned_at),
  };
}

function changeOf({ key, value, link }: Record<string, unknown>, number: number): LogChange {
  const known = (held: unknown): held is string | null | undefined =>
    held === null || held === undefined || isHash(held);
  if (!isHash(key) || !known(value) || !known(link))
    throw new LogUnreadable(`line ${number}: a change has key, value and link of 32 bytes`);
  return { key, value: value ?? null, link: link ?? null };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 64 ? value : null;
}

/** A change as the map takes it. */
export function asMapChange({ key, value }: LogChange): { key: Uint8Array; value: Uint8Array | null } {
  return { key: bytes32(key), value: value === null ? null : bytes32(value) };
}

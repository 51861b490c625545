// What a meter says of its state: the transport header's status byte, and bits that each maker names.
import { type Flag, orderedFlags } from './flags.ts';

/** Names in the maker's words, and the flags that stand for them here. */
export interface StatusTold {
  names: string[];
  flags: Flag[];
}

/** A bit of a status field: its value, its name, and the flag where there is one for it (of the present, not of the past). */
export type StatusBit = readonly [value: number, name: string, flag?: Flag];

/**
 * The names of the bits that are set. Bits that nobody has named are told together, as `UNNAMED_800`, and are an error.
 *
 * @param mask the bits that are of the status; others are not looked at
 * @param unnamed what the bits that have no name are called
 */
export function statusOf(
  value: number,
  bits: readonly StatusBit[],
  mask = 0xffffffff,
  unnamed = 'ERROR_FLAGS',
): StatusTold {
  const names: string[] = [];
  const flags: Flag[] = [];
  let rest = (value & mask) >>> 0;
  for (const [bit, name, flag] of bits) {
    if ((rest & bit) === 0) continue;
    names.push(name);
    if (flag !== undefined) flags.push(flag);
  }
  for (const [bit] of bits) rest = (rest & ~bit) >>> 0;
  if (rest !== 0) {
    names.push(`${unnamed}_${rest.toString(16).toUpperCase()}`);
    flags.push('error');
  }
  return { names, flags };
}

const applicationNames: readonly string[] = ['', 'BUSY', 'ERROR', 'ALARM'];

const generalBits: readonly StatusBit[] = [
  [0x04, 'POWER_LOW', 'battery_low'],
  [0x08, 'PERMANENT_ERROR', 'permanent_error'],
  [0x10, 'TEMPORARY_ERROR', 'temporary_error'],
];

/**
 * The transport header's status byte. Bits 5 to 7 are each maker's own. Source: EN 13757-7:2018 table 10.
 *
 * @param makersBits the names of bits 5 to 7, where they are known
 */
export function transportStatus(status: number, makersBits: readonly StatusBit[] = []): StatusTold {
  const told = statusOf(status, [...generalBits, ...makersBits], 0xfc, 'UNKNOWN');
  // What only a maker knows is no reason for an alarm.
  const known = (0x1c | makersBits.reduce((mask, [bit]) => mask | bit, 0)) >>> 0;
  const unknownOnly = (status & 0xfc & ~known) !== 0;
  const flags = unknownOnly ? told.flags.filter((flag) => flag !== 'error') : told.flags;
  const application = status & 3;
  const name = applicationNames[application] ?? '';
  return {
    names: name === '' ? told.names : [...told.names, name],
    flags: application >= 2 ? [...flags, 'error'] : flags,
  };
}

/** All of them as one: names sorted, each once; flags in the order of flags.ts. */
export function together(parts: readonly StatusTold[]): StatusTold {
  return {
    names: [...new Set(parts.flatMap((part) => part.names))].sort(),
    flags: orderedFlags(parts.flatMap((part) => part.flags)),
  };
}

/** Little-endian and without a sign, of at most 4 bytes: how flags stand in a record. */
export function flagBits(bytes: Uint8Array): number {
  let value = 0;
  for (let at = Math.min(bytes.length, 4) - 1; at >= 0; at -= 1) value = ((value << 8) | (bytes[at] ?? 0)) >>> 0;
  return value;
}

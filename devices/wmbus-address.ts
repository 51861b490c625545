// Who sent a telegram: the address of the link layer or of the long transport header, and how makers and media are named.

/** Who sent: from the link layer, or from the long transport header where a radio sends for a meter. */
export interface MeterAddress {
  /** Two bytes as sent, little-endian. */
  manufacturer: Uint8Array;
  /** Four bytes as sent, little-endian digits. */
  id: Uint8Array;
  version: number;
  medium: number;
}

/** Source: EN 13757-7:2018 table 13. */
const mediumNames: Record<number, string> = {
  0: 'other',
  1: 'oil',
  2: 'electricity',
  3: 'gas',
  4: 'heat',
  6: 'warm water',
  7: 'water',
  8: 'heat cost allocator',
  14: 'bus or system component',
  21: 'hot water',
  22: 'cold water',
  23: 'dual water',
  40: 'waste water',
  55: 'radio converter',
};

export function mediumName(medium: number): string {
  return mediumNames[medium] ?? `medium ${medium}`;
}

/** `0x44B4` is three letters of five bits: `QDS`. Source: EN 13757-7:2018 clause 7.5.2 (FLAG association). */
export function manufacturerCode(bytes: Uint8Array): string {
  const packed = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const letters = [packed >> 10, packed >> 5, packed].map((part) => 64 + (part & 0x1f));
  return letters.every((code) => code >= 65 && code <= 90) ? String.fromCharCode(...letters) : 'unknown';
}

/** The id as it is printed on the meter. */
export function meterIdOf(id: Uint8Array): string {
  return [...id]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** The address field of the link layer as the standard has it: maker, id, version, medium. `link` begins with L. */
export function standardAddress(link: Uint8Array): MeterAddress {
  return {
    manufacturer: link.subarray(2, 4),
    id: link.subarray(4, 8),
    version: link[8] ?? 0,
    medium: link[9] ?? 0,
  };
}

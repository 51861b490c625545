// Chance that can be repeated: numbers drawn from a seed and a place in a sequence, with no state to carry along.

/** A 32-bit seed for one thing of a run: `seedOf('fleet', 7, 'meter', 12)`. FNV-1a, finished by `mixed`. */
export function seedOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of parts.join('/')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return mixed(hash);
}

/**
 * The number at place `index` of the sequence that `seed` begins, evenly in [0, 1). A pure function, so any minute of a
 * household's life can be looked up without living through those before. Steps are Weyl's, the finish is murmur3's.
 */
export function chanceAt(seed: number, index: number): number {
  return (
    mixed((seed + Math.imul(index | 0, 0x9e3779b9) + Math.imul(Math.floor(index / 2 ** 32), 0x85ebca6b)) | 0) / 2 ** 32
  );
}

function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

// Decoys: places in a status list that belong to no credential and are set all the same, so that neither how many entries
// are set, nor how many change at once, says how many people lost a credential. Source: draft-ietf-oauth-status-list, 12.5.
import { indicesOf, setStatus, statusAt, statusListLimits } from './status-list.ts';

export const decoyLimits = {
  /** Places kept for decoys, of all in a list: one in 32. */
  places: 4_096,
  /** At least and at most so many are set from the start. */
  setFirst: [512, 2_048],
  /** At most so many more are set, or taken back, with each change of the list. */
  changed: 3,
} as const;

/** One bit an entry, least significant first. */
export function isDecoy(decoys: Uint8Array, index: number): boolean {
  return ((decoys[index >> 3] ?? 0) >> (index & 7)) % 2 === 1;
}

/**
 * Chooses the places of a list's decoys.
 *
 * @param isTaken whether a place is a credential's
 */
export function chooseDecoys(
  randomBytes: (length: number) => Uint8Array,
  isTaken: (index: number) => boolean,
): Uint8Array {
  const decoys = new Uint8Array(statusListLimits.entries / 8);
  for (const index of indicesOf(randomBytes(4 * decoyLimits.places))) {
    if (!isTaken(index)) decoys[index >> 3] = (decoys[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return decoys;
}

/** Sets in place the decoys that a list begins with: a number nobody can guess, most of them as if revoked. */
export function setFirstDecoys(
  statuses: Uint8Array,
  decoys: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): void {
  const [least, most] = decoyLimits.setFirst;
  const [drawn = 0] = indicesOf(randomBytes(4), most - least);
  const wanted = least + drawn;
  const places = shuffled(placesOf(decoys), randomBytes).slice(0, wanted);
  const kinds = randomBytes(places.length);
  for (const [n, index] of places.entries()) setStatus(statuses, index, (kinds[n] ?? 0) < 64 ? 'suspended' : 'revoked');
}

/**
 * Changes in place a few decoys along with a change that somebody asked for: an unset one becomes revoked or suspended, a
 * suspended one valid again or revoked, as credentials do; a revoked one stays.
 */
export function changeSomeDecoys(
  statuses: Uint8Array,
  decoys: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): void {
  const [how = 0] = randomBytes(1);
  const tries = indicesOf(randomBytes(4 * decoyTries));
  let left = how % (decoyLimits.changed + 1);
  for (const [n, index] of tries.entries()) {
    if (left === 0) return;
    if (!isDecoy(decoys, index) || statusAt(statuses, index) === 1) continue;
    const kind = randomBytes(1)[0] ?? n;
    const isSuspended = statusAt(statuses, index) === 2;
    setStatus(statuses, index, kind < 128 ? 'revoked' : isSuspended ? 'valid' : 'suspended');
    left -= 1;
  }
}

/** One place in 32 is a decoy: enough that a few are nearly always found. */
const decoyTries = 256;

function placesOf(decoys: Uint8Array): number[] {
  return Array.from({ length: decoys.length * 8 }, (_, index) => index).filter((index) => isDecoy(decoys, index));
}

function shuffled(items: number[], randomBytes: (length: number) => Uint8Array): number[] {
  const view = new DataView(randomBytes(items.length * 4).buffer);
  return items
    .map((item, n) => [view.getUint32(n * 4), item] as const)
    .sort(([left], [right]) => left - right)
    .map(([, item]) => item);
}

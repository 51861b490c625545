// Keys and values of the map: hashes only, so that the chain and the public log say nothing about anybody.
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** What may stand in the map, one kind each. */
export type AnchorDomain = 'did' | 'status-list' | 'trusted-issuer' | 'zone-day' | 'bill-tree';

const SALT_bytes = 32;

/**
 * SHA-256(`naru/<domain>/1` ‖ name), `name` in UTF-8: a DID, the address of a status list, the name of a trusted
 * issuer, of a zone's day, or of a tree of bills.
 */
export function anchorKey(domain: AnchorDomain, name: string): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(`naru/${domain}/1`), utf8ToBytes(name)));
}

/**
 * The value of a person's key: SHA-256(salt ‖ entryHash). Once the salt is erased the value means nothing.
 *
 * @param salt 32 random bytes, kept with the entry
 */
export function personValue(salt: Uint8Array, entryHash: Uint8Array): Uint8Array {
  if (salt.length !== SALT_bytes) throw new RangeError(`a salt has ${SALT_bytes} bytes`);
  return sha256(concatBytes(salt, entryHash));
}

/** The value of an institution's key: SHA-256(entryHash). Institutions are public; nothing is salted. */
export function institutionValue(entryHash: Uint8Array): Uint8Array {
  return sha256(entryHash);
}

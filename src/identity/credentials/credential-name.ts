// What is kept of a name by which a credential is called: a hash, because an id may say whose the credential is.
import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256, 32 bytes. */
export function nameHash(name: string): Uint8Array {
  return sha256(new TextEncoder().encode(`naru/credential-name/1\n${name}`));
}

// Made-up keys and values that are the same in every run: SHA-256 of a word and a number.
import { createHash } from 'node:crypto';

export function numberedHash(word: string, n: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`${word} ${n}`).digest());
}

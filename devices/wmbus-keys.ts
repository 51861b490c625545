// What the ways of encrypting a telegram have in common: vectors, keys for one message, and the refusals.
import { createDecipheriv } from 'node:crypto';
import { aesCmac } from './aes-cmac.ts';
import type { MeterAddress } from './wmbus-address.ts';
import { joined, type Refusal, refusal } from './wmbus-link.ts';

export type Opened = { ok: true; data: Uint8Array } | Refusal;

const block_bytes = 16;

/** Two idle fillers begin what modes 2, 5 and 7 encrypt: how a right key is told from a wrong one. */
export function beginsWithFillers(data: Uint8Array): boolean {
  return data[0] === 0x2f && data[1] === 0x2f;
}

/** Maker, id, version and medium as they begin the vectors of mode 5 and of the extended link layer. */
export function addressVector(address: MeterAddress): Uint8Array {
  const vector = new Uint8Array(block_bytes);
  vector.set(address.manufacturer, 0);
  vector.set(address.id, 2);
  vector[6] = address.version;
  vector[7] = address.medium;
  return vector;
}

/** Mode 5's vector: the address, then the access number eight times. */
export function accessVector(address: MeterAddress, access_number: number): Uint8Array {
  return addressVector(address).fill(access_number, 8);
}

/** `sealed` is whole blocks; `key` and `vector` are 16 bytes. */
export function cbcOpened(sealed: Uint8Array, key: Uint8Array, vector: Uint8Array): Uint8Array {
  return createDecipheriv('aes-128-cbc', key, vector).setAutoPadding(false).update(sealed);
}

/**
 * The key of one message. Source: OMS-Specification volume 2 issue 4 clause 9.5.
 *
 * @param purpose 0 encrypts, 1 authenticates, both from the meter to the other side
 * @param counter the message counter as sent
 */
export function derivedKey(key: Uint8Array, purpose: 0 | 1, counter: Uint8Array, meter: MeterAddress): Uint8Array {
  return aesCmac(key, joined([Uint8Array.of(purpose), counter, meter.id, new Uint8Array(7).fill(7)]));
}

export function noKey(): Refusal {
  return refusal('ENCRYPTED_NO_KEY', "the telegram is encrypted; give the meter's AES key, 16 bytes as 32 hex digits");
}

export function badKey(): Refusal {
  return refusal('KEY_INVALID', 'an AES key is 16 bytes: 32 hex digits');
}

export function wrongKey(): Refusal {
  return refusal('DECRYPTION_FAILED', 'the key does not open this telegram');
}

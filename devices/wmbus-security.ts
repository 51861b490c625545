// Opens what a wireless M-Bus telegram's transport or extended link layer has encrypted with the meter's AES key.
// Source: EN 13757-7:2018 clause 7.6 and OMS-Specification volume 2 issue 4 clause 9 (mode 5), EN 13757-4:2019 clause 13.2.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { crcOf, joined, type MeterAddress, type Refusal, type TransportHeader } from './wmbus-frame.ts';

export type Opened = { ok: true; data: Uint8Array } | Refusal;

const keyLength_bytes = 16;

/** Two idle fillers begin every encrypted block of modes 5 and 7: how a right key is told from a wrong one. */
function beginsWithFillers(data: Uint8Array): boolean {
  return data[0] === 0x2f && data[1] === 0x2f;
}

/**
 * The records of a telegram in the clear. Gateways that hold the keys hand telegrams on decrypted but with the header as
 * sent, so data that already begins with the fillers is taken as it is.
 */
export function openTransport(header: TransportHeader, sender: MeterAddress, key: Uint8Array | undefined): Opened {
  const mode = (header.configuration >> 8) & 0x1f;
  if (mode === 0 || isUnassigned(mode)) return { ok: true, data: header.data };
  if (mode === 5) return openMode5(header, header.address ?? sender, key);
  if (mode === 7) {
    // One more configuration byte, then the data.
    const data = header.data.subarray(1);
    if (beginsWithFillers(data)) return { ok: true, data };
    return key === undefined ? noKey() : unsupported(mode);
  }
  if (beginsWithFillers(header.data)) return { ok: true, data: header.data };
  return key === undefined ? noKey() : unsupported(mode);
}

/** Modes above 15 that no standard gives a meaning; meters that set them send in the clear. */
export function isUnassigned(mode: number): boolean {
  return mode > 15;
}

function openMode5(header: TransportHeader, address: MeterAddress, key: Uint8Array | undefined): Opened {
  const encrypted_bytes = ((header.configuration >> 4) & 0x0f) * 16;
  if (encrypted_bytes === 0) return { ok: true, data: header.data };
  const clear: Opened = { ok: true, data: header.data };
  if (encrypted_bytes > header.data.length) {
    // Some decrypting gateways cut the padding off.
    if (beginsWithFillers(header.data)) return clear;
    return { ok: false, code: 'FRAME_TOO_SHORT', detail: 'fewer bytes than the header says are encrypted' };
  }
  if (key === undefined) return beginsWithFillers(header.data) ? clear : noKey();
  if (key.length !== keyLength_bytes) return badKey();
  const vector = new Uint8Array(16).fill(header.access_number ?? 0);
  vector.set(address.manufacturer, 0);
  vector.set(address.id, 2);
  vector[6] = address.version;
  vector[7] = address.medium;
  const cipher = createDecipheriv('aes-128-cbc', key, vector).setAutoPadding(false);
  const opened = cipher.update(header.data.subarray(0, encrypted_bytes));
  if (beginsWithFillers(opened)) {
    return { ok: true, data: joined([opened, header.data.subarray(encrypted_bytes)]) };
  }
  return beginsWithFillers(header.data) ? clear : wrongKey();
}

/**
 * What follows a long extended link header (CI 8D, 8F). `sealed` begins with the CRC of the rest, which is inside the
 * encryption: when it fits, the rest is in the clear. Source: EN 13757-4:2019 clause 13.2.10.
 */
export function openExtendedLink(
  sealed: Uint8Array,
  sender: MeterAddress,
  communicationControl: number,
  sessionNumber: Uint8Array,
  key: Uint8Array | undefined,
): Opened {
  if (crcFits(sealed)) return { ok: true, data: sealed.subarray(2) };
  const encryption = (sessionNumber[3] ?? 0) >> 5;
  if (encryption !== 1) {
    return { ok: false, code: 'FRAME_CRC_WRONG', detail: 'the extended link layer has a wrong CRC' };
  }
  if (key === undefined) return noKey();
  if (key.length !== keyLength_bytes) return badKey();
  const counter = new Uint8Array(16);
  counter.set(sender.manufacturer, 0);
  counter.set(sender.id, 2);
  counter[6] = sender.version;
  counter[7] = sender.medium;
  counter[8] = communicationControl;
  counter.set(sessionNumber, 9);
  // A counter mode: sealing and opening are the same.
  const opened = createCipheriv('aes-128-ctr', key, counter).update(sealed);
  return crcFits(opened) ? { ok: true, data: opened.subarray(2) } : wrongKey();
}

function crcFits(sealed: Uint8Array): boolean {
  return sealed.length > 2 && crcOf(sealed.subarray(2)) === ((sealed[0] ?? 0) | ((sealed[1] ?? 0) << 8));
}

function noKey(): Refusal {
  return {
    ok: false,
    code: 'ENCRYPTED_NO_KEY',
    detail: "the telegram is encrypted; give the meter's AES key, 16 bytes as 32 hex digits",
  };
}

function badKey(): Refusal {
  return { ok: false, code: 'KEY_INVALID', detail: 'an AES key is 16 bytes: 32 hex digits' };
}

function wrongKey(): Refusal {
  return { ok: false, code: 'DECRYPTION_FAILED', detail: 'the key does not open this telegram' };
}

function unsupported(mode: number): Refusal {
  return {
    ok: false,
    code: 'ENCRYPTION_MODE_UNSUPPORTED',
    detail: `the telegram is encrypted in mode ${mode}; mode 5 and the extended link layer's counter mode can be opened`,
  };
}

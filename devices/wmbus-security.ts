// Opens what a wireless M-Bus telegram's transport or extended link layer has encrypted with the meter's AES key.
// Source: EN 13757-7:2018 clause 7.6 and OMS-Specification volume 2 issue 4 clause 9 (modes 5 and 7), EN 13757-4:2019
// clause 13.2 (extended link layer).
import { createCipheriv } from 'node:crypto';
import { aesCmac } from './aes-cmac.ts';
import type { MeterAddress } from './wmbus-address.ts';
import { openMode10 } from './wmbus-ccm.ts';
import { openMode2 } from './wmbus-des.ts';
import {
  accessVector,
  addressVector,
  badKey,
  beginsWithFillers,
  cbcOpened,
  derivedKey,
  noKey,
  type Opened,
  wrongKey,
} from './wmbus-keys.ts';
import { crcOf, joined, refusal } from './wmbus-link.ts';
import { type Authentication, securityMode, type TransportHeader } from './wmbus-transport.ts';

const keyLength_bytes = 16;
/** Bits H and R of the extended link layer's communication control. Source: EN 13757-4:2019 clause 13.2. */
const hopCount = 0x10;
const repeatedAccess = 0x02;
const block_bytes = 16;

/**
 * The records of a telegram in the clear. Gateways that hold the keys hand telegrams on decrypted but with the header as
 * sent, so data that already begins with the fillers is taken as it is.
 *
 * @param sender whose address stands where the header has none
 * @param authenticated the authentication layer with the transport layer behind it as sent; null when there is none
 */
export function openTransport(
  header: TransportHeader,
  sender: MeterAddress,
  authenticated: Authentication | null,
  key: Uint8Array | undefined,
): Opened {
  const mode = securityMode(header);
  const meter = header.address ?? sender;
  const clear: Opened = { ok: true, data: header.data };
  if (mode === 0 || isUnassigned(mode)) return clear;
  if (mode === 5) {
    return openBlocks(header, header.data, accessVector(meter, header.access_number ?? 0), key);
  }
  if (mode === 7) return openMode7(header, meter, authenticated, key);
  if (mode === 10) return openMode10(header, meter, key);
  if (mode === 2) return openMode2(header, key);
  if (beginsWithFillers(header.data)) return clear;
  if (key === undefined) return noKey();
  return refusal(
    'ENCRYPTION_MODE_UNSUPPORTED',
    `the telegram is encrypted in mode ${mode}; modes 2, 5, 7 and 10 and the extended link layer's counter mode can be opened`,
  );
}

/** Modes above 15 that no standard gives a meaning; meters that set them send in the clear. */
export function isUnassigned(mode: number): boolean {
  return mode > 15;
}

/** CBC over as many blocks as the configuration field's bits 4 to 7 say; the rest of `data` is in the clear. */
function openBlocks(
  header: TransportHeader,
  data: Uint8Array,
  vector: Uint8Array,
  key: Uint8Array | undefined,
): Opened {
  const encrypted_bytes = ((header.configuration >> 4) & 0x0f) * block_bytes;
  const clear: Opened = { ok: true, data };
  if (encrypted_bytes === 0) return clear;
  if (encrypted_bytes > data.length) {
    // Some decrypting gateways cut the padding off.
    if (beginsWithFillers(data)) return clear;
    return refusal('FRAME_TOO_SHORT', 'fewer bytes than the header says are encrypted');
  }
  if (key === undefined) return beginsWithFillers(data) ? clear : noKey();
  if (key.length !== keyLength_bytes) return badKey();
  const opened = cbcOpened(data.subarray(0, encrypted_bytes), key, vector);
  if (beginsWithFillers(opened)) return { ok: true, data: joined([opened, data.subarray(encrypted_bytes)]) };
  return beginsWithFillers(data) ? clear : wrongKey();
}

/**
 * Mode 7: keys for this message alone, derived from the meter's key, the message counter and the meter's id; a vector of
 * zeros; and a MAC over the message as sent. Source: OMS-Specification volume 2 issue 4 clauses 9.4 to 9.6.
 */
function openMode7(
  header: TransportHeader,
  meter: MeterAddress,
  authenticated: Authentication | null,
  key: Uint8Array | undefined,
): Opened {
  // One more configuration byte, which says how keys are derived, then the data.
  const data = header.data.subarray(1);
  if (beginsWithFillers(data)) return { ok: true, data };
  if (((header.data[0] ?? 0) & 0x30) !== 0x10) {
    return refusal('ENCRYPTION_MODE_UNSUPPORTED', 'mode 7 with another way of deriving keys than the standard one');
  }
  const counter = authenticated?.message_counter ?? null;
  if (authenticated === null || counter === null) {
    return refusal('MESSAGE_COUNTER_MISSING', 'a telegram in mode 7 has a message counter in its authentication layer');
  }
  if (key === undefined) return noKey();
  if (key.length !== keyLength_bytes) return badKey();
  const opened = openBlocks(header, data, new Uint8Array(block_bytes), derivedKey(key, 0, counter, meter));
  if (!opened.ok || authenticated.mac === null) return opened;
  const made = aesCmac(derivedKey(key, 1, counter, meter), authenticatedBytes(authenticated, counter));
  if (authenticated.mac.length > 0 && authenticated.mac.every((byte, at) => byte === made[at])) return opened;
  return refusal('AUTHENTICATION_FAILED', 'the telegram was changed on its way: its MAC is not the one its key makes');
}

function authenticatedBytes(layer: Authentication, counter: Uint8Array): Uint8Array {
  const control = Uint8Array.of(layer.message_control ?? 0);
  return joined([control, counter, layer.message_length ?? new Uint8Array(), layer.rest]);
}

/**
 * What follows a long extended link header (CI 8D, 8F). `sealed` begins with the CRC of the rest, which is inside the
 * encryption: when it fits, the rest is in the clear. Source: EN 13757-4:2019 clause 13.2.10.
 */
export function openExtendedLink(
  sealed: Uint8Array,
  sender: MeterAddress,
  control: number,
  session: Uint8Array,
  key: Uint8Array | undefined,
): Opened {
  if (crcFits(sealed)) return { ok: true, data: sealed.subarray(2) };
  if ((session[3] ?? 0) >> 5 !== 1) {
    return refusal('FRAME_CRC_WRONG', 'the extended link layer has a wrong CRC');
  }
  if (key === undefined) return noKey();
  if (key.length !== keyLength_bytes) return badKey();
  const counter = addressVector(sender);
  // A repeater sets the hop count, and a later access the repeated one: neither was there when the meter encrypted.
  counter[8] = control & ~(hopCount | repeatedAccess);
  counter.set(session, 9);
  // A counter mode: sealing and opening are the same.
  const opened = createCipheriv('aes-128-ctr', key, counter).update(sealed);
  return crcFits(opened) ? { ok: true, data: opened.subarray(2) } : wrongKey();
}

function crcFits(sealed: Uint8Array): boolean {
  return sealed.length > 2 && crcOf(sealed.subarray(2)) === ((sealed[0] ?? 0) | ((sealed[1] ?? 0) << 8));
}

// Opens mode 10 (OMS security profile D): AES-CCM, which encrypts and authenticates in one, with a key for each message.
// Source: EN 13757-7:2018 clause 7.6 and OMS-Specification volume 2 issue 5 clause 9; the order of the counter's bytes in
// the nonce and what is authenticated are as in wmbusmeters' issue 1667, where a Kamstrup flowIQ is opened step by step.
import { createDecipheriv } from 'node:crypto';
import type { MeterAddress } from './wmbus-address.ts';
import { badKey, derivedKey, noKey, type Opened, wrongKey } from './wmbus-keys.ts';
import { joined, refusal } from './wmbus-link.ts';
import type { TransportHeader } from './wmbus-transport.ts';

const key_bytes = 16;
const extension_bytes = 2;
const counter_bytes = 4;
/** In the configuration field's low byte: all that follows is encrypted. */
const allOfIt = 0xff;

/**
 * Behind the configuration field: two bytes that say how long the tag is and how keys are derived, one more with the key's
 * version where they say so, the message counter; then what is encrypted, and the tag.
 */
export function openMode10(header: TransportHeader, meter: MeterAddress, key: Uint8Array | undefined): Opened {
  const { data, sent, configuration } = header;
  const extension = (data[0] ?? 0) | ((data[1] ?? 0) << 8);
  const counterAt = extension_bytes + ((extension & 0x40) === 0 ? 0 : 1);
  const sealedAt = counterAt + counter_bytes;
  const tag_bytes = 4 * (1 + ((extension >> 8) & 3));
  const sealedEnd = data.length - tag_bytes;
  if (sealedEnd <= sealedAt) return refusal('FRAME_TOO_SHORT', 'the telegram ends before its authentication tag');
  if ((extension & 0x30) !== 0x10) {
    return refusal('ENCRYPTION_MODE_UNSUPPORTED', 'mode 10 with another way of deriving keys than the standard one');
  }
  const encrypted_bytes = configuration & 0xff;
  if (encrypted_bytes !== allOfIt && encrypted_bytes < sealedEnd - sealedAt) {
    return refusal('ENCRYPTION_MODE_UNSUPPORTED', 'mode 10 with a part in the clear');
  }
  if (key === undefined) return noKey();
  if (key.length !== key_bytes) return badKey();
  const counter = data.subarray(counterAt, sealedAt);
  const { manufacturer, id, version, medium } = meter;
  const nonce = joined([manufacturer, id, Uint8Array.of(version, medium, 0), Uint8Array.from(counter).reverse()]);
  const cipher = createDecipheriv('aes-128-ccm', derivedKey(key, 0, counter, meter), nonce, {
    authTagLength: tag_bytes,
  });
  cipher.setAuthTag(data.subarray(sealedEnd));
  // The transport header as sent, up to the counter.
  cipher.setAAD(sent.subarray(0, sent.length - data.length + counterAt), { plaintextLength: sealedEnd - sealedAt });
  try {
    const opened = cipher.update(data.subarray(sealedAt, sealedEnd));
    cipher.final();
    return { ok: true, data: opened };
  } catch {
    return wrongKey();
  }
}

// The long frame of wired M-Bus: 68 L L 68 C A CI … checksum 16. Source: EN 13757-2:2018 clause 5 (frame format FT1.2).
import { type Refusal, refusal } from './wmbus-link.ts';

const start = 0x68;
const stop = 0x16;
/** Four bytes in front of what L counts, two behind. */
const around_bytes = 6;

/** Null when the bytes do not begin as a long frame; `body` begins with the CI field. */
export function longFrame(bytes: Uint8Array): { body: Uint8Array } | Refusal | null {
  const length = bytes[1];
  if (bytes[0] !== start || bytes[3] !== start || length !== bytes[2] || length === undefined) return null;
  if (length < 3 || bytes.length !== length + around_bytes || bytes.at(-1) !== stop) {
    return refusal('FRAME_LENGTH_WRONG', 'the wired long frame is not as long as it says');
  }
  const content = bytes.subarray(4, 4 + length);
  if ((content.reduce((sum, byte) => sum + byte, 0) & 0xff) !== bytes.at(-2)) {
    return refusal('FRAME_CHECKSUM_WRONG', 'the checksum is not the sum of the bytes');
  }
  // 08, and bits for "has alarms" and "busy": the answer of a meter to being asked.
  if (((content[0] ?? 0) & 0xcf) !== 0x08) {
    return refusal('FRAME_TYPE_UNKNOWN', 'the C field is not one of a meter that answers');
  }
  return { body: content.subarray(2) };
}

// Text in MQTT packets: strings with their length in front, names and filters of topics.
import { isUtf8 } from 'node:buffer';

/** As deep as a topic may be; the broker's matcher takes no more. */
export const mostTopicLevels = 100;

// U+0000 never [MQTT-1.5.3-2]; the other control characters and what Unicode says is no character: a receiver may close
// on them (MQTT 3.1.1 section 1.5.3), and no meter has a use for them.
const FORBIDDEN = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;

/** The text of these bytes; null where they are no UTF-8, or hold a surrogate or a forbidden character. [MQTT-1.5.3-1] */
export function decodeText(bytes: Buffer, start: number, end: number): string | null {
  if (!isUtf8(bytes.subarray(start, end))) return null;
  const text = bytes.toString('utf8', start, end);
  return FORBIDDEN.test(text) ? null : text;
}

/** Where the string that begins at `at` ends, its two bytes of length counted; -1 where it goes beyond `end`. */
export function endOfField(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const until = at + 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
  return until > end ? -1 : until;
}

/** A name to publish to: something [MQTT-4.7.3-1], without wildcards [MQTT-3.3.2-2], not too deep. */
export function isTopicName(text: string): boolean {
  return text !== '' && !/[+#]/.test(text) && levelsOf(text) <= mostTopicLevels;
}

/** A filter to subscribe to: `#` is the last level [MQTT-4.7.1-2], each wildcard a level of its own [MQTT-4.7.1-3]. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || levelsOf(text) > mostTopicLevels) return false;
  const levels = text.split('/');
  return levels.every(
    (level, index) => !/[+#]/.test(level) || level === '+' || (level === '#' && index === levels.length - 1),
  );
}

/** Whether messages on the topic go to a subscription of this filter; `$` is hidden from wildcards [MQTT-4.7.2-1]. */
export function isMatch(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const levels = topic.split('/');
  const wanted = filter.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}

function levelsOf(text: string): number {
  let levels = 1;
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) levels += 1;
  return levels;
}

// Which statements of a credential every disclosure shows, known once for a compiled shape and its pointers.
// Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.4.2 and 3.5.2 (canonicalizeAndGroup with HMAC labels).
import { createHash, createHmac } from 'node:crypto';
import type { JsonLd } from './json-ld.ts';

/** The library's answer for one document: what it signs one by one, the hash of the rest, and the key of its labels. */
export interface LibraryGroups {
  hmacKey: Uint8Array;
  nonMandatory: readonly string[];
  mandatoryHash: Uint8Array;
}

export interface Groups {
  nonMandatory: string[];
  /** SHA-256 over the mandatory statements. */
  mandatoryHash: Uint8Array;
}

/** By a statement's place in the template: whether it is mandatory. Agreed with the library so many times. */
interface Learned {
  mandatory: readonly boolean[];
  agreed: number;
}

const KEPT = 256;
/** Documents on which the library must say the same before it is asked no more. */
const AGREED = 3;

export type Grouping = ReturnType<typeof createGrouping>;

export function createGrouping(jsonLd: Pick<JsonLd, 'statements'>) {
  const known = new Map<string, Learned | 'refused'>();

  /** @returns null where the library has to be asked; `learn` from what it says */
  function group(document: object, pointers: readonly string[], hmacKey: Uint8Array): Groups | null {
    const found = jsonLd.statements(document, 'sha256', labelsBy(hmacKey));
    const learned = found && known.get(keyOf(found.shape, pointers));
    if (!learned || learned === 'refused' || learned.agreed < AGREED) return null;
    return partition(found.texts, learned.mandatory);
  }

  /** Compares the library's groups with ours; a difference leaves the shape to the library for good. */
  function learn(document: object, pointers: readonly string[], answer: LibraryGroups): void {
    const found = jsonLd.statements(document, 'sha256', labelsBy(answer.hmacKey));
    if (found === null) return;
    const key = keyOf(found.shape, pointers);
    const before = known.get(key);
    if (before === 'refused') return;
    const single = new Set(answer.nonMandatory);
    const mandatory = before?.mandatory ?? found.texts.map((text) => !single.has(text));
    known.delete(key);
    if (known.size >= KEPT) known.delete(known.keys().next().value ?? '');
    const same = sameGroups(partition(found.texts, mandatory), answer);
    known.set(key, same ? { mandatory, agreed: (before?.agreed ?? 0) + 1 } : 'refused');
  }

  return { group, learn };
}

/** Source: VC Data Integrity ECDSA Cryptosuites 1.0, 3.4.3 (createHmacIdLabelMapFunction). */
function labelsBy(hmacKey: Uint8Array): (label: string) => string {
  return (label) => `u${createHmac('sha256', hmacKey).update(label).digest('base64url')}`;
}

function partition(texts: readonly string[], mandatory: readonly boolean[]): Groups {
  const shown = texts.filter((_, n) => mandatory[n]).sort();
  return {
    nonMandatory: texts.filter((_, n) => !mandatory[n]).sort(),
    mandatoryHash: new Uint8Array(createHash('sha256').update(shown.join('')).digest()),
  };
}

function sameGroups(ours: Groups, { nonMandatory, mandatoryHash }: LibraryGroups): boolean {
  return (
    ours.nonMandatory.length === nonMandatory.length &&
    ours.nonMandatory.every((text, n) => text === nonMandatory[n]) &&
    Buffer.compare(ours.mandatoryHash, mandatoryHash) === 0
  );
}

function keyOf(shape: string, pointers: readonly string[]): string {
  return JSON.stringify([shape, pointers]);
}

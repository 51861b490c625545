// Puts disclosed claims back into a signed payload, and refuses every disclosure the issuer did not sign.
// Source: RFC 9901, 7.1 (steps 3 to 5).
import { base64url } from 'jose';
import { sdJwtHasher } from '../credentials/sd-jwt-vc.ts';
import type { TraceReason } from './trace-reasons.ts';

const disclosureLimits = { disclosures: 100, depth: 16 } as const;

/** Claims that may not be left to the holder to show. Source: draft-ietf-oauth-sd-jwt-vc, 2.2.2.2. */
const shownOfSdJwtVc: ReadonlySet<string> = new Set(['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'status']);

export type Disclosed = { ok: true; payload: Record<string, unknown> } | { ok: false; reason: TraceReason };

interface Disclosure {
  name: string | null;
  value: unknown;
  used: boolean;
}

class Refusal extends Error {
  readonly reason: TraceReason;
  constructor(reason: TraceReason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * @param disclosures as they stand between the tildes
 * @param alwaysShown members of the top level that may not be among them
 */
export function applyDisclosures(
  payload: Record<string, unknown>,
  disclosures: readonly string[],
  alwaysShown: ReadonlySet<string> = shownOfSdJwtVc,
): Disclosed {
  try {
    if (payload._sd_alg !== undefined && payload._sd_alg !== 'sha-256') throw new Refusal('FORMAT_ALGORITHM_REFUSED');
    if (disclosures.length > disclosureLimits.disclosures) throw new Refusal('DISCLOSURE_MALFORMED');
    const byDigest = new Map<string, Disclosure>();
    for (const encoded of disclosures) {
      const digest = base64url.encode(sdJwtHasher(encoded));
      if (byDigest.has(digest)) throw new Refusal('DISCLOSURE_DUPLICATE');
      byDigest.set(digest, { ...decode(encoded), used: false });
    }
    const seen = new Set<string>();
    const { _sd_alg, ...rest } = payload;
    const whole = openObject(rest, byDigest, seen, 0);
    if ([...alwaysShown].some((name) => name in whole && !(name in rest))) throw new Refusal('DISCLOSURE_MALFORMED');
    for (const { used } of byDigest.values()) if (!used) throw new Refusal('DISCLOSURE_UNKNOWN');
    return { ok: true, payload: whole };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason };
    throw error;
  }
}

function open(value: unknown, byDigest: Map<string, Disclosure>, seen: Set<string>, depth: number): unknown {
  if (depth > disclosureLimits.depth) throw new Refusal('DISCLOSURE_MALFORMED');
  if (Array.isArray(value)) return openArray(value, byDigest, seen, depth);
  return isObject(value) ? openObject(value, byDigest, seen, depth) : value;
}

function openObject(
  object: Record<string, unknown>,
  byDigest: Map<string, Disclosure>,
  seen: Set<string>,
  depth: number,
): Record<string, unknown> {
  const { _sd: digests = [], ...plain } = object;
  if (!Array.isArray(digests) || '...' in plain) throw new Refusal('DISCLOSURE_MALFORMED');
  const opened = new Map<string, unknown>();
  for (const [name, value] of Object.entries(plain)) opened.set(name, open(value, byDigest, seen, depth + 1));
  for (const digest of digests) {
    const disclosure = take(digest, byDigest, seen);
    if (disclosure === null) continue;
    const { name, value } = disclosure;
    if (name === null || name === '_sd' || name === '...' || opened.has(name))
      throw new Refusal('DISCLOSURE_MALFORMED');
    opened.set(name, open(value, byDigest, seen, depth + 1));
  }
  return Object.fromEntries(opened);
}

function openArray(array: unknown[], byDigest: Map<string, Disclosure>, seen: Set<string>, depth: number): unknown[] {
  return array.flatMap((element) => {
    if (!isObject(element) || !('...' in element)) return [open(element, byDigest, seen, depth + 1)];
    if (Object.keys(element).length !== 1) throw new Refusal('DISCLOSURE_MALFORMED');
    const disclosure = take(element['...'], byDigest, seen);
    if (disclosure === null) return [];
    if (disclosure.name !== null) throw new Refusal('DISCLOSURE_MALFORMED');
    return [open(disclosure.value, byDigest, seen, depth + 1)];
  });
}

/** The disclosure of a digest, null where the holder kept it back or it is a decoy. */
function take(digest: unknown, byDigest: Map<string, Disclosure>, seen: Set<string>): Disclosure | null {
  if (typeof digest !== 'string') throw new Refusal('DISCLOSURE_MALFORMED');
  if (seen.has(digest)) throw new Refusal('DISCLOSURE_DUPLICATE');
  seen.add(digest);
  const disclosure = byDigest.get(digest) ?? null;
  if (disclosure) disclosure.used = true;
  return disclosure;
}

function decode(encoded: string): { name: string | null; value: unknown } {
  let parts: unknown;
  try {
    parts = JSON.parse(fromBase64url(encoded));
  } catch {
    throw new Refusal('DISCLOSURE_MALFORMED');
  }
  if (!Array.isArray(parts) || typeof parts[0] !== 'string') throw new Refusal('DISCLOSURE_MALFORMED');
  if (parts.length === 2) return { name: null, value: parts[1] };
  if (parts.length === 3 && typeof parts[1] === 'string') return { name: parts[1], value: parts[2] };
  throw new Refusal('DISCLOSURE_MALFORMED');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fromBase64url(text: string): string {
  if (!/^[\w-]+$/.test(text)) throw new SyntaxError('not base64url');
  return new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(text));
}

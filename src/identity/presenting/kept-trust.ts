// What a verifier takes along to where there is no network: logs of trusted issuers with their anchors, and status lists. From
// it comes all that a verdict asks for, with the age of what was used; nothing is fetched.
import { inflateSync } from 'node:zlib';
import { sha256 } from '@noble/hashes/sha2.js';
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import { z } from 'zod';
import type { Anchor } from '../../anchoring/anchor.ts';
import { institutionValue } from '../../anchoring/anchor-keys.ts';
import { toHex } from '../../anchoring/hexadecimal.ts';
import { anchorIsProven } from '../../anchoring/proofs.ts';
import { STATUS_LIST_TYPE, stateOf, statusAt, statusListLimits } from '../credentials/status-list.ts';
import type { Ed25519Verify } from '../dids/did-entry.ts';
import { type DidDocument, parseDidLogText } from '../dids/did-log.ts';
import type { ResolvedDid } from '../dids/resolved-did.ts';
import { methodFor, publicJwkOf } from '../dids/verification-method.ts';
import { verifyDidLog } from '../dids/verify-did-log.ts';
import type { StatusReading, StatusSource } from './status-step.ts';

export interface KeptIssuer {
  did: string;
  /** JSONL. */
  log: string;
  anchor: Anchor | null;
}

export interface KeptStatusList {
  uri: string;
  /** Status List Token, compact. */
  token: string;
  /** `iat` of the newest list that was ever seen at this address, in seconds since 1970. */
  newestSeen_s: number;
  /** Of the list's address, where it was fetched. */
  anchor?: Anchor | null;
}

export interface KeptTrust {
  /** When the issuers' anchors were fetched. */
  fetchedAt_ms: number;
  issuers: readonly KeptIssuer[];
  statusLists: readonly KeptStatusList[];
}

const CLOCK_SKEW_s = 60;

const payloadSchema = z.object({
  sub: z.string(),
  iat: z.number(),
  exp: z.number().optional(),
  status_list: z.object({ bits: z.literal(2), lst: z.string().regex(/^[\w-]+$/) }),
});

/**
 * Puts a list that was just fetched among those that are kept. An older one than was seen before never takes the place of a
 * newer one; that a newer one was seen is remembered either way.
 *
 * @param token unverified; that is done when it is used
 */
export function keepStatusList(
  lists: readonly KeptStatusList[],
  fetched: Omit<KeptStatusList, 'newestSeen_s'>,
): KeptStatusList[] {
  const known = lists.find(({ uri }) => uri === fetched.uri);
  const iat_s = issuedAtOf(fetched.token);
  const newestSeen_s = Math.max(known?.newestSeen_s ?? 0, iat_s);
  const list = { ...(known && iat_s < known.newestSeen_s ? known : fetched), newestSeen_s };
  return [...lists.filter(({ uri }) => uri !== fetched.uri), list];
}

/** What `createVerifyPresentationService` asks for, out of what is kept. */
export function readKeptTrust(kept: KeptTrust, options: { now_ms: () => number; verify: Ed25519Verify }) {
  const { now_ms, verify } = options;

  async function resolveDid(did: string): Promise<(ResolvedDid & { age_s: number }) | null> {
    const issuer = kept.issuers.find((candidate) => candidate.did === did);
    if (issuer === undefined) return null;
    const verified = await verifyDidLog(parseDidLogText(issuer.log), { verify });
    return {
      ...{ did, kind: 'institution', verified, anchor: issuer.anchor, chainTrouble: null, salt: null },
      anchorValue: institutionValue(verified.entryHash),
      age_s: Math.max(0, Math.floor((now_ms() - kept.fetchedAt_ms) / 1000)),
    };
  }

  async function readStatus(uri: string, index: number): Promise<StatusReading | null> {
    const list = kept.statusLists.find((candidate) => candidate.uri === uri);
    const read = list && (await verifiedList(list));
    if (!list || !read) return { state: null, trouble: 'away' };
    const now_s = Math.floor(now_ms() / 1000);
    if (read.iat > now_s + CLOCK_SKEW_s || (read.exp !== undefined && read.exp + CLOCK_SKEW_s < now_s)) {
      return { state: null, trouble: 'away' };
    }
    const value = statusAt(read.statuses, index);
    if (value === undefined) return null;
    const isOlder = read.iat < list.newestSeen_s || isOlderThanAnchored(list.anchor ?? null, read);
    return {
      state: stateOf(value),
      age_s: Math.max(0, now_s - read.iat),
      trouble: isOlder ? 'rolled_back' : null,
    };
  }

  /** The list where a key of one of the kept issuers signed it, for this address. Source: Token Status List, 8.3. */
  async function verifiedList({ uri, token }: KeptStatusList) {
    try {
      const { kid = '', typ } = decodeProtectedHeader(token);
      const issuer = await resolveDid(kid.slice(0, kid.indexOf('#')));
      const key = assertionKey(issuer?.verified.document ?? null, kid);
      if (key === null || typ !== STATUS_LIST_TYPE) return null;
      const { payload } = await compactVerify(token, await importJWK(key, 'ES256'), { algorithms: ['ES256'] });
      const { sub, iat, exp, status_list } = payloadSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
      if (sub !== uri) return null;
      const packed = Buffer.from(status_list.lst, 'base64url');
      const statuses = new Uint8Array(inflateSync(packed, { maxOutputLength: statusListLimits.entries }));
      return { iat, exp, statuses };
    } catch {
      return null;
    }
  }

  const statusLists: StatusSource = { statusAt: readStatus };
  return { dids: { resolveDid }, statusLists };
}

/** Whether the chain held another list after this one was made: then this one is an older one. */
function isOlderThanAnchored(anchor: Anchor | null, list: { iat: number; statuses: Uint8Array }): boolean {
  if (anchor === null || anchor.value === null || anchor.block_time === null || !anchorIsProven(anchor)) return false;
  if (anchor.value.toLowerCase() === toHex(sha256(list.statuses))) return false;
  return Date.parse(anchor.block_time) / 1000 > list.iat;
}

function assertionKey(document: DidDocument | null, id: string) {
  const method = document && methodFor(document, id, 'assertionMethod');
  return method && publicJwkOf(method);
}

function issuedAtOf(token: string): number {
  try {
    return decodeJwt(token).iat ?? 0;
  } catch {
    return 0;
  }
}

// Gives each credential its random place in a status list, revokes it there, and publishes the lists.
import { randomUUID } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { CompactSign } from 'jose';
import { anchorKey } from '../../anchoring/anchor-keys.ts';
import { enqueueChange } from '../../anchoring/outbox-store.ts';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import type { IssuedCredential } from '../issuing/credential-issue.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { bitstringStatusListCredential } from './bitstring-status-list.ts';
import type { DataIntegrity } from './data-integrity.ts';
import { emptyStatusBits, indicesOf, statusListLimits, statusListToken } from './status-list.ts';
import {
  credentialsByReference,
  findCredential,
  findStatus,
  insertCredential,
  insertStatusList,
  lockStatusLists,
  markRevoked,
  type NewCredential,
  newestStatusList,
  type StatusEntry,
  setStatusBit,
  statusListBits,
  statusListVersion,
} from './status-list-store.ts';

export interface StatusListServiceOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** No slash at the end. */
  publicUrl: string;
  issuer: Issuer;
  dataIntegrity: DataIntegrity;
}

export interface CredentialStatus {
  revoked: boolean;
  /** The record of the issue; null for an index that was never given out. */
  credential: IssuedCredential | null;
}

export type StatusListService = ReturnType<typeof createStatusListService>;

const LISTED_AT_MOST = 500;
const OPENED_AT_MOST = 3;
/** Signed lists kept in memory. */
const PUBLISHED_KEPT = 64;

export function createStatusListService(options: StatusListServiceOptions) {
  const { pool, clock, random, publicUrl, issuer, dataIntegrity } = options;
  const tokens = createPublications();
  const bitstrings = createPublications();

  const uriOf = (list: number) => `${publicUrl}/status-lists/${list}`;
  const bitstringUriOf = (list: number) => `${uriOf(list)}/bitstring`;

  /** Records an issue under a random free index, within the caller's transaction. */
  async function allocate(
    transaction: Transaction,
    credential: Omit<NewCredential, 'id' | 'issuedAt_ms'>,
  ): Promise<StatusEntry & { id: string }> {
    const record = { ...credential, id: randomUUID(), issuedAt_ms: clock.now_ms() };
    let list = (await newestStatusList(transaction)) ?? (await openList(transaction, null));
    for (let opened = 0; opened < OPENED_AT_MOST; opened += 1) {
      const candidates = indicesOf(random.bytes(4 * statusListLimits.candidates));
      const index = await insertCredential(transaction, list, candidates, record);
      if (index !== null) return { id: record.id, list, index };
      list = await openList(transaction, list);
    }
    throw problem('NOT_READY', 'No free place was found in a status list; try again.');
  }

  /** A list after `full`, made by us or by somebody who was quicker. */
  async function openList(transaction: Transaction, full: number | null): Promise<number> {
    await lockStatusLists(transaction);
    const newest = await newestStatusList(transaction);
    if (newest !== null && newest !== full) return newest;
    const bits = emptyStatusBits();
    const list = await insertStatusList(transaction, bits, clock.now_ms());
    await anchorBits(transaction, list, bits);
    return list;
  }

  async function anchorBits(transaction: Transaction, list: number, bits: Uint8Array): Promise<void> {
    await enqueueChange(transaction, anchorKey('status-list', uriOf(list)), sha256(new Uint8Array(bits)));
  }

  /**
   * Revokes for good; a second time changes nothing.
   *
   * @param reason in the words of who revokes; kept, never published
   * @param within commits the revocation; without one it is a transaction of its own
   * @throws CREDENTIAL_UNKNOWN
   */
  async function revoke(credentialId: string, reason: string, within?: Transaction): Promise<IssuedCredential> {
    if (!isUuid(credentialId)) throw problem('CREDENTIAL_UNKNOWN', 'That is not the id of a credential.');
    const change = async (transaction: Transaction): Promise<IssuedCredential> => {
      const entry = await markRevoked(transaction, credentialId, reason, clock.now_ms());
      if (entry) await anchorBits(transaction, entry.list, await setStatusBit(transaction, entry));
      const credential = await findCredential(transaction, credentialId);
      if (credential === null) throw problem('CREDENTIAL_UNKNOWN', 'No credential with that id was issued here.');
      return credential;
    };
    return within === undefined ? inTransaction(pool, change) : change(within);
  }

  /** The status an entry has at this moment; null where `uri` is no list of ours or the index lies outside it. */
  async function statusAt(uri: string, index: number): Promise<CredentialStatus | null> {
    const list = listOf(uri, publicUrl);
    if (list === null || !Number.isSafeInteger(index) || index < 0 || index >= statusListLimits.entries) return null;
    return findStatus(pool, { list, index });
  }

  /** The list as a signed token; made again when its bits have changed or half of its ttl has gone. */
  async function token(list: number): Promise<string> {
    return tokens.get(list, await currentVersion(list), clock, async () => {
      const { bits } = await bitsOf(list);
      const { header, payload } = statusListToken(bits, {
        uri: uriOf(list),
        issuer: issuer.did,
        keyId: issuer.p256MultikeyId,
        issuedAt_s: Math.floor(clock.now_ms() / 1000),
      });
      return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ ...header, alg: 'ES256' })
        .sign(issuer.keys.p256.privateKey);
    });
  }

  /** The same bits as a W3C BitstringStatusListCredential, as JSON text. */
  async function bitstring(list: number): Promise<string> {
    return bitstrings.get(list, await currentVersion(list), clock, async () => {
      const { bits } = await bitsOf(list);
      const credential = await bitstringStatusListCredential(bits, {
        id: bitstringUriOf(list),
        issuer: issuer.did,
        now_ms: clock.now_ms(),
      });
      return JSON.stringify(await dataIntegrity.sign(credential, clock.now_ms()));
    });
  }

  async function currentVersion(list: number): Promise<number> {
    const version = await statusListVersion(pool, list);
    if (version === null) throw problem('STATUS_LIST_UNKNOWN', 'No status list has that number.');
    return version;
  }

  async function bitsOf(list: number): Promise<{ bits: Uint8Array }> {
    const found = await statusListBits(pool, list);
    if (found === null) throw problem('STATUS_LIST_UNKNOWN', 'No status list has that number.');
    return found;
  }

  return {
    allocate,
    revoke,
    statusAt,
    token,
    bitstring,
    uriOf,
    bitstringUriOf,
    /** Null where no such credential was issued here. */
    statusOf: async (credentialId: string): Promise<IssuedCredential | null> =>
      isUuid(credentialId) ? findCredential(pool, credentialId) : null,
    /** Newest first. */
    listIssued: ({ reference }: { reference: string }): Promise<IssuedCredential[]> =>
      credentialsByReference(pool, reference, LISTED_AT_MOST),
  };
}

function isUuid(id: string): boolean {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id);
}

/** Number of the list a `uri` names, in either of its forms; null where it is not one of ours. */
function listOf(uri: string, publicUrl: string): number | null {
  const prefix = `${publicUrl}/status-lists/`;
  const match = uri.startsWith(prefix) ? /^([1-9]\d{0,14})(\/bitstring)?$/.exec(uri.slice(prefix.length)) : null;
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** Signed lists by number: served again while their version holds and they are young. */
function createPublications() {
  const published = new Map<number, { version: number; made_ms: number; text: string }>();
  return {
    async get(list: number, version: number, clock: Clock, make: () => Promise<string>): Promise<string> {
      const known = published.get(list);
      const young = known && clock.now_ms() - known.made_ms < (statusListLimits.ttl_s * 1000) / 2;
      if (known && young && known.version === version) return known.text;
      const made = { version, made_ms: clock.now_ms(), text: await make() };
      if (published.size >= PUBLISHED_KEPT) published.delete(published.keys().next().value ?? 0);
      published.set(list, made);
      return made.text;
    },
  };
}

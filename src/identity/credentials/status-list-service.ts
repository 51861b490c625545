// Publishes the status lists, signed, in their three forms, and says what an entry is at this moment.
import { sha256 } from '@noble/hashes/sha2.js';
import { anchorKey } from '../../anchoring/anchor-keys.ts';
import { contradictsDatabase } from '../../anchoring/chain-trouble.ts';
import { enqueueChange } from '../../anchoring/outbox-store.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import type { IssuedCredential } from '../issuing/credential-issue.ts';
import { certificatesOf } from '../trust/issuer-certificate.ts';
import type { Issuer } from '../trust/issuer-keys.ts';
import { writeJws } from '../written-jws.ts';
import { createAllocateStatusService } from './allocate-status-service.ts';
import { bitstringStatusListCredential, purposeUri, statusPurposes } from './bitstring-status-list.ts';
import { createChangeStatusService, isUuid } from './change-status-service.ts';
import { credentialsByReference, findCredential, findStatus } from './credential-record-store.ts';
import type { DataIntegrity } from './data-integrity.ts';
import {
  purposeBits,
  type StatusPurpose,
  type StatusState,
  stateOf,
  statusListLimits,
  statusListToken,
} from './status-list.ts';
import { findStatusList, statusListIds, statusListState } from './status-list-store.ts';

export interface StatusListServiceOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** No slash at the end. */
  publicUrl: string;
  issuer: Issuer;
  dataIntegrity: DataIntegrity;
  /** What keeps anchors from the chain, or the chain from agreeing with the database; null for nothing. */
  chainTrouble?: (() => Promise<string | null>) | undefined;
}

export interface CredentialStatus {
  /** Null for a value without a meaning. */
  state: StatusState | null;
  /** The record of the issue; null for an index that was never given out. */
  credential: IssuedCredential | null;
  /** The chain holds a newer list than the database. */
  trouble: 'rolled_back' | null;
}

export interface PublishedList {
  text: string;
  /** The same wherever and however often this version is published in the same half of its ttl. */
  etag: string;
}

export type StatusListService = ReturnType<typeof createStatusListService>;

const LISTED_AT_MOST = 500;
/** Signed lists kept in memory. */
const PUBLISHED_KEPT = 64;

export function createStatusListService(options: StatusListServiceOptions) {
  const { pool, clock, publicUrl, issuer, dataIntegrity } = options;
  const published = createPublications();

  const aggregationUri = `${publicUrl}/status-lists`;
  const uriOf = (list: number) => `${aggregationUri}/${list}`;
  const bitstringUriOf = (list: number, purpose: StatusPurpose = 'revocation') =>
    purposeUri(`${uriOf(list)}/bitstring`, purpose);

  /** Each form of the list is anchored under its own address, with the hash of its own bytes before compression. */
  async function anchorStatuses(transaction: Transaction, list: number, statuses: Uint8Array): Promise<void> {
    await enqueueChange(transaction, anchorKey('status-list', uriOf(list)), sha256(statuses));
    for (const purpose of statusPurposes) {
      const bits = purposeBits(statuses, purpose);
      await enqueueChange(transaction, anchorKey('status-list', bitstringUriOf(list, purpose)), sha256(bits));
    }
  }

  /** The status an entry has at this moment; null where `uri` is no list of ours or the index lies outside it. */
  async function statusAt(uri: string, index: number): Promise<CredentialStatus | null> {
    const list = listOf(uri, publicUrl);
    if (list === null || !Number.isSafeInteger(index) || index < 0 || index >= statusListLimits.entries) return null;
    const found = await findStatus(pool, { list, index });
    if (found === null) return null;
    // The chain knows epochs that this database does not: whatever it says of a revocation may be out of date.
    const trouble = contradictsDatabase(await options.chainTrouble?.()) ? 'rolled_back' : null;
    return { state: stateOf(found.value), credential: found.credential, trouble };
  }

  /** The list as a signed token; made again when its bits have changed or half of its ttl has gone. */
  function token(list: number): Promise<PublishedList> {
    return publish(list, 'token', async (statuses, issuedAt_s) => {
      const { header, payload } = statusListToken(statuses, {
        ...{ uri: uriOf(list), issuer: issuer.did, keyId: issuer.p256MultikeyId, issuedAt_s, aggregationUri },
        certificates: certificatesOf(issuer, clock.now_ms()),
      });
      return writeJws({ ...header, alg: 'ES256' }, payload, issuer.keys.p256.sign);
    });
  }

  /** One purpose of the list as a W3C BitstringStatusListCredential, as JSON text. */
  function bitstring(list: number, purpose: StatusPurpose): Promise<PublishedList> {
    return publish(list, purpose, async (statuses, issuedAt_s) => {
      const id = bitstringUriOf(list, purpose);
      const credential = await bitstringStatusListCredential(statuses, { id, issuer: issuer.did, purpose, issuedAt_s });
      return JSON.stringify(await dataIntegrity.sign(credential, issuedAt_s * 1000));
    });
  }

  async function publish(
    list: number,
    form: 'token' | StatusPurpose,
    make: (statuses: Uint8Array, issuedAt_s: number) => Promise<string>,
  ): Promise<PublishedList> {
    const state = await statusListState(pool, list);
    if (state === null) throw unknownList();
    const half_s = statusListLimits.ttl_s / 2;
    const now_s = Math.floor(clock.now_ms() / 1000);
    // A time that all copies of the service agree on, and that rises with the version.
    const issuedAt_s = Math.max(now_s - (now_s % half_s), Math.min(now_s, Math.floor(state.changedAt_ms / 1000)));
    const etag = `W/"${state.version}-${issuedAt_s}"`;
    const text = await published.get(
      `${form} ${list}`,
      `${etag} ${issuer.p256KeyId} ${issuer.ed25519KeyId} ${certificatesOf(issuer, clock.now_ms())?.[0]}`,
      async () => {
        const stored = await findStatusList(pool, list);
        if (stored === null) throw unknownList();
        return make(stored.statuses, issuedAt_s);
      },
    );
    return { text, etag };
  }

  return {
    ...createAllocateStatusService({ ...options, anchorStatuses }),
    ...createChangeStatusService({ ...options, anchorStatuses }),
    statusAt,
    token,
    bitstring,
    uriOf,
    bitstringUriOf,
    /** Addresses of all lists as tokens. Source: draft-ietf-oauth-status-list, 9. */
    aggregation: async (): Promise<{ status_lists: string[] }> => ({
      status_lists: (await statusListIds(pool)).map(uriOf),
    }),
    /** Null where no such credential was issued here. */
    statusOf: async (credentialId: string): Promise<IssuedCredential | null> =>
      isUuid(credentialId) ? findCredential(pool, credentialId) : null,
    /** Newest first. */
    listIssued: ({ reference }: { reference: string }): Promise<IssuedCredential[]> =>
      credentialsByReference(pool, reference, LISTED_AT_MOST),
  };
}

function unknownList() {
  return problem('STATUS_LIST_UNKNOWN', 'No status list has that number.');
}

/** Number of the list a `uri` names, in any of its forms; null where it is not one of ours. */
function listOf(uri: string, publicUrl: string): number | null {
  const prefix = `${publicUrl}/status-lists/`;
  const match = uri.startsWith(prefix)
    ? /^([1-9]\d{0,14})(\/bitstring(\/suspension)?)?$/.exec(uri.slice(prefix.length))
    : null;
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** Signed lists, each served again while it is the same version of the same time. */
function createPublications() {
  const published = new Map<string, { version: string; text: Promise<string> }>();
  return {
    get(name: string, version: string, make: () => Promise<string>): Promise<string> {
      const known = published.get(name);
      if (known?.version === version) return known.text;
      const text = make();
      if (published.size >= PUBLISHED_KEPT) published.delete(published.keys().next().value ?? '');
      published.set(name, { version, text });
      text.catch(() => published.delete(name));
      return text;
    },
  };
}

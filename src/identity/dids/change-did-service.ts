// Changes a person's DID by entries its holder signed: the log goes on, ends, or is erased with all that led to it.
import { createHash } from 'node:crypto';
import { anchorKey, personValue } from '../../anchoring/anchor-keys.ts';
import { enqueueChange } from '../../anchoring/outbox-store.ts';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Queryable } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { type DidLog, didLogLimits, didLogText, parseDidLogText, readPersonEntries } from './did-log.ts';
import {
  deleteDid,
  findDidByLocation,
  insertErasedDid,
  isErased,
  lockDidLocation,
  replaceDidLog,
  type StoredDid,
} from './did-store.ts';
import { readPersonWitnessProofs } from './did-witness.ts';
import type { VerifiedDidLog } from './verify-did-log.ts';

export const SALT_bytes = 32;
/** Entries that a log keeps free for its end. Source: did:webvh 1.0, 3.6.4: two where keys are promised. */
const END_entries = 2;

export interface ChangeDidOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  verify: (log: DidLog, witnessProofs: unknown) => Promise<VerifiedDidLog>;
}

interface Change {
  before: StoredDid;
  /** With a new salt. */
  after: StoredDid;
  verified: VerifiedDidLog;
}

export function createChangeDidService({ pool, clock, random, verify }: ChangeDidOptions) {
  /** @throws NOT_FOUND, DID_ERASED */
  async function storedPerson(personId: string): Promise<StoredDid> {
    const stored = await findDidByLocation(pool, 'person', personId);
    if (stored !== null) return stored;
    if (await isErased(pool, [erasedHash(personId)])) throw problem('DID_ERASED');
    throw problem('NOT_FOUND', 'No DID log is kept here under that name.');
  }

  /** Checks the log with what is to follow, outside any transaction: it must still be there when it is replaced. */
  async function continued(before: StoredDid, sent: unknown, witnessProofs: unknown): Promise<Change> {
    const log = parseDidLogText(before.log);
    const entries = readPersonEntries(sent);
    if (log.at(-1)?.parameters.deactivated === true) throw problem('DID_DEACTIVATED');
    if (Number.parseInt(entries[0]?.versionId ?? '', 10) !== log.length + 1) throw stale();
    const longer = [...log, ...entries];
    const proofs = [...(before.witnessProofs ?? []), ...readPersonWitnessProofs(witnessProofs ?? [])];
    const verified = await verify(longer, proofs);
    const text = didLogText(longer);
    const room = didLogLimits.entries - (verified.deactivated ? 0 : END_entries);
    if (longer.length > room || text.length > didLogLimits.text_bytes) {
      throw problem('DID_LOG_INVALID', 'The DID log is full; all that can follow is its end.');
    }
    const after = { ...before, log: text, salt: random.bytes(SALT_bytes), witnessProofs: verified.witnessProofs };
    return { before, after, verified };
  }

  /**
   * @param personId the last part of the DID
   * @param sent the new entries only
   * @param witnessProofs approvals of the new entries, beside those that are stored
   * @throws DID_LOG_INVALID, DID_LOG_STALE, DID_DEACTIVATED, DID_ERASED, NOT_FOUND
   */
  async function appendToDidLog(personId: string, sent: unknown, witnessProofs?: unknown): Promise<StoredDid> {
    const { before, after, verified } = await continued(await storedPerson(personId), sent, witnessProofs);
    const salt = after.salt ?? new Uint8Array();
    await inTransaction(pool, async (transaction) => {
      await lockDidLocation(transaction, personId);
      if (!(await replaceDidLog(transaction, before, after))) throw stale();
      await enqueueChange(transaction, anchorKey('did', before.did), personValue(salt, verified.entryHash));
    });
    return after;
  }

  /**
   * Ends the DID and forgets it: log, salt and approvals go, the map loses the key, and two hashes stay, so that neither
   * the DID nor its place is registered again.
   *
   * @param sent the entries that deactivate the DID; none where it is deactivated already
   * @returns what was stored
   * @throws DID_LOG_INVALID, DID_LOG_STALE, DID_DEACTIVATED, DID_ERASED, NOT_FOUND
   */
  async function eraseDid(personId: string, sent: unknown, witnessProofs?: unknown): Promise<StoredDid> {
    const before = await storedPerson(personId);
    if (!(await isEnded(before, sent, witnessProofs))) {
      throw problem('DID_LOG_INVALID', 'A DID is erased by the entries that deactivate it.');
    }
    await inTransaction(pool, async (transaction) => {
      await lockDidLocation(transaction, personId);
      if (!(await deleteDid(transaction, before))) throw stale();
      await insertErasedDid(transaction, [erasedHash(before.did), erasedHash(personId)], clock.now_ms());
      await enqueueChange(transaction, anchorKey('did', before.did), null);
    });
    return before;
  }

  async function isEnded(before: StoredDid, sent: unknown, witnessProofs: unknown): Promise<boolean> {
    if (!Array.isArray(sent) || sent.length > 0)
      return (await continued(before, sent, witnessProofs)).verified.deactivated;
    return parseDidLogText(before.log).at(-1)?.parameters.deactivated === true;
  }

  return { appendToDidLog, eraseDid, storedPerson };
}

/** @throws DID_ERASED where the DID, or another at its place, was erased here */
export async function refuseErased(transaction: Queryable, did: string, personId: string): Promise<void> {
  await lockDidLocation(transaction, personId);
  if (await isErased(transaction, [erasedHash(did), erasedHash(personId)])) throw problem('DID_ERASED');
}

function erasedHash(name: string): Uint8Array {
  return createHash('sha256').update(name).digest();
}

function stale() {
  return problem('DID_LOG_STALE', 'Read the DID log again and write the new entries on its newest one.');
}

// Trusting issuers for types and ending it: audited, and put in line for the next anchor in the same transaction.
import { X509Certificate } from 'node:crypto';
import { anchorKey } from '../../anchoring/anchor-keys.ts';
import { enqueueChange } from '../../anchoring/outbox-store.ts';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import {
  findTrustedIssuer,
  insertTrustAudit,
  lockTrustedIssuer,
  selectTrustedIssuers,
  setTrustEnded,
  type TrustActor,
  upsertTrustedIssuer,
} from './trusted-issuer-store.ts';
import {
  isTrustedFor,
  readTrustOrder,
  type TrustedIssuer,
  type TrustedIssuerRecord,
  type TrustOrder,
  trustValue,
} from './trusted-issuers.ts';

export type TrustService = ReturnType<typeof createTrustService>;

export function createTrustService({ pool, clock }: { pool: Pool; clock: Clock }) {
  /**
   * Trusts an issuer, or changes for what; what is said again with the same `from` changes nothing.
   *
   * @throws REQUEST_INVALID, CREDENTIAL_TYPE_UNKNOWN
   */
  async function trustIssuer(order: TrustOrder, actor: TrustActor): Promise<{ issuer: string; changed: boolean }> {
    const now_ms = clock.now_ms();
    const asked = readTrustOrder(order, now_ms);
    const { issuer } = asked;
    return inTransaction(pool, async (transaction) => {
      const before = await lockTrustedIssuer(transaction, issuer);
      const stands = before !== null && before.ended === null;
      // Who changes the types alone does not move the beginning.
      const record = order.from === undefined && stands ? { ...asked, from: before.from } : asked;
      if (record.until !== null && record.until <= record.from) {
        throw problem('REQUEST_INVALID', 'until: must be later than from.');
      }
      if (stands && JSON.stringify(entryOf(before)) === JSON.stringify(entryOf(record)))
        return { issuer, changed: false };
      await upsertTrustedIssuer(transaction, record);
      const entry = { at: new Date(now_ms), actor, action: stands ? 'changed' : 'added', issuer } as const;
      await insertTrustAudit(transaction, entry, entryOf(record));
      await enqueueChange(transaction, anchorKey('trusted-issuer', issuer), trustValue(record));
      return { issuer, changed: true };
    });
  }

  /** Nothing it issued is accepted from now on, and the map holds nothing of it. @throws NOT_FOUND */
  async function endTrust(issuer: string, actor: TrustActor): Promise<void> {
    await inTransaction(pool, async (transaction) => {
      const before = await lockTrustedIssuer(transaction, issuer);
      if (before === null || before.ended !== null) {
        throw problem('NOT_FOUND', 'No such issuer is trusted; `naru trust list` shows them.');
      }
      const at = new Date(clock.now_ms());
      await setTrustEnded(transaction, issuer, at);
      await insertTrustAudit(transaction, { at, actor, action: 'ended', issuer }, null);
      await enqueueChange(transaction, anchorKey('trusted-issuer', issuer), null);
    });
  }

  /** The entries that stand, those included whose time has not begun or is over. */
  async function listTrust(): Promise<TrustedIssuerRecord[]> {
    return selectTrustedIssuers(pool);
  }

  async function isTrusted(did: string, type: string): Promise<boolean> {
    const record = await findTrustedIssuer(pool, did);
    return record !== null && record.root === null && isTrustedFor(record, type, clock.now_ms());
  }

  async function rootsFor(type: string): Promise<X509Certificate[]> {
    const records = await selectTrustedIssuers(pool);
    return records.flatMap((record) =>
      record.root !== null && isTrustedFor(record, type, clock.now_ms()) ? [new X509Certificate(record.root)] : [],
    );
  }

  return { trustIssuer, endTrust, listTrust, isTrusted, rootsFor };
}

/** The members in one order, to be compared, kept and published. */
export function entryOf({ issuer, types, from, until }: TrustedIssuer): TrustedIssuer {
  return { issuer, types, from, until };
}

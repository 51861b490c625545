// Revokes, suspends and resumes credentials: record, bits and anchor in one transaction.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import type { IssuedCredential } from '../issuing/credential-issue.ts';
import { findCredential, markResumed, markRevoked, markSuspended } from './credential-record-store.ts';
import { changeSomeDecoys } from './status-decoys.ts';
import { type StatusState, setStatus } from './status-list.ts';
import { lockStatusList, replaceStatuses, type StatusEntry } from './status-list-store.ts';

export interface ChangeStatusOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  anchorStatuses(transaction: Transaction, list: number, statuses: Uint8Array): Promise<void>;
}

export function createChangeStatusService({ pool, clock, random, anchorStatuses }: ChangeStatusOptions) {
  async function change(
    credentialId: string,
    state: StatusState,
    mark: (transaction: Transaction) => Promise<StatusEntry[]>,
    within?: Transaction,
  ): Promise<IssuedCredential> {
    if (!isUuid(credentialId)) throw problem('CREDENTIAL_UNKNOWN', 'That is not the id of a credential.');
    const work = async (transaction: Transaction): Promise<IssuedCredential> => {
      const entries = await mark(transaction);
      // In one order, so that two who change the same lists wait for one another.
      for (const list of [...new Set(entries.map((entry) => entry.list))].sort((left, right) => left - right)) {
        const { statuses, decoys } = await lockStatusList(transaction, list);
        for (const entry of entries) if (entry.list === list) setStatus(statuses, entry.index, state);
        if (decoys) changeSomeDecoys(statuses, decoys, (length) => random.bytes(length));
        await replaceStatuses(transaction, list, statuses, clock.now_ms());
        await anchorStatuses(transaction, list, statuses);
      }
      const credential = await findCredential(transaction, credentialId);
      if (credential === null) throw problem('CREDENTIAL_UNKNOWN', 'No credential with that id was issued here.');
      if (state !== 'revoked' && credential.state === 'revoked') throw problem('CREDENTIAL_STATUS_FINAL');
      return credential;
    };
    return within === undefined ? inTransaction(pool, work) : work(within);
  }

  return {
    /**
     * Revokes for good, with all copies that were issued of the same grant; a second time changes nothing.
     *
     * @param reason in the words of who revokes; kept, never published
     * @param within commits the revocation; without one it is a transaction of its own
     * @throws CREDENTIAL_UNKNOWN
     */
    revoke: (credentialId: string, reason: string, within?: Transaction): Promise<IssuedCredential> =>
      change(
        credentialId,
        'revoked',
        (transaction) => markRevoked(transaction, credentialId, reason, clock.now_ms()),
        within,
      ),
    /**
     * Suspends until it is resumed, with its copies; a second time changes nothing.
     *
     * @param reason, within as for `revoke`
     * @throws CREDENTIAL_UNKNOWN, CREDENTIAL_STATUS_FINAL
     */
    suspend: (credentialId: string, reason: string, within?: Transaction): Promise<IssuedCredential> =>
      change(
        credentialId,
        'suspended',
        (transaction) => markSuspended(transaction, credentialId, reason, clock.now_ms()),
        within,
      ),
    /**
     * Ends a suspension, that of the copies too; one that isn't suspended stays as it is.
     *
     * @param within as for `revoke`
     * @throws CREDENTIAL_UNKNOWN, CREDENTIAL_STATUS_FINAL
     */
    resume: (credentialId: string, within?: Transaction): Promise<IssuedCredential> =>
      change(credentialId, 'valid', (transaction) => markResumed(transaction, credentialId), within),
  };
}

export function isUuid(id: string): boolean {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(id);
}

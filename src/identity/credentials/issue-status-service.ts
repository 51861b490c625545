// Answers, long after a presentation, whether what was shown still holds: by a number that says nothing to who keeps it.
import { contradictsDatabase } from '../../anchoring/chain-trouble.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { isUuid } from './change-status-service.ts';
import { findIssueNumber, findStates } from './credential-record-store.ts';

/** `at`: since when, ISO 8601. `unknown`: there is no such record, or the records can't be relied on. */
export type IssueStatus = { state: 'valid' } | { state: 'revoked' | 'suspended'; at: string } | { state: 'unknown' };

export interface IssueStatuses {
  /** The number under which to ask again: the same for all copies of one credential. Null where it is not ours. */
  referenceOf(credentialId: string): Promise<string | null>;
  /** An answer for each number. */
  statusesOf(references: readonly string[]): Promise<Map<string, IssueStatus>>;
}

export function createIssueStatusService(parts: {
  pool: Queryable;
  /** What keeps the chain from agreeing with the database; null for nothing. */
  chainTrouble: () => Promise<string | null>;
}): IssueStatuses {
  const { pool, chainTrouble } = parts;
  return {
    referenceOf: async (credentialId) => (isUuid(credentialId) ? findIssueNumber(pool, credentialId) : null),

    async statusesOf(references) {
      const statuses = new Map<string, IssueStatus>(references.map((number) => [number, { state: 'unknown' }]));
      // The chain knows epochs that this database does not: a revocation may be among what was lost.
      const canTell = !contradictsDatabase(await chainTrouble());
      for (const { number, revoked_at, suspended_at } of await findStates(pool, references.filter(isUuid))) {
        if (revoked_at !== null) statuses.set(number, { state: 'revoked', at: revoked_at.toISOString() });
        else if (suspended_at !== null) statuses.set(number, { state: 'suspended', at: suspended_at.toISOString() });
        else if (canTell) statuses.set(number, { state: 'valid' });
      }
      return statuses;
    },
  };
}

// Asks again whether what gave a reduction still holds, and ends the reduction from the day on which it no longer did.
import type { IssueStatuses } from '../identity/credentials/issue-status-service.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../platform/postgres/database.ts';
import { programActor } from './actor.ts';
import { insertAudit } from './audit-store.ts';
import type { ReductionBilling } from './prove-reduction-service.ts';
import { reductionPolicy, type Status, standingOf } from './reduction-standing.ts';
import { type DueProof, endProof, lockDueProofs, moveEnd, recordCheck } from './reduction-store.ts';

const checker = programActor('reduction check');

export interface ReductionCheck {
  checked: number;
  ended: number;
  /** Whose status could not be learnt. */
  unconfirmed: number;
}

export type ReductionCheckService = ReturnType<typeof createReductionCheckService>;

export function createReductionCheckService(parts: {
  pool: Pool;
  clock: Clock;
  timeZone: string;
  statuses: Pick<IssueStatuses, 'statusesOf'>;
  billing: Pick<ReductionBilling, 'recordProven'>;
}) {
  const { pool, clock, timeZone, statuses, billing } = parts;

  async function checkOne(within: Transaction, proof: DueProof, known: ReadonlyMap<string, Status>, now_ms: number) {
    const status = (reference: string): Status => known.get(reference) ?? { state: 'unknown' };
    const standing = standingOf(
      {
        ...proof,
        confirmedAt_ms: proof.confirmedAt.getTime(),
        ...{ credential: status(proof.reference), account: status(proof.account) },
      },
      now_ms,
      timeZone,
    );
    const { until, ended } = standing;
    if (ended !== null) await endProof(within, proof.id, until, ended);
    else if (until !== proof.until) await moveEnd(within, proof.id, until);
    const recordedAt = new Date(now_ms);
    const { servicePoint, predicate, from } = proof;
    if (until !== proof.until) {
      await billing.recordProven(within, { servicePoint, predicate, from, until, recordedAt });
    }
    if (ended !== null) {
      const entry = { action: 'reduction_ended', servicePoint, type: predicate } as const;
      await insertAudit(within, { at: recordedAt, actor: checker, ...entry });
    }
    return standing;
  }

  function checkSome(before: Date): Promise<ReductionCheck> {
    return inTransaction(pool, async (transaction) => {
      const due = await lockDueProofs(transaction, before, reductionPolicy.batch);
      if (due.length === 0) return { checked: 0, ended: 0, unconfirmed: 0 };
      const known = await statuses.statusesOf(due.flatMap(({ reference, account }) => [reference, account]));
      const now_ms = clock.now_ms();
      const confirmed: number[] = [];
      let ended = 0;
      for (const proof of due) {
        const standing = await checkOne(transaction, proof, known, now_ms);
        if (standing.confirmed) confirmed.push(proof.id);
        if (standing.ended !== null) ended += 1;
      }
      const checked = due.map(({ id }) => id);
      await recordCheck(transaction, checked, confirmed, new Date(now_ms));
      return { checked: due.length, ended, unconfirmed: due.length - confirmed.length };
    });
  }

  return {
    /**
     * Every reduction under way that was last checked before an instant; any number of copies may do this at once.
     *
     * @param before what is due where absent: those whose last check is `reductionPolicy.checkEvery_ms` ago
     */
    async checkReductions(before = new Date(clock.now_ms() - reductionPolicy.checkEvery_ms)): Promise<ReductionCheck> {
      const all = { checked: 0, ended: 0, unconfirmed: 0 };
      for (;;) {
        const some = await checkSome(before);
        if (some.checked === 0) return all;
        all.checked += some.checked;
        all.ended += some.ended;
        all.unconfirmed += some.unconfirmed;
      }
    },
  };
}

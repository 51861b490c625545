// Takes back estimated hours that were measured after all, as new versions.
import type { Transaction } from '../../platform/postgres/database.ts';
import { insertEstimates, listMeasuredEstimates, type NewEstimate } from '../readings/use-estimate-store.ts';
import { type EstimateRule, estimateRules } from './estimate-rules.ts';
import { holdInstalls } from './profile-store.ts';

/** Who withdraws, as it is recorded. */
export const withdrawnBy = 'measured' satisfies EstimateRule;
const { reasons } = estimateRules[withdrawnBy];

/**
 * @param spans days of installs, looked at for estimates; one an install
 * @returns days whose estimate changed: whoever calls tells those who follow use
 */
export async function withdrawMeasured(
  transaction: Transaction,
  spans: readonly { install_id: number; from: string; to: string }[],
  now_ms: number,
): Promise<{ install_id: number; day: string }[]> {
  const estimates = await listMeasuredEstimates(transaction, spans);
  if (estimates.length === 0) return [];
  const withdrawn = estimates.map(({ install_id, day, hours_l, told, method, method_version }): NewEstimate => {
    const left = hours_l.map((use_l, hour) => ((told[hour] ?? null) === null ? use_l : null));
    return {
      ...{ install_id, day, hours_l: left },
      method: left.every((use_l) => use_l === null) ? 'withdrawn' : method,
      ...{ method_version, made_ms: now_ms, actor: null, rule: withdrawnBy, reason: reasons.withdrawn.en },
      evidence: { measured_hours: hours_l.filter((use_l, hour) => use_l !== left[hour]).length },
    };
  });
  await holdInstalls(
    transaction,
    withdrawn.map((one) => one.install_id),
  );
  await insertEstimates(transaction, withdrawn);
  return withdrawn;
}

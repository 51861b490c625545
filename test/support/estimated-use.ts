// An estimate of a day's use, stored as validation stores them.
import { noteChangedDays } from '../../src/metering/readings/changed-days-store.ts';
import { insertEstimates } from '../../src/metering/readings/use-estimate-store.ts';
import { inTransaction, type Pool } from '../../src/platform/postgres/database.ts';

export function estimated(pool: Pool, install_id: number, day: string, hours_l: (number | null)[]): Promise<void> {
  return inTransaction(pool, async (transaction) => {
    await insertEstimates(transaction, [
      {
        ...{ install_id, day, hours_l, method: 'own_profile', method_version: 1, evidence: {}, made_ms: 0 },
        ...{ actor: null, rule: 'test', reason: 'test' },
      },
    ]);
    await noteChangedDays(transaction, [{ install_id, day }]);
  });
}

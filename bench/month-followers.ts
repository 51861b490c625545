// What follows from a day's use beside its validation: alarms, the hours that are missing, zones' balances, and hashing.

import { anchorKey } from '../src/anchoring/anchor-keys.ts';
import { enqueueChange } from '../src/anchoring/outbox-store.ts';
import { loadAlarmKinds } from '../src/metering/alarms/alarm-kinds-port.ts';
import { judgeChanged } from '../src/metering/alarms/judge-alarms-service.ts';
import { followUse, workOffZoneDay } from '../src/metering/balance/work-off-zones-service.ts';
import { noteClosedDay } from '../src/metering/balance/zone-due-store.ts';
import { followUseWithLedger, sweepLedger } from '../src/metering/completeness/work-off-ledger-service.ts';
import { buildZoneDays, noteChangedDays, type ProofOptions } from '../src/metering/proofs/build-zone-days-service.ts';
import type { LocalDays } from '../src/metering/readings/local-days.ts';
import type { Clock } from '../src/platform/clock.ts';
import { inTransaction, type Pool } from '../src/platform/postgres/database.ts';
import { systemRandom } from '../src/platform/random.ts';
import { Progress } from './progress.ts';

export interface Following {
  pool: Pool;
  clock: Clock;
  days: LocalDays;
}

/** As if all days before had been followed in their time. @param closed the last of them; `judged_ms`: when alarms were judged last */
export async function followedSoFar({ pool }: Following, closed: string, judged_ms: number): Promise<void> {
  await inTransaction(pool, async (transaction) => {
    for (const job of ['balance', 'completeness'] as const) await noteClosedDay(transaction, job, closed);
    await transaction.query(
      `INSERT INTO metering.use_follower (name, last_id)
       SELECT name, (SELECT coalesce(max(changed_id), 0) FROM metering.use_day_changed)
         FROM unnest(ARRAY['alarms', 'balance', 'completeness', 'proofs']) AS name`,
    );
    await transaction.query(
      `INSERT INTO metering.alarm_judged (install_id, judged_at, due_at)
       SELECT install_id, to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000) + interval '2 days' FROM metering.install`,
      [judged_ms],
    );
    await transaction.query('INSERT INTO metering.alarm_mark (looked_at) VALUES (to_timestamp($1::float8 / 1000))', [
      judged_ms,
    ]);
  });
}

export async function judgeAllAlarms({ pool, clock, days }: Following): Promise<{ installs: number; opened: number }> {
  const kinds = await loadAlarmKinds();
  const total = { installs: 0, opened: 0 };
  const progress = new Progress('meters judged for alarms');
  for (;;) {
    const done = await judgeChanged({ pool, clock, days, kinds, tellContacts: async () => {} });
    progress.add(done?.installs ?? 0);
    total.installs += done?.installs ?? 0;
    total.opened += done?.opened ?? 0;
    if (done?.more !== true) return total;
  }
}

/** @returns installs whose missing hours were looked for */
export async function workOffLedger({ pool, clock, days }: Following): Promise<number> {
  while (((await followUseWithLedger(pool, days, clock.now_ms())) ?? 0) > 0);
  let installs = 0;
  const progress = new Progress('meters looked through for missing hours');
  for (;;) {
    const done = await sweepLedger(pool, days, clock.now_ms());
    if (done === null) return installs;
    progress.add(done);
    installs += done;
  }
}

/** @returns days of zones */
export async function workOffBalances({ pool, clock, days }: Following): Promise<number> {
  while (((await followUse(pool)) ?? 0) > 0);
  let zones = 0;
  for (;;) {
    const done = await workOffZoneDay(pool, days, clock.now_ms());
    if (done === null || done.zones === 0) return zones;
    zones += done.zones;
  }
}

/** @returns days of meters */
export async function hashDays(following: Following): Promise<number> {
  const options: ProofOptions = {
    ...following,
    random: systemRandom,
    anchor: (transaction, kind, name, value) => enqueueChange(transaction, anchorKey(kind, name), value),
  };
  while ((await noteChangedDays(options)) > 0);
  let meters = 0;
  const progress = new Progress('days of meters hashed');
  for (;;) {
    const built = await buildZoneDays(options);
    if (built === null) return meters;
    progress.add(built.meters);
    meters += built.meters;
  }
}

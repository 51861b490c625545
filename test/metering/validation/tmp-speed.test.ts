import { test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { judgeDue, registerRules, takeUpDay } from '../../../src/metering/validation/validate-service.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { openPartitions } from '../../../src/metering/intake/partition-service.ts';
import { testDatabase } from '../../support/test-database.ts';
const { pool } = await testDatabase();
const days = new LocalDays('Asia/Seoul');
const N = 10_000;
test('speed', async () => {
  let now_ms = days.on('2026-03-30').start_ms + 8 * 3_600_000;
  const validation = { pool, clock: { now_ms: () => now_ms }, days, rules: validationRules };
  const parts = await openPartitions(pool, validation.clock);
  await parts.ensureFor('reading', [days.on('2026-03-29').start_ms, now_ms], [0, 1]);
  await pool.query(`INSERT INTO metering.zone (zone_id, name) SELECT 'z' || n, 'z' FROM generate_series(1, 10) n;
   INSERT INTO metering.service_point (service_point_id, zone_id, usage_class) SELECT 'sp' || n, 'z' || (n % 10 + 1), 'domestic' FROM generate_series(1, ${N}) n;
   INSERT INTO metering.service_point_version SELECT service_point_id, '2000-01-01', now(), zone_id, usage_class, 1, 'billed' FROM metering.service_point;
   INSERT INTO metering.meter (serial, model, bore_mm, dials) SELECT n::text, 't', 15, 5 FROM generate_series(1, ${N}) n;
   INSERT INTO metering.install (service_point_id, meter_id, from_at) SELECT 'sp' || n, n, '2025-01-01' FROM generate_series(1, ${N}) n;
   INSERT INTO metering.use_day (install_id, day, told_hours, hours_l) SELECT n, d::date, 16777215, (SELECT array_agg(10 + (h * n + d::date - '2026-01-01') % 7) FROM generate_series(1, 24) h)
     FROM generate_series('2026-03-01'::date, '2026-03-30', '1 day') d, generate_series(1, ${N}) n;
   INSERT INTO metering.validation_progress VALUES (true, '2026-03-29');`);
  const cols = (await pool.query(`SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema='metering' AND table_name='reading'`)).rows;
  console.log(JSON.stringify(cols));
  await pool.query(`INSERT INTO metering.reading (meter_id, measured_at, register_l, received_at, uplink_id, clock)
    SELECT n, '2026-03-29T15:00Z'::timestamptz + h * interval '1 hour', 1000 + h * 12, now(), 1, 'absolute' FROM generate_series(1, ${N}) n, generate_series(-1, 24) h`).catch((e) => console.log(String(e)));
  await pool.query('ANALYZE');
  await registerRules(validation);
  await pool.query('UPDATE metering.validation_rule SET after_install = NULL');
  now_ms += 86_400_000;
  let t = performance.now();
  console.log(await takeUpDay(validation), 'take up', performance.now() - t);
  t = performance.now();
  let installs = 0;
  for (;;) { const done = await judgeDue(validation); if (done === null) break; installs += done.installs; console.log(done, Math.round(performance.now() - t)); }
  const ms = performance.now() - t;
  console.log(`${installs} installs in ${Math.round(ms)} ms: 400,000 in ${Math.round((ms / installs) * 400)} s`);
  for (const run of [1, 2, 3]) { const { listEditsInForce } = await import('../../../src/metering/readings/reading-edit-store.ts'); const s = performance.now(); await listEditsInForce(pool, Array.from({ length: 500 }, (_, i) => i + 1)); console.log('edits of 500', run, performance.now() - s); }
}, 280_000);

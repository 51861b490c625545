// What the console is told of the intake: the sums of all its processes, kept by the minute.
import { expect, test } from 'vitest';
import { readActivity, tellActivity } from '../../../src/metering/intake/intake-activity-service.ts';
import { createIntakeMetrics } from '../../../src/metering/intake/intake-metrics.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const logger = createLogger('silent');
const minute_ms = 60_000;
let now_ms = Date.UTC(2026, 10, 23, 5, 4, 10);
const clock = { now_ms: () => now_ms };

function startProcess(processId: string) {
  let waiting = 0;
  const metrics = createIntakeMetrics(createMetrics(), () => waiting);
  const teller = tellActivity({ pool, clock, logger, metrics, processId });
  return {
    metrics,
    teller,
    wait: (count: number) => {
      waiting = count;
    },
  };
}

test('two processes are told apart, and what they took is added up by the minute in which it was counted', async () => {
  const first = startProcess('first');
  const second = startProcess('second');
  first.metrics.messages.inc(10);
  first.metrics.readings.inc(60);
  first.metrics.refused.inc({ reason: 'secret' }, 2);
  first.metrics.refused.inc({ reason: 'topic' });
  first.metrics.connections.set(7);
  first.wait(3);
  second.metrics.messages.inc(5);
  second.metrics.quarantined.inc(1);
  await expect.poll(async () => (await readActivity(pool, clock)).processes.length).toBe(2);
  await first.teller.close();
  now_ms += minute_ms;
  second.metrics.messages.inc(1);
  await second.teller.close();

  const { processes, minutes } = await readActivity(pool, clock);
  expect(processes).toEqual([]);
  expect(minutes).toHaveLength(60);
  expect(minutes.at(-2)).toEqual({
    ...{ minute: new Date('2026-11-23T05:04:00Z'), messages: 15, readings: 60 },
    ...{ quarantined: 1, conflicts: 0, refused: 3 },
  });
  expect(minutes.at(-1)).toMatchObject({ minute: new Date('2026-11-23T05:05:00Z'), messages: 1, readings: 0 });
  expect(minutes[0]).toMatchObject({ minute: new Date('2026-11-23T04:06:00Z'), messages: 0 });
});

test('a process that tells nothing any more is taken for gone, and its minutes stay', async () => {
  now_ms += minute_ms;
  const dying = startProcess('dying');
  dying.metrics.connections.set(4);
  await expect
    .poll(async () => (await readActivity(pool, clock)).processes.map((each) => each.processId))
    .toEqual(['dying']);
  now_ms += 21_000;
  expect((await readActivity(pool, clock)).processes).toEqual([]);
  expect((await readActivity(pool, clock)).minutes.some(({ messages }) => messages > 0)).toBe(true);
  await dying.teller.close();
});

test('what is counted while the database takes nothing is told when it does again', async () => {
  now_ms += minute_ms;
  await pool.query('ALTER TABLE metering.intake_minute RENAME TO taken_away');
  const { metrics, teller } = startProcess('patient');
  metrics.messages.inc(8);
  await pool.query('ALTER TABLE metering.taken_away RENAME TO intake_minute');
  metrics.messages.inc(1);
  await teller.close();
  expect((await readActivity(pool, clock)).minutes.at(-1)?.messages).toBe(9);
});

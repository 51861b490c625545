// What other programs are told by webhook beside alarms: bill runs, corrections to come, changed use; at least once, and kept for a time.
import { createHmac } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { sendNext, type TellingOptions } from '../../../src/metering/alarms/tell-alarms-service.ts';
import { webhookKey } from '../../../src/metering/alarms/webhook-signature.ts';
import { eventLimits, eventTypes } from '../../../src/metering/events/event-message.ts';
import {
  deleteOldMessages,
  type EventOptions,
  makeEvents,
  settleFollowing,
} from '../../../src/metering/events/make-events-service.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { testDatabase } from '../../support/test-database.ts';
import { webhookReceiver } from '../../support/webhook-receiver.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const receiver = await webhookReceiver();
afterAll(() => receiver.close());
const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') ?? Buffer.alloc(0);
const clock = { at_ms: 0, now_ms: () => clock.at_ms };
const wanted: EventOptions = { pool, clock, types: eventTypes };
const telling: TellingOptions = {
  ...{ pool, clock, names: [], timeZone: 'Asia/Seoul', consoleUrl: '', webhook: null, mail: null },
  events: { url: receiver.url, key },
};
const MINUTE = 60_000;

async function told(): Promise<Record<string, unknown>[]> {
  await makeEvents(wanted);
  receiver.received.length = 0;
  while ((await sendNext(telling)) !== null);
  return receiver.received.map(({ body }) => JSON.parse(body));
}
const messages = async () =>
  (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM metering.alarm_message')).rows[0]?.n;

beforeEach(async () => {
  await pool.query('TRUNCATE metering.alarm_message');
  clock.at_ms = house.at.clock.now_ms();
  Object.assign(receiver.answer, { status: 204, stays: false });
});

describe('another program', () => {
  test('is told of a run once it is done, of bills that later use corrects, and of days that changed late', async () => {
    await house.provision([house.place('1'), house.place('2'), house.place('3')]);
    // What changes from now on, the queue holds for us.
    expect(await told()).toEqual([]);
    await house.follow();
    await house.tell([
      ...house.daily('1', '2026-02-28', '2026-03-20', 1_000, 900),
      { serial: '1', at: '2026-06-01', register_l: 90_000 },
      ...house.daily('2', '2026-02-28', '2026-03-20', 5_000, 100),
    ]);
    const run = await house.start({});
    expect(await told()).toEqual([]);
    await house.bill();
    const [done, ...more] = await told();
    expect(more).toEqual([]);
    expect(done).toMatchObject({
      type: 'bill_run.done',
      data: { run, tariff: 'gimhae-current', use_from: '2026-03-01', zone: null, billed: 1, held: 2, corrections: 0 },
    });
    const signed = `${receiver.received[0]?.headers['webhook-id']}.${receiver.received[0]?.headers['webhook-timestamp']}.${receiver.received[0]?.body}`;
    expect(receiver.received[0]?.headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    );
    expect(await told()).toEqual([]);

    await pool.query(`INSERT INTO metering.validation_progress (judged_until) VALUES ('2026-04-05')`);
    await house.tell([{ serial: '1', at: '2026-04-10', register_l: 30_000 }]);
    await house.follow();
    const later = await told();
    expect(later).toMatchObject([
      {
        type: 'bill.correction_due',
        data: { bills: [{ number: '20260301-sp-1', service_point: 'sp-1', use_until: '2026-04-01' }], more: 0 },
      },
      // April's days after the fifth are not settled yet: they are still being read.
      { type: 'use.changed', data: { days: 17, installs: 1, first_day: '2026-03-20', last_day: '2026-04-05' } },
    ]);
    expect(JSON.stringify(later)).not.toMatch(/credential|did:|name"/);

    await house.tell([{ serial: '1', at: '2026-04-02', register_l: 25_000 }]);
    // Not again at once: what comes meanwhile is told together.
    expect(await told()).toEqual([]);
    clock.at_ms += eventLimits.pause_ms + 1;
    expect(await told()).toMatchObject([{ type: 'use.changed', data: { installs: 1 } }]);
  });

  test('that is away gets the same message, with the same id, until it takes it', async () => {
    await house.bill();
    await house.start({ ...house.april });
    await house.bill();
    receiver.answer.status = 503;
    expect(await told()).toHaveLength(1);
    const first = receiver.received[0];
    receiver.answer.status = 204;
    expect(await told()).toEqual([]);
    clock.at_ms += MINUTE;
    expect(await told()).toHaveLength(1);
    expect(receiver.received[0]?.body).toBe(first?.body);
    expect(receiver.received[0]?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });

  test('is told what it asked for and nothing else; nobody waits for a queue that nobody reads', async () => {
    const following = () => pool.query(`SELECT FROM metering.use_follower WHERE name = 'events'`);
    expect((await following()).rowCount).toBe(1);
    const none: EventOptions = { ...wanted, types: [] };
    await settleFollowing(none);
    expect((await following()).rowCount).toBe(0);
    await house.start({ use_from: '2026-05-01', use_until: '2026-06-01', billed_on: '2026-06-10' });
    await house.bill();
    expect(await makeEvents(none)).toBe(0);
    expect(await makeEvents({ ...wanted, types: ['use.changed'] })).toBe(0);
    expect(await makeEvents({ ...wanted, types: ['bill_run.done'] })).toBe(1);
  });
});

test('messages are deleted a month after they were sent or given up, and not before', async () => {
  await pool.query(
    `INSERT INTO metering.alarm_message (channel, body, event_ids, created_at, due_at, sent_at, given_up_at)
     SELECT channel, body, event_ids, to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000),
            CASE WHEN is_sent THEN to_timestamp($1::float8 / 1000) END, CASE WHEN NOT is_sent THEN to_timestamp($1::float8 / 1000) END
       FROM (VALUES ('events', '{}', NULL::bigint[], true), ('mail', NULL, ARRAY[1]::bigint[], false),
                    ('webhook', NULL, ARRAY[2]::bigint[], NULL)) AS given (channel, body, event_ids, is_sent)`,
    [clock.at_ms],
  );
  clock.at_ms += eventLimits.kept_ms;
  expect(await deleteOldMessages(wanted)).toBe(0);
  clock.at_ms += 1;
  expect(await deleteOldMessages(wanted)).toBe(2);
  // What was neither is still on its way.
  expect(await messages()).toBe(1);
});

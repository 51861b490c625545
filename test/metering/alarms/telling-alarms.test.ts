// Telling alarms: what is sent by webhook and by e-mail, how it is tried again, and what is never sent.
import { createHmac } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { loadAlarmKinds } from '../../../src/metering/alarms/alarm-kinds-port.ts';
import { changeAlarms, openAlarms } from '../../../src/metering/alarms/alarm-store.ts';
import { plannedMessages } from '../../../src/metering/alarms/planned-messages.ts';
import { makeMessages, sendNext, type TellingOptions } from '../../../src/metering/alarms/tell-alarms-service.ts';
import { sendWebhook } from '../../../src/metering/alarms/webhook-port.ts';
import { signedHeaders, webhookKey } from '../../../src/metering/alarms/webhook-signature.ts';
import { createMailer } from '../../../src/platform/mailer.ts';
import { mailServer } from '../../support/mail-server.ts';
import { testDatabase } from '../../support/test-database.ts';
import { webhookReceiver } from '../../support/webhook-receiver.ts';

const { pool } = await testDatabase();
await pool.query(`
  INSERT INTO metering.zone VALUES ('z-1', 'zone');
  INSERT INTO metering.service_point (service_point_id, zone_id, usage_class) VALUES ('SP-1', 'z-1', 'domestic');
  INSERT INTO metering.meter (serial, model, bore_mm, dials) VALUES ('1', 'test', 15, 5);
  INSERT INTO metering.install (service_point_id, meter_id, from_at) VALUES ('SP-1', 1, '2026-01-01')`);

const kinds = await loadAlarmKinds();
const receiver = await webhookReceiver();
const mails = await mailServer();
const mailer = createMailer({ url: mails.url, from: 'naru@city.example' });
afterAll(async () => {
  mailer.close();
  await Promise.all([receiver.close(), mails.close()]);
});
// The specification's published example.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const key = webhookKey(secret) ?? Buffer.alloc(0);
const noon_ms = Date.UTC(2026, 2, 10, 3);
const clock = { at_ms: noon_ms, now_ms: () => clock.at_ms };
const options: TellingOptions = {
  ...{ pool, clock, names: kinds, timeZone: 'Asia/Seoul', consoleUrl: 'https://naru.example/utility/#/alarms' },
  webhook: { url: receiver.url, key },
  mail: { mailer, to: ['ops@city.example', 'night@city.example'] },
  events: null,
};
const MINUTE = 60_000;
const judged = { kind: 'leak', ended_ms: null, grade: 2, times: 1, amount: 4 } as const;
const place = { install_id: 1, service_point_id: 'SP-1', zone_id: 'z-1' };

/** So many leaks, a day apart from one another. */
async function open(count: number, ended_ms: number | null = null): Promise<void> {
  const began = (index: number) => clock.at_ms - (index + 1) * 86_400_000;
  const alarms = Array.from({ length: count }, (_, index) => ({
    ...judged,
    ...place,
    began_ms: began(index),
    ended_ms,
  }));
  await openAlarms(pool, alarms, clock.at_ms, () => 0);
}
async function sendAll(): Promise<(string | null)[]> {
  await makeMessages(options);
  const faults: (string | null)[] = [];
  for (;;) {
    const sent = await sendNext(options);
    if (sent === null) return faults;
    faults.push(sent.fault);
  }
}

beforeEach(async () => {
  await pool.query('TRUNCATE metering.alarm_notice, metering.alarm_message');
  clock.at_ms = noon_ms;
  receiver.received.length = 0;
  mails.received.length = 0;
  Object.assign(receiver.answer, { status: 204, headers: {}, stays: false });
  mails.state.refuses = false;
});

describe('a signature', () => {
  test('is the one that the specification’s example has [Standard Webhooks 1.0.0, Signature scheme]', () => {
    const headers = signedHeaders(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}');
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test.each([
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_',
    'whsec_c2hvcnQ=',
    'whsec_!!!!',
    `whsec_${'QUFB'.repeat(22)}`,
  ])('is not made with %s, which is no secret of 24 to 64 bytes', (text) => expect(webhookKey(text)).toBeNull());
});

describe('a webhook', () => {
  test('says what became of an alarm and where, signed, and nothing about a person', async () => {
    await open(1);
    expect(await sendAll()).toEqual([null, null]);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    const document = JSON.parse(body);
    expect(document).toEqual({
      type: 'alarm.opened',
      timestamp: new Date(clock.at_ms).toISOString(),
      data: {
        ...{
          event_id: expect.any(String),
          alarm_id: expect.any(String),
          kind: 'leak',
          service_point: 'SP-1',
          zone: 'z-1',
        },
        ...{ grade: 2, times: 1, amount: 4, began_at: '2026-03-09T03:00:00Z', ended_at: null },
      },
    });
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const wanted = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    expect(headers['webhook-signature']).toBe(wanted);
    expect(headers['content-type']).toBe('application/json');
  });

  test('that is not taken is tried again later, with the same id and body, until it is', async () => {
    await open(1);
    receiver.answer.status = 500;
    const withoutMail = { ...options, mail: null };
    await makeMessages(withoutMail);
    expect(await sendNext(withoutMail)).toEqual({ channel: 'webhook', fault: 'status_500' });
    expect(await sendNext(withoutMail)).toBeNull();
    clock.at_ms += 6_000;
    receiver.answer.status = 204;
    expect(await sendNext(withoutMail)).toEqual({ channel: 'webhook', fault: null });
    clock.at_ms += 48 * 60 * MINUTE;
    expect(await sendNext(withoutMail)).toBeNull();
    const [first, second, ...more] = receiver.received;
    expect(more).toEqual([]);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
  });

  test('is given up after ten tries, and what comes later is not held up by it', async () => {
    await open(1);
    receiver.answer.status = 503;
    const withoutMail = { ...options, mail: null };
    await makeMessages(withoutMail);
    for (let tries = 0; tries < 20; tries += 1) {
      await sendNext(withoutMail);
      clock.at_ms += 25 * 60 * MINUTE;
    }
    expect(receiver.received).toHaveLength(10);
    const { rows } = await pool.query('SELECT fault, given_up_at IS NOT NULL AS given_up FROM metering.alarm_message');
    expect(rows).toEqual([{ fault: 'status_503', given_up: true }]);
  });

  test('is left to another copy while one is at it, and is taken up again where that one died', async () => {
    await open(1);
    const withoutMail = { ...options, mail: null };
    await makeMessages(withoutMail);
    receiver.answer.stays = true;
    const hanging = sendNext(withoutMail);
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await sendNext(withoutMail)).toBeNull();
    receiver.answer.stays = false;
    clock.at_ms += 3 * MINUTE;
    expect(await sendNext(withoutMail)).toEqual({ channel: 'webhook', fault: null });
    await hanging;
  });

  test('does not follow a redirect: not even its address is asked', async () => {
    const inside = await webhookReceiver();
    Object.assign(receiver.answer, { status: 307, headers: { location: inside.url } });
    expect(await sendWebhook({ url: receiver.url, key }, 'a', 0, '{}')).toBe('redirected');
    Object.assign(receiver.answer, { status: 302, headers: { location: 'http://169.254.169.254/' } });
    expect(await sendWebhook({ url: receiver.url, key }, 'a', 0, '{}')).toBe('redirected');
    expect(inside.received).toEqual([]);
    await inside.close();
  });

  test('to a receiver that is slow or away has failed, and says so by a code alone', async () => {
    receiver.answer.stays = true;
    expect(await sendWebhook({ url: receiver.url, key }, 'a', 0, '{}', 100)).toBe('timeout');
    const gone = await webhookReceiver();
    await gone.close();
    expect(await sendWebhook({ url: gone.url, key }, 'a', 0, '{}')).toBe('unreachable');
  });
});

describe('an e-mail', () => {
  test('reaches all of the utility’s addresses, Korean first, with what to do and where to look', async () => {
    await open(1);
    await sendAll();
    const [{ to, raw, text } = { to: [], raw: '', text: '' }, ...more] = mails.received;
    expect(more).toEqual([]);
    expect(to).toEqual(['ops@city.example', 'night@city.example']);
    expect(raw).toMatch(/^Message-ID: <alarm-message-\d+@city\.example>/im);
    expect(text).toContain('누수 의심 발생: SP-1 (z-1), 2026-03-09 12:00부터.');
    expect(text.indexOf('누수')).toBeLessThan(text.indexOf('Leak suspected, opened: SP-1'));
    expect(text).toContain(options.consoleUrl);
  });

  test('that the server does not take is tried again with the same Message-ID', async () => {
    await open(1);
    mails.state.refuses = true;
    const withoutWebhook = { ...options, webhook: null };
    await makeMessages(withoutWebhook);
    expect((await sendNext(withoutWebhook))?.fault).toBe('emessage');
    mails.state.refuses = false;
    clock.at_ms += 6_000;
    expect((await sendNext(withoutWebhook))?.fault).toBeNull();
    expect(mails.received).toHaveLength(1);
  });

  test('to a server that is away has failed, without a word of its login', async () => {
    const away = createMailer({ url: 'smtp://me:hunter2@127.0.0.1:1', from: 'naru@city.example' }, 20_000);
    const fault = await away.send({ id: 'a', to: ['x@city.example'], subject: '', text: '' });
    expect(fault).toMatch(/^(esocket|econnection|econnrefused)$/);
    away.close();
  });
});

describe('many at once', () => {
  test('are one digest, and a storm is no more than so many messages an hour', async () => {
    await open(200);
    await sendAll();
    expect([receiver.received.length, mails.received.length]).toEqual([1, 1]);
    const document = JSON.parse(receiver.received[0]?.body ?? '');
    expect([document.type, document.data.events.length, document.data.more]).toEqual(['alarm.digest', 50, 150]);
    expect(Buffer.byteLength(receiver.received[0]?.body ?? '')).toBeLessThan(20_480);
    expect(mails.received[0]?.text).toContain('그 밖에 150건');
  });

  test.each([
    [20, 0, null, 20],
    [21, 0, null, 1],
    [1, 19, 0, 1],
    [5, 18, 0, 1],
    [5, 20, 9 * MINUTE, 0],
    [5, 20, 10 * MINUTE, 1],
    [0, 0, null, 0],
  ])(
    '%i that wait, after %i within the hour, the last %s ms ago, are %i messages',
    (waiting, lastHour, ago, messages) => {
      const ids = Array.from({ length: waiting }, (_, id) => id + 1);
      const planned = plannedMessages(ids, lastHour, ago);
      expect(planned).toHaveLength(messages);
      if (messages > 0) expect(planned.flat()).toEqual(ids);
    },
  );
});

describe('what is not told', () => {
  test('is an alarm that was over before it was known', async () => {
    await open(1, clock.at_ms);
    expect(await sendAll()).toEqual([]);
  });

  test('is one that cleared or was withdrawn while its beginning still waited to be told', async () => {
    await openAlarms(
      pool,
      [{ ...judged, ...place, kind: 'silent', began_ms: clock.at_ms - MINUTE }],
      clock.at_ms,
      () => MINUTE,
    );
    const { rows } = await pool.query<{ alarm_id: number }>('SELECT max(alarm_id) AS alarm_id FROM metering.alarm');
    const alarm = { ...judged, kind: 'silent', began_ms: clock.at_ms - MINUTE, ended_ms: clock.at_ms };
    const change = { alarm_id: rows[0]?.alarm_id ?? 0, turn: 'cleared', alarm, state: 'closed' } as const;
    await changeAlarms(pool, [change], clock.at_ms, () => MINUTE);
    clock.at_ms += 2 * MINUTE;
    expect(await sendAll()).toEqual([]);
  });

  test('is anything where nobody is to be told; it does not pile up', async () => {
    await open(1);
    expect(await makeMessages({ ...options, webhook: null, mail: null })).toBe(0);
    expect((await pool.query('SELECT FROM metering.alarm_notice')).rowCount).toBe(0);
  });
});

// Commands to devices on real sockets: kept, delivered at the next contact, repeated until answered, once at a time.
import type { MqttClient } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CommandOrder,
  commandLimits,
  commandOrder,
  readAcknowledgement,
} from '../../../src/metering/commands/command.ts';
import { createCommandService } from '../../../src/metering/commands/command-service.ts';
import { approvedByTwo, claimCommands } from '../../../src/metering/commands/command-store.ts';
import { createDeviceCredentials } from '../../../src/metering/meters/device-credential-service.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, senml, testSecrets } from '../../support/test-intake.ts';
import { type DeviceBrokerUnderTest, deviceBroker } from '../../support/watched-broker-fixture.ts';

const database = await testDatabase();
const { pool } = database;
const clock = { ahead_ms: 0, now_ms: () => Date.now() + clock.ahead_ms };
const commands = createCommandService({ pool, clock, valvePreconditions: [approvedByTwo] });
const devices = createDeviceCredentials({ pool, clock, random: systemRandom, secrets: testSecrets });
const [kim, lee] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const DAY_s = 86_400;
let one: DeviceBrokerUnderTest;
let other: DeviceBrokerUnderTest;

beforeAll(async () => {
  const fleet = Array.from({ length: 20 }, (_, n) => fleetEntry(`dev-${n + 1}`, String(n + 1)));
  one = await deviceBroker(database, fleet, { clock });
  other = await deviceBroker(database, [], { clock });
});

const order: CommandOrder = { kind: 'reporting_interval', interval_s: 3_600 };
const give = (deviceId: string, given: CommandOrder = order, lifetime_s = DAY_s) =>
  commands.giveCommand(deviceId, given, lifetime_s, kim);
const stateOf = async (deviceId: string) => (await commands.listCommands(deviceId, null, 10))[0]?.state;

/** A device that listens; what it was sent, in order. */
async function listening(broker: DeviceBrokerUnderTest, deviceId: string) {
  const client = await broker.connect(deviceId);
  const received: Record<string, unknown>[] = [];
  client.on('message', (_topic, payload) => received.push(JSON.parse(payload.toString())));
  await client.subscribeAsync(`naru/v1/down/${deviceId}`, { qos: 1 });
  return { client, received };
}
const acknowledge = (client: MqttClient, deviceId: string, payload: object | string) =>
  client.publishAsync(`naru/v1/ack/${deviceId}`, typeof payload === 'string' ? payload : JSON.stringify(payload), {
    qos: 1,
  });

describe('a command', () => {
  test('waits for its device, is delivered when it listens, and ends with its answer', async () => {
    const { command_id, state } = await give('dev-1');
    expect(state).toBe('queued');
    const { client, received } = await listening(one, 'dev-1');
    await expect.poll(() => received).toEqual([{ id: String(command_id), ...order }]);
    expect(await stateOf('dev-1')).toBe('sent');
    await acknowledge(client, 'dev-1', { id: String(command_id), status: 'done' });
    expect(await stateOf('dev-1')).toBe('acknowledged');
    // Said again it changes nothing.
    await acknowledge(client, 'dev-1', { id: command_id, status: 'failed' });
    expect(await stateOf('dev-1')).toBe('acknowledged');
    await client.endAsync();
  });

  test('reaches a device that is connected to another process, at once', async () => {
    const { client, received } = await listening(other, 'dev-2');
    const { command_id } = await give('dev-2', { kind: 'clock_set' });
    await expect.poll(() => received.length).toBe(1);
    expect(received[0]).toEqual({ id: String(command_id), kind: 'clock_set', time: expect.any(String) });
    await acknowledge(client, 'dev-2', { id: String(command_id), status: 'failed', reason: 'no clock' });
    const [row] = await commands.listCommands('dev-2', null, 10);
    expect(row).toMatchObject({ state: 'failed', outcome: 'no clock' });
    await client.endAsync();
  });

  test('reaches it though the notification was lost', async () => {
    const { client, received } = await listening(one, 'dev-3');
    await pool.query(
      `INSERT INTO metering.command (device_no, kind, arguments, state, created_at, expires_at, queued_xid)
       SELECT device_no, $1, $2, 'queued', now(), now() + interval '1 day', pg_current_xact_id()
         FROM metering.device WHERE device_id = 'dev-3'`,
      [order.kind, JSON.stringify(order)],
    );
    await expect.poll(() => received.length).toBe(1);
    await client.endAsync();
  });

  test('that was not answered is sent again at the next contact, and no sooner than it may', async () => {
    const first = await listening(one, 'dev-4');
    const { command_id } = await give('dev-4');
    await expect.poll(() => first.received.length).toBe(1);
    await first.client.endAsync();
    const second = await listening(other, 'dev-4');
    await second.client.publishAsync('naru/v1/up/dev-4/senml-json', senml('4', 1), { qos: 1 });
    expect(second.received).toEqual([]);
    clock.ahead_ms += commandLimits.retryAfter_ms + 1_000;
    await second.client.publishAsync('naru/v1/up/dev-4/senml-json', senml('4', 2), { qos: 1 });
    await expect.poll(() => second.received).toEqual([{ id: String(command_id), ...order }]);
    expect((await commands.listCommands('dev-4', null, 1))[0]?.sends).toBe(2);
    await second.client.endAsync();
  });

  test('whose time is over is not sent any more', async () => {
    await give('dev-5', order, 60);
    clock.ahead_ms += 61_000;
    const { client, received } = await listening(one, 'dev-5');
    const { command_id } = await give('dev-5', { kind: 'clock_set' });
    await expect.poll(() => received.map(({ id }) => id)).toEqual([String(command_id)]);
    const states = (await commands.listCommands('dev-5', null, 10)).map(({ state }) => state);
    expect(states).toEqual(['sent', 'expired']);
    await client.endAsync();
  });

  test('that was cancelled is not sent; one that has ended can not be', async () => {
    const { command_id } = await give('dev-6');
    await commands.cancelCommand(command_id, kim, 'a mistake');
    expect(await stateOf('dev-6')).toBe('cancelled');
    await expect(commands.cancelCommand(command_id, kim, 'again')).rejects.toMatchObject({ code: 'COMMAND_ENDED' });
    const { client, received } = await listening(one, 'dev-6');
    const next = await give('dev-6');
    await expect.poll(() => received.map(({ id }) => id)).toEqual([String(next.command_id)]);
    await client.endAsync();
  });

  test('is claimed by one of many that would send it', async () => {
    await give('dev-7');
    const claim = { at: new Date(clock.now_ms()), claimedUntil: new Date(clock.now_ms() + 30_000), limit: 10 };
    const claims = await Promise.all(Array.from({ length: 8 }, () => claimCommands(pool, 'dev-7', claim)));
    expect(claims.flat()).toHaveLength(1);
  });

  test('is not given to a device that does not listen, and stays', async () => {
    await give('dev-8');
    const client = await one.connect('dev-8');
    await client.publishAsync('naru/v1/up/dev-8/senml-json', senml('8', 1), { qos: 1 });
    expect(await stateOf('dev-8')).toBe('queued');
    await client.endAsync();
  });

  test('for no device, or one more than may be open, is refused', async () => {
    await expect(give('dev-99')).rejects.toMatchObject({ code: 'DEVICE_UNKNOWN' });
    for (let n = 0; n < commandLimits.openPerDevice; n += 1) await give('dev-9');
    await expect(give('dev-9')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
  });
});

describe('an answer', () => {
  test.each([
    ['to a command of another device', 'dev-11', async () => ({ id: String((await give('dev-12')).command_id) })],
    ['to a command that was never sent', 'dev-13', async () => ({ id: String((await give('dev-13')).command_id) })],
    ['that is no JSON', 'dev-14', async () => 'done'],
    ['without an id', 'dev-15', async () => ({ status: 'done' })],
  ])('%s changes no command, is acknowledged, and is reported', async (_what, deviceId, make) => {
    const payload = await make();
    const client = await one.connect(deviceId);
    await acknowledge(client, deviceId, payload);
    const reported = async () =>
      (await devices.listEvents({ cursor: null, open: true, limit: 50 })).events.filter(
        (e) => e.device_id === deviceId,
      );
    await expect.poll(async () => (await reported()).map(({ kind }) => kind)).toEqual(['acknowledgement']);
    for (const one of ['dev-12', 'dev-13']) expect(['queued', undefined]).toContain(await stateOf(one));
    await client.endAsync();
  });

  test('on the topic of another device is refused [faults 20]', async () => {
    const client = await one.connect('dev-10');
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.publish('naru/v1/ack/dev-1', '{"id":"1"}', { qos: 1 });
    await closed;
  });

  test.each([
    ['{"id":"17"}', { commandId: 17, done: true, reason: null }],
    ['{"id":17,"status":"failed","reason":"stuck"}', { commandId: 17, done: false, reason: 'stuck' }],
    ['{"id":"0x11"}', null],
    ['{"id":-1}', null],
    ['{"id":"17","status":"maybe"}', null],
    ['[]', null],
    ['', null],
    [`{"id":"17","reason":"${'x'.repeat(5_000)}"}`, null],
  ])('%s is read as it is meant', (payload, read) => {
    expect(readAcknowledgement(Buffer.from(payload))).toEqual(read);
  });
});

describe('a valve', () => {
  const close: CommandOrder = { kind: 'valve', position: 'closed' };

  test('is moved only where another person approves [metering: commands]', async () => {
    const { client, received } = await listening(one, 'dev-16');
    const { command_id, state } = await give('dev-16', close);
    expect(state).toBe('proposed');
    await expect(commands.approveCommand(command_id, kim)).rejects.toMatchObject({ code: 'COMMAND_NEEDS_ANOTHER' });
    await expect(commands.approveCommand(command_id, null)).rejects.toMatchObject({ code: 'COMMAND_NEEDS_ANOTHER' });
    const next = await give('dev-16');
    await expect.poll(() => received.map(({ id }) => id)).toEqual([String(next.command_id)]);
    await commands.approveCommand(command_id, lee);
    await expect.poll(() => received.at(-1)).toEqual({ id: String(command_id), ...close });
    await expect(commands.approveCommand(command_id, lee)).rejects.toMatchObject({ code: 'COMMAND_ENDED' });
    const { actions } = await devices.getDevice('dev-16');
    expect(actions.map(({ action }) => action)).toEqual(['command_approved', 'command_given', 'command_given']);
    await client.endAsync();
  });

  test('is not moved for a program', async () => {
    await expect(commands.giveCommand('dev-17', close, DAY_s, null)).rejects.toMatchObject({
      code: 'COMMAND_NEEDS_ANOTHER',
    });
  });

  test('is not moved by a row that one person wrote alone', async () => {
    const insert = `INSERT INTO metering.command (device_no, kind, arguments, state, created_at, expires_at, created_by, approved_by)
      SELECT device_no, 'valve', '{}', 'queued', now(), now() + interval '1 day', $1, $2 FROM metering.device WHERE device_id = 'dev-17'`;
    await expect(pool.query(insert, [kim, null])).rejects.toMatchObject({ code: '23514' });
    await expect(pool.query(insert, [kim, kim])).rejects.toMatchObject({ code: '23514' });
  });

  test('is not moved where a precondition speaks against it, at the approval or at the sending', async () => {
    const objection = 'somebody there must not be without water';
    const strict = createCommandService({ pool, clock, valvePreconditions: [approvedByTwo, async () => objection] });
    const { command_id } = await give('dev-18', close);
    const refusal = { code: 'COMMAND_REFUSED', detail: objection };
    await expect(strict.approveCommand(command_id, lee)).rejects.toMatchObject(refusal);
    expect(await stateOf('dev-18')).toBe('proposed');
    await commands.approveCommand(command_id, lee);
    const wary = await deviceBroker(database, [], { clock, valvePreconditions: [async () => objection] });
    const { client, received } = await listening(wary, 'dev-18');
    await expect.poll(() => stateOf('dev-18')).toBe('cancelled');
    expect(received).toEqual([]);
    await client.endAsync();
    await wary.close();
  });
});

test.each([
  [{ kind: 'reporting_interval', interval_s: 59 }],
  [{ kind: 'valve', position: 'half' }],
  [{ kind: 'firmware_notice', version: '2', url: 'http://plain.example', sha256: '0'.repeat(64) }],
  [{ kind: 'explode' }],
])('%j is no order', (given) => {
  expect(commandOrder.safeParse(given).success).toBe(false);
});

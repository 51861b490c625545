// Several processes of the intake on one port: connections are dealt out, one that is killed is replaced, a stop is in order.
import { readFileSync } from 'node:fs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PATIENCE } from '../support/city.ts';
import { IntakeHouse, type IntakeProcess, type TestMeter, telegramOf } from '../support/intake-house.ts';

const DEVICES = 40;
const from_ms = Date.UTC(2026, 2, 1);
let house: IntakeHouse;
let running: IntakeProcess;
let meters: TestMeter[];
const clients: MqttClient[] = [];

beforeAll(async () => {
  house = await IntakeHouse.open();
  meters = await house.meters(DEVICES, ['senml+json']);
  running = await house.start({ NARU_INTAKE_PROCESSES: '2' });
});

afterAll(async () => {
  for (const client of clients) client.end(true);
  await house?.close();
});

/** Source: proc(5), children. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** It comes back by itself, wherever its process went. */
async function connected(meter: TestMeter): Promise<MqttClient> {
  const client = await mqtt.connectAsync(running.mqttUrl, {
    ...{ clientId: meter.device_id, username: meter.device_id, password: meter.secret, reconnectPeriod: 200 },
  });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

async function processes(): Promise<{ id: string; connections: number }[]> {
  const { rows } = await house.pool.query(
    `SELECT process_id AS id, connections FROM metering.intake_process WHERE told_at > now() - interval '20 s' ORDER BY 1`,
  );
  return rows;
}

async function publishAll(register_l: number): Promise<void> {
  await Promise.all(
    meters.map((meter, index) =>
      clients[index]?.publishAsync(
        `naru/v1/up/${meter.device_id}/senml-json`,
        Buffer.from(telegramOf(meter, register_l, from_ms)),
        { qos: 1 },
      ),
    ),
  );
}

test('each takes its share, and what is acknowledged is stored', async () => {
  for (const meter of meters) await connected(meter);
  await publishAll(1);
  expect(await house.count('metering.reading')).toBe(DEVICES);
  await expect
    .poll(async () => (await processes()).reduce((sum, each) => sum + each.connections, 0), PATIENCE)
    .toBe(DEVICES);
  const shares = (await processes()).map(({ connections }) => connections);
  expect(shares).toHaveLength(2);
  expect(Math.min(...shares)).toBeGreaterThan(0);
});

test('a device that comes again is one connection, whichever process it lands in', async () => {
  const [first] = meters as [TestMeter];
  const once = { clientId: first.device_id, username: first.device_id, password: first.secret, reconnectPeriod: 0 };
  clients[0]?.end(true);
  const earlier = await mqtt.connectAsync(running.mqttUrl, once);
  const ended = new Promise((resolve) => earlier.once('close', () => resolve('ended')));
  clients[0] = await connected(first);
  expect(await ended).toBe('ended');
});

test('one that is killed is replaced, its devices come back, and the stop is in order', async () => {
  const [victim] = childrenOf(running.pid);
  process.kill(victim as number, 'SIGKILL');
  await publishAll(2);
  expect(await house.count('metering.reading')).toBe(2 * DEVICES);
  await expect.poll(() => childrenOf(running.pid).length, PATIENCE).toBe(2);
  const pids = childrenOf(running.pid);
  for (const client of clients) client.end(true);
  expect(await running.stop()).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

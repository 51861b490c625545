// 200 devices publish at QoS 1 while the service is killed and started again; what they were told is compared with the table.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFormat, topicLevelOf } from '../../devices/formats.ts';
import { shortOrLong } from '../support/long-form.ts';
import { removeFolder, type ServiceProcess, serviceFolder, startService } from '../support/service-process.ts';

const DEVICES = 200;
const PUBLISH_FOR_ms = shortOrLong(15_000, 120_000);
const EVERY_ms = 250;
const SETTLE_WITHIN_ms = 60_000;
const formats = ['senml+json', 'seoul-digital', 'wmbus'] as const;

interface TestDevice {
  id: string;
  secret: string;
  serial: string;
  format: (typeof formats)[number];
}

const run = randomBytes(3).toString('hex');
const folder = serviceFolder();
let service: ServiceProcess;
const clients: MqttClient[] = [];

function testDevice(index: number): TestDevice {
  return {
    id: `kill-${run}-${index}`,
    secret: randomBytes(24).toString('base64url'),
    serial: String(70_000_000 + index),
    format: formats[index % formats.length] ?? 'wmbus',
  };
}

async function register(devices: TestDevice[]): Promise<void> {
  const answer = await fetch(`${service.url}/api/utility/devices`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${service.operatorToken}` },
    body: JSON.stringify({
      devices: devices.map(({ id, secret, serial, format }) => ({
        device_id: id,
        secret,
        formats: [format],
        meter: { serial, model: 'test', bore_mm: 15, dials: 8 },
        service_point: { id: `place-${serial}`, zone_id: 'test', zone_name: 'test', usage_class: 'domestic' },
        installed_at: '2026-01-01T00:00:00Z',
      })),
    }),
  });
  expect(answer.status).toBe(200);
}

/** Each device's register rises by a litre with every telegram, so that a register names the telegram it came in. */
function publishing(device: TestDevice, until_ms: number, sent: Set<string>, acknowledged: Set<string>): Promise<void> {
  const format = findFormat(device.format);
  const client = mqtt.connect(`mqtt://127.0.0.1:${service.mqttPort}`, {
    clientId: device.id,
    username: device.id,
    password: device.secret,
    clean: true,
    reconnectPeriod: 500,
    connectTimeout: 5_000,
  });
  client.on('error', () => {});
  clients.push(client);
  const topic = `naru/v1/up/${device.id}/${topicLevelOf(device.format)}`;
  const waiting = new Set<Promise<void>>();
  return (async () => {
    // wM-Bus dates are whole minutes: each telegram stands for another one, so that none is a conflict with the last.
    const begun_ms = Math.floor(Date.now() / 60_000) * 60_000 - 24 * 3_600_000;
    for (let register_l = 1; Date.now() < until_ms; register_l += 1) {
      const measured_at_ms = device.format === 'wmbus' ? begun_ms + register_l * 60_000 : begun_ms + register_l * 1_000;
      const payload = format?.encode?.({
        ...{ meter_id: device.serial, bore_mm: 15, flags: [], utc_offset_min: 540 },
        readings: [{ measured_at_ms, register_l }],
      });
      const name = `${device.serial}/${register_l}`;
      sent.add(name);
      const published: Promise<void> = client
        .publishAsync(topic, Buffer.from(payload ?? []), { qos: 1 })
        .then(
          () => void acknowledged.add(name),
          () => {},
        )
        .finally(() => waiting.delete(published));
      waiting.add(published);
      await sleep(EVERY_ms);
    }
    await Promise.race([Promise.all(waiting), sleep(SETTLE_WITHIN_ms)]);
  })();
}

beforeAll(async () => {
  service = await startService(folder, ['--meters', '1']);
}, 120_000);

afterAll(async () => {
  for (const client of clients) client.end(true);
  await service?.stop();
  removeFolder(folder);
});

test('kill -9 under 200 publishing devices: nothing acknowledged is missing, nothing is there twice [faults 1, 2]', async () => {
  const devices = Array.from({ length: DEVICES }, (_, index) => testDevice(index));
  await register(devices);
  const sent = new Set<string>();
  const acknowledged = new Set<string>();
  const until_ms = Date.now() + PUBLISH_FOR_ms;
  const all = Promise.all(devices.map((device) => publishing(device, until_ms, sent, acknowledged)));
  await expect.poll(() => acknowledged.size, { timeout: PUBLISH_FOR_ms }).toBeGreaterThan(2 * DEVICES);
  const beforeKill = acknowledged.size;
  await service.kill();
  service = await startService(folder, ['--meters', '1']);
  await all;

  const database = new pg.Client({ connectionString: service.databaseUrl });
  await database.connect();
  const { rows } = await database.query<{ name: string; times: string }>(
    `SELECT m.serial || '/' || r.register_l AS name, count(*) AS times
       FROM metering.reading r JOIN metering.meter m USING (meter_id) WHERE m.serial LIKE '7%' GROUP BY 1`,
  );
  const { rows: twice } = await database.query(
    `SELECT d.device_id, u.format, count(*)::int AS times, array_agg(u.packet_id) AS packet_ids
       FROM metering.uplink u JOIN metering.device d USING (device_no)
      WHERE d.device_id LIKE 'kill-%' GROUP BY d.device_id, u.format, u.payload HAVING count(*) > 1`,
  );
  const { rows: elsewhere } = await database.query<{ where: string; n: number }>(
    `SELECT 'conflict' AS where, count(*)::int AS n FROM metering.reading_conflict
     UNION ALL SELECT 'misdated', count(*)::int FROM metering.misdated_reading
     UNION ALL SELECT q.code, count(*)::int FROM metering.quarantine q GROUP BY 1`,
  );
  await database.end();
  const stored = new Map(rows.map(({ name, times }) => [name, Number(times)]));
  process.stdout.write(
    `run ${run}: ${sent.size} sent, ${beforeKill} acknowledged before the kill, ${acknowledged.size} in all, ${stored.size} stored\n`,
  );

  const missing = [...acknowledged].filter((name) => !stored.has(name));
  if (missing.length > 0) console.log(missing.slice(0, 10), elsewhere);
  expect(beforeKill).toBeGreaterThan(DEVICES);
  expect(acknowledged.size).toBeGreaterThan(beforeKill);
  expect({ missing, elsewhere: elsewhere.filter(({ n }) => n > 0) }).toEqual({ missing: [], elsewhere: [] });
  expect([...stored].filter(([, times]) => times > 1)).toEqual([]);
  expect([...stored.keys()].filter((name) => !sent.has(name))).toEqual([]);
  expect(twice).toEqual([]);
}, 360_000);

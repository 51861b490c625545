// Two processes of the intake at a real Mosquitto, one killed in the middle: what was acknowledged to those who published is
// stored once. Nobody starts the killed one again: the other takes its session up.
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { topicLevelOf } from '../../devices/formats.ts';
import { chanceAt } from '../../simulators/seeded-chance.ts';
import { IntakeHouse, type IntakeProcess, PATIENCE, telegramOf } from '../support/intake-house.ts';
import { findMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { newSeed } from '../support/seed.ts';

const path = findMosquitto();
const DEVICES = 200;
const MESSAGES_EACH = 100;
const CONNECTIONS = 20;
const seed = newSeed('cluster copies');
let house: IntakeHouse;
let cluster: Mosquitto;

function startCopy(): Promise<IntakeProcess> {
  return house.start({ NARU_ROLES: 'broker', BROKER_URL: cluster.url });
}

beforeAll(async () => {
  if (path === null) return;
  house = await IntakeHouse.open();
  cluster = await startMosquitto(path);
});

afterAll(async () => {
  await house?.close();
  await cluster?.kill();
});

describe.skipIf(path === null)('two copies at one cluster', () => {
  test('20,000 messages, one copy killed -9 in the middle: each acknowledged one is stored once', async () => {
    const meters = await house.meters(DEVICES, ['senml+json', 'seoul-digital', 'wmbus']);
    const [first] = await Promise.all([startCopy(), startCopy()]);
    const publishers: MqttClient[] = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => mqtt.connectAsync(cluster.url)),
    );
    const acknowledged = new Set<string>();
    const from_ms = Math.floor(Date.now() / 60_000) * 60_000 - 24 * 3_600_000;
    const killAt = DEVICES * MESSAGES_EACH * (0.3 + 0.4 * chanceAt(seed, 0));
    let killed: Promise<void> | null = null;
    const publishing = meters.map(async (meter, index) => {
      const client = publishers[index % CONNECTIONS] as MqttClient;
      const topic = `naru/v1/up/${meter.device_id}/${topicLevelOf(meter.format)}`;
      for (let register_l = 1; register_l <= MESSAGES_EACH; register_l += 1) {
        await client.publishAsync(topic, Buffer.from(telegramOf(meter, register_l, from_ms)), { qos: 1 });
        acknowledged.add(`${meter.serial}/${register_l}`);
        if (acknowledged.size >= killAt) killed ??= first.kill();
      }
    });
    await Promise.all(publishing);
    await killed;
    const storedAtEnd = await house.count('metering.reading');
    for (const client of publishers) client.end(true);
    expect(acknowledged.size).toBe(DEVICES * MESSAGES_EACH);
    const stored = async () => {
      const { rows } = await house.pool.query<{ name: string; n: number }>(
        `SELECT m.serial || '/' || r.register_l AS name, count(*) AS n
           FROM metering.reading r JOIN metering.meter m USING (meter_id) GROUP BY 1`,
      );
      return new Map(rows.map(({ name, n }) => [name, n]));
    };
    await expect
      .poll(async () => {
        const there = await stored();
        return [...acknowledged].filter((name) => !there.has(name)).length;
      }, PATIENCE)
      .toBe(0);
    process.stdout.write(`${acknowledged.size} acknowledged, ${storedAtEnd} stored when the last was\n`);
    expect([...(await stored())].filter(([, times]) => times > 1)).toEqual([]);
    expect(await house.count('metering.uplink')).toBe(acknowledged.size);
    expect(await house.count('metering.reading_conflict')).toBe(0);
    expect(await house.count('metering.quarantine')).toBe(0);
    // Both had a part in it.
    expect(await house.count('(SELECT DISTINCT packet_id / 65536 FROM metering.uplink) AS slots')).toBe(2);
  }, 120_000);
});

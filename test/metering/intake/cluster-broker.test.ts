// The intake as a consumer of a real Mosquitto: what is stored, what is acknowledged when, and what is said where it can't.
import { pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findFormat } from '../../../devices/formats.ts';
import {
  type ClusterBroker,
  type ClusterBrokerOptions,
  createClusterBroker,
} from '../../../src/metering/intake/cluster-broker.ts';
import { createClusterDevices } from '../../../src/metering/intake/cluster-devices-service.ts';
import { holdLeases } from '../../../src/metering/intake/cluster-lease-service.ts';
import { openIntake } from '../../../src/metering/intake/intake-service.ts';
import { listQuarantine } from '../../../src/metering/meters/meters-store.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { type Clock, systemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { findMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, senml, testSecrets } from '../../support/test-intake.ts';
import { openWire } from '../../support/wire.ts';

const path = findMosquitto();
const { pool } = await testDatabase();
const logger = createLogger('silent');
const PATIENCE = { timeout: 30_000, interval: 50 };
let cluster: Mosquitto;
let copies: ClusterBroker[] = [];
const publishers: MqttClient[] = [];

async function copy(options: Partial<ClusterBrokerOptions> = {}, clock: Clock = systemClock): Promise<ClusterBroker> {
  const metrics = createMetrics();
  const holder = randomUUID();
  const intake = await openIntake({ pool, timeZone: 'Asia/Seoul', secrets: testSecrets, clock, logger, metrics });
  const broker = createClusterBroker({
    ...{ intake, logger, metrics, login: {}, urls: [cluster?.url ?? ''], group: 'test' },
    devices: createClusterDevices(pool, clock),
    holdLeases: (events) => holdLeases({ ...events, pool, logger, holder }),
    ...options,
  });
  copies.push(broker);
  await broker.open();
  return broker;
}

async function publisher(url = cluster.url, user?: string): Promise<MqttClient> {
  const login = user === undefined ? {} : { username: user, password: user };
  const client = await mqtt.connectAsync(url, { clientId: `publisher-${randomUUID()}`, ...login });
  publishers.push(client);
  return client;
}

async function rows(statement: string): Promise<Record<string, unknown>[]> {
  return (await pool.query(statement)).rows;
}

const registers = () => rows('SELECT register_l FROM metering.reading ORDER BY register_l');

beforeAll(async () => {
  if (path === null) return;
  await provisionFleet(
    pool,
    systemRandom,
    [fleetEntry('timed', '11111111'), fleetEntry('clockless', '22222222', ['seoul-digital', 'senml+json'])],
    testSecrets,
  );
});

afterEach(async () => {
  for (const each of publishers.splice(0)) each.end(true);
  await Promise.all(copies.splice(0).map((each) => each.close()));
  await cluster?.kill();
  await pool.query('DELETE FROM metering.cluster_session');
  await pool.query('DELETE FROM metering.uplink_pack');
  await pool.query('DELETE FROM metering.reading');
  await pool.query('DELETE FROM metering.quarantine');
});

const seoul = (register_l: number): Buffer =>
  Buffer.from(
    findFormat('seoul-digital')?.encode?.({
      ...{ meter_id: '22222222', bore_mm: 15, flags: [], utc_offset_min: 540 },
      readings: [{ measured_at_ms: 0, register_l }],
    }) ?? [],
  );

/** The session is nobody's at once, as after the death of its holder. */
const orphanSessions = () =>
  pool.query('UPDATE metering.cluster_session SET holder = gen_random_uuid(), released = true');

const counted = async () =>
  (
    await rows(`SELECT (SELECT count(*) FROM metering.uplink) AS uplinks, (SELECT count(*) FROM metering.reading) AS readings,
                       (SELECT count(*) FROM metering.reading_conflict) AS conflicts,
                       (SELECT count(*) FROM metering.quarantine) AS quarantined`)
  )[0];

describe.skipIf(path === null)('a copy of the intake at Mosquitto', () => {
  beforeEach(async () => {
    cluster = await startMosquitto(path ?? '');
  });

  test('stores what devices publish, of QoS 1 and 0, also what came while no copy ran', async () => {
    const broker = await copy();
    const client = await publisher();
    const at_ms = Date.now() - 60_000;
    await client.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 5, at_ms), { qos: 1 });
    client.publish('naru/v1/up/timed/senml-json', senml('11111111', 6, at_ms + 1_000), { qos: 0 });
    await expect.poll(registers, PATIENCE).toEqual([{ register_l: 5 }, { register_l: 6 }]);
    await stop(broker);
    await client.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 7, at_ms + 2_000), { qos: 1 });
    await copy();
    await expect.poll(registers, PATIENCE).toHaveLength(3);
    expect(await counted()).toMatchObject({ uplinks: 3, conflicts: 0, quarantined: 0 });
  });

  test('keeps in quarantine what no device of the registry can have sent, with its topic and its bytes', async () => {
    await copy();
    const client = await publisher();
    await client.publishAsync('naru/v1/up/stranger/senml-json', 'one', { qos: 1 });
    await client.publishAsync('naru/v1/up/not a device/senml-json', 'two', { qos: 1 });
    await client.publishAsync('naru/v1/up/timed/senml-json', 'three', { qos: 1 });
    await expect.poll(counted, PATIENCE).toMatchObject({ uplinks: 3, quarantined: 3 });
    const shown = (await listQuarantine(pool, null, 10)).map(({ device_id, code }) => `${code} ${device_id}`);
    expect(shown.sort()).toEqual(['DEVICE_UNKNOWN null', 'JSON_INVALID timed', 'TOPIC_UNREADABLE null']);
    const kept = await rows(
      `SELECT q.code, q.detail, convert_from(u.payload, 'UTF8') AS payload
         FROM metering.quarantine q JOIN metering.uplink u USING (uplink_id) ORDER BY payload`,
    );
    expect(kept).toEqual([
      expect.objectContaining({
        code: 'DEVICE_UNKNOWN',
        payload: 'one',
        detail: expect.stringContaining('up/stranger/'),
      }),
      expect.objectContaining({ code: 'JSON_INVALID', payload: 'three' }),
      expect.objectContaining({
        code: 'TOPIC_UNREADABLE',
        payload: 'two',
        detail: expect.stringContaining('not a device'),
      }),
    ]);
  });

  test('refuses a message larger than any telegram, and goes on with the next', async () => {
    await copy();
    const client = await publisher();
    await client.publishAsync('naru/v1/up/timed/senml-json', Buffer.alloc(1_100_000), { qos: 1 });
    await client.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 8, Date.now()), { qos: 1 });
    await expect.poll(registers, PATIENCE).toEqual([{ register_l: 8 }]);
    expect(await counted()).toMatchObject({ uplinks: 1 });
  });

  test('acknowledges only after the commit: what a copy stored and could not acknowledge is no second reading for the next', async () => {
    const wire = await openWire(cluster.port);
    const first = await copy({ urls: [`mqtt://127.0.0.1:${wire.port}`] });
    const client = await publisher();
    const blocker = await pool.connect();
    await blocker.query('BEGIN; LOCK TABLE metering.uplink_pack IN EXCLUSIVE MODE');
    const acknowledgements: Buffer[] = [];
    wire.watchClients((bytes) => {
      acknowledgements.push(bytes);
      return false;
    });
    for (let register_l = 100; register_l < 150; register_l += 1)
      await client.publishAsync('naru/v1/up/clockless/seoul-digital', seoul(register_l), { qos: 1 });
    await untilWaiting();
    expect(acknowledgements).toEqual([]);
    await blocker.query('COMMIT');
    blocker.release();
    await expect.poll(counted, PATIENCE).toMatchObject({ readings: 50 });
    await expect.poll(() => Buffer.concat(acknowledgements).length, PATIENCE).toBe(50 * 4);
    wire.cut();
    await orphanSessions();
    const second = await copy();
    await client.publishAsync('naru/v1/up/clockless/seoul-digital', seoul(150), { qos: 1 });
    await expect.poll(counted, PATIENCE).toMatchObject({ readings: 51 });
    expect(await counted()).toEqual({ uplinks: 51, readings: 51, conflicts: 0, quarantined: 0 });
    await stop(second);
    await stop(first);
    await wire.close();
  });

  test('takes the same bytes of a device for one telegram where they come to two copies, and for two an hour later', async () => {
    const first = await copy();
    const client = await publisher();
    await client.publishAsync('naru/v1/up/clockless/seoul-digital', seoul(200), { qos: 1 });
    await expect.poll(counted, PATIENCE).toMatchObject({ readings: 1 });
    await stop(first);
    const atOnce = await copy();
    await client.publishAsync('naru/v1/up/clockless/seoul-digital', seoul(200), { qos: 1 });
    await client.publishAsync('naru/v1/up/clockless/seoul-digital', seoul(201), { qos: 1 });
    await expect.poll(counted, PATIENCE).toMatchObject({ readings: 2 });
    expect(await counted()).toMatchObject({ uplinks: 2 });
    await stop(atOnce);
    await copy({}, { now_ms: () => systemClock.now_ms() + 3_600_000 });
    await client.publishAsync('naru/v1/up/clockless/seoul-digital', seoul(200), { qos: 1 });
    await expect.poll(counted, PATIENCE).toMatchObject({ readings: 3, uplinks: 3 });
  });

  test('copies share the load, and a new one gets a session back from one that holds several', async () => {
    await copy();
    await copy();
    await expect.poll(sessions, PATIENCE).toEqual([1, 1]);
    const [kept] = copies;
    // As if the second copy's session had been taken up by the first after its death.
    await pool.query(
      'UPDATE metering.cluster_session SET holder = (SELECT holder FROM metering.cluster_session WHERE slot = 1)',
    );
    await expect.poll(sessions, { timeout: 40_000, interval: 100 }).toEqual([1, 1]);
    expect(kept).toBe(copies[0]);
    const client = await publisher();
    const at_ms = Date.now() - 60_000;
    for (let each = 0; each < 40; each += 1)
      await client.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', each, at_ms + each), { qos: 1 });
    await expect.poll(registers, PATIENCE).toHaveLength(40);
    expect(await rows('SELECT DISTINCT packet_id / 65536 AS slot FROM metering.uplink ORDER BY 1')).toEqual([
      { slot: 1 },
      { slot: 2 },
    ]);
  });

  test('goes on with the next address where one does not answer, and waits for a cluster that is away', async () => {
    const away = await openWire(cluster.port);
    away.cut();
    await copy({ urls: [`mqtt://127.0.0.1:${away.port}`, cluster.url] });
    const client = await publisher();
    await client.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 9, Date.now()), { qos: 1 });
    await expect.poll(registers, PATIENCE).toEqual([{ register_l: 9 }]);
    await stop(copies[0]);
    await copy({ urls: [`mqtt://127.0.0.1:${away.port}`] });
    await client.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 10, Date.now()), { qos: 1 });
    away.mend();
    await expect.poll(registers, PATIENCE).toHaveLength(2);
    await stop(copies[0]);
    await away.close();
  });

  test('the access list of the documentation lets each device write as itself alone, and the intake read all', async () => {
    await cluster.kill();
    const users = ['naru-intake', 'timed', 'clockless'];
    const acl =
      readFileSync(join(packageRoot, 'docs/broker-cluster.md'), 'utf8').match(/^pattern write[^`]*/m)?.[0] ?? '';
    const passwords = users.map((user) => `${user}:${mosquittoHash(user)}`).join('\n');
    cluster = await startMosquitto(
      path ?? '',
      ['allow_anonymous false', 'password_file {folder}/passwords', 'acl_file {folder}/acl'],
      { acl, passwords: `${passwords}\n` },
    );
    await copy({ login: { username: 'naru-intake', password: 'naru-intake' } });
    const wrong = copy({ login: { username: 'naru-intake', password: 'guessed' } });
    await expect(wrong).rejects.toThrow(/BROKER_USERNAME/);
    const at_ms = Date.now() - 60_000;
    const thief = await publisher(cluster.url, 'clockless');
    await thief.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 66, at_ms), { qos: 1 });
    const device = await publisher(cluster.url, 'timed');
    await device.publishAsync('naru/v1/up/timed/senml-json', senml('11111111', 11, at_ms + 1), { qos: 1 });
    await expect.poll(registers, PATIENCE).toEqual([{ register_l: 11 }]);
  });

  test('an access list that keeps the login out ends the start with what to do', async () => {
    await cluster.kill();
    cluster = await startMosquitto(path ?? '', ['allow_anonymous false']);
    await expect(copy()).rejects.toThrow(
      /START_FAILED: BROKER_URL: mqtt:\/\/127\.0\.0\.1:\d+ does not let this client in.*BROKER_USERNAME/,
    );
  });
});

describe('a cluster that can not be used ends the start with what to do', () => {
  test('one of MQTT 3.1.1 alone', async () => {
    const old = await Aedes.createBroker();
    const server = createServer((socket) => old.handle(socket));
    const url = await listening(server);
    await expect(copy({ urls: [url] })).rejects.toThrow(/MQTT 5/);
    await new Promise<void>((resolve) => old.close(() => server.close(() => resolve())));
  });

  test.each([
    ['without shared subscriptions', ['200500000 22a00'.replace(' ', '')], /has no shared subscriptions/],
    ['that refuses a wrong password', ['2003008600'], /refused the login; correct BROKER_USERNAME and BROKER_PASSWORD/],
    [
      'that does not allow the subscription',
      ['2003000000', '90040001 0087'.replace(' ', '')],
      /access list does not let this login/,
    ],
    ['that says so of shared subscriptions only when asked', ['2003000000', '90040001009e'], /no shared subscriptions/],
  ])('one %s', async (_what, answers, says) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      const left = [...answers];
      socket.on('data', (bytes) => {
        // An acknowledgement of a subscription repeats its packet id.
        const answer = Buffer.from(left.shift() ?? '', 'hex');
        if (answer[0] === 0x90) bytes.copy(answer, 2, 2, 4);
        socket.write(answer);
      });
    });
    const url = await listening(server);
    await expect(copy({ urls: [url] })).rejects.toThrow(says);
    server.close();
  });
});

/** As `mosquitto_passwd` writes it: PBKDF2 of SHA-512. */
function mosquittoHash(password: string): string {
  const salt = randomBytes(12);
  return `$7$101$${salt.toString('base64')}$${pbkdf2Sync(password, salt, 101, 64, 'sha512').toString('base64')}`;
}

/** Sessions of each copy. */
async function sessions(): Promise<number[]> {
  const held = await rows('SELECT count(*) AS n FROM metering.cluster_session WHERE NOT released GROUP BY holder');
  return held.map(({ n }) => Number(n));
}

/** Waits until a commit waits for the table that the test has locked. */
async function untilWaiting(): Promise<void> {
  const waiting = () => rows(`SELECT FROM pg_locks WHERE NOT granted AND relation = 'metering.uplink_pack'::regclass`);
  await expect.poll(async () => (await waiting()).length, PATIENCE).toBeGreaterThan(0);
}

async function stop(broker: ClusterBroker | undefined): Promise<void> {
  copies = copies.filter((each) => each !== broker);
  await broker?.close();
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

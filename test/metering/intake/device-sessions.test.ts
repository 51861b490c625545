// What ends a device's connection, and what is seen of it: rotation, revocation in other processes, clones, floods.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { MqttClient } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { CloneDetector } from '../../../src/metering/intake/device-clones.ts';
import { unkeyedSecretHash } from '../../../src/metering/intake/device-secret.ts';
import { createDeviceCredentials } from '../../../src/metering/meters/device-credential-service.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { CONNACK, connectPacket, publishPacket } from '../../support/mqtt-bytes.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf, senml, testSecrets } from '../../support/test-intake.ts';
import { closing, type DeviceBrokerUnderTest, deviceBroker } from '../../support/watched-broker-fixture.ts';

const database = await testDatabase();
const { pool } = database;
const clock = { ahead_ms: 0, now_ms: () => Date.now() + clock.ahead_ms };
const credentials = createDeviceCredentials({ pool, clock, random: systemRandom, secrets: testSecrets });
let one: DeviceBrokerUnderTest;
let other: DeviceBrokerUnderTest;

beforeAll(async () => {
  const fleet = Array.from({ length: 20 }, (_, n) => fleetEntry(`dev-${n + 1}`, String(n + 1)));
  one = await deviceBroker(database, fleet, { clock });
  other = await deviceBroker(database, [], { clock });
});

const events = async (deviceId: string) =>
  (await credentials.listEvents({ cursor: null, open: true, limit: 50 })).events.filter(
    ({ device_id }) => device_id === deviceId,
  );

describe('a secret', () => {
  test('that was rotated stays good beside the new one for its grace, then cuts what still lives by it', async () => {
    const old = await one.connect('dev-1');
    const secret = await credentials.rotateSecret('dev-1', 3_600, null);
    const withNew = { password: secret };
    await (await other.connect('dev-1', withNew)).endAsync();
    await (await other.connect('dev-1')).endAsync();
    // The take-over by the other process ended the first connection.
    await closing(old);
    const again = await one.connect('dev-1');
    const cut = closing(again);
    clock.ahead_ms += 3_601_000;
    await cut;
    await expect(one.connect('dev-1')).rejects.toMatchObject({ code: 4 });
    expect((await one.connect('dev-1', withNew)).connected).toBe(true);
  });

  test('that was rotated without a grace cuts the connection at once, in another process too', async () => {
    const client = await other.connect('dev-2');
    const cut = closing(client);
    const secret = await credentials.rotateSecret('dev-2', 0, null);
    await cut;
    await expect(other.connect('dev-2')).rejects.toMatchObject({ code: 4 });
    expect((await one.connect('dev-2', { password: secret })).connected).toBe(true);
  });

  test('rotated twice leaves the first of the three no longer good', async () => {
    const first = await credentials.rotateSecret('dev-3', 600, null);
    const second = await credentials.rotateSecret('dev-3', 600, null);
    await expect(one.connect('dev-3')).rejects.toMatchObject({ code: 4 });
    for (const password of [first, second]) await (await one.connect('dev-3', { password })).endAsync();
  });

  test('kept by the first version lets its device in after the next start, from under the key', async () => {
    const plain = unkeyedSecretHash('dev-4', secretOf('dev-4'));
    await pool.query(`UPDATE metering.device SET secret_hash = $1, secret_scheme = 1 WHERE device_id = 'dev-4'`, [
      plain,
    ]);
    const next = await deviceBroker(database, []);
    expect((await next.connect('dev-4')).connected).toBe(true);
    const { rows } = await pool.query(
      `SELECT secret_hash, secret_scheme FROM metering.device WHERE device_id = 'dev-4'`,
    );
    expect(rows).toEqual([{ secret_hash: testSecrets.hashOf('dev-4', secretOf('dev-4')), secret_scheme: 2 }]);
    await next.close();
  });
});

describe('revoking a device', () => {
  test('cuts its connections in every process, and no other; restored, it comes back', async () => {
    const client = await other.connect('dev-5');
    const unharmed = await other.connect('dev-6');
    const cut = closing(client);
    await credentials.revokeDevice('dev-5', 'stolen', Buffer.alloc(32, 1));
    await cut;
    expect(unharmed.connected).toBe(true);
    for (const broker of [one, other]) await expect(broker.connect('dev-5')).rejects.toMatchObject({ code: 4 });
    await credentials.restoreDevice('dev-5', 'found', null);
    expect((await one.connect('dev-5')).connected).toBe(true);
    const { actions, revoked_at } = await credentials.getDevice('dev-5');
    expect(revoked_at).toBeNull();
    expect(actions).toMatchObject([
      { action: 'device_restored', by_program: true, reason: 'found' },
      { action: 'device_revoked', by_program: false, reason: 'stolen' },
    ]);
  });

  test('cuts them though the notification was lost', async () => {
    const client = await one.connect('dev-7');
    const cut = closing(client);
    await pool.query('ALTER TABLE metering.device DISABLE TRIGGER device_changes');
    await pool.query(
      `UPDATE metering.device SET revoked_at = now(), changed_xid = pg_current_xact_id() WHERE device_id = 'dev-7'`,
    );
    await pool.query('ALTER TABLE metering.device ENABLE TRIGGER device_changes');
    await cut;
  });

  test('cuts them after the listening connection was broken', async () => {
    const client = await one.connect('dev-8');
    const cut = closing(client);
    await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'naru-listen' AND datname = current_database()`,
    );
    await credentials.revokeDevice('dev-8', 'stolen', null);
    await cut;
  });

  test('of one that there is not is refused', async () => {
    await expect(credentials.revokeDevice('dev-99', 'x', null)).rejects.toMatchObject({ code: 'DEVICE_UNKNOWN' });
  });
});

describe('two with one identity [faults 18]', () => {
  /** Two that come back as soon as they are thrown out, until the alarm is there. */
  async function flap(deviceId: string, brokers: DeviceBrokerUnderTest[]): Promise<void> {
    let going = true;
    const clients = new Set<MqttClient>();
    const comingBack = brokers.map(async (broker, index) => {
      while (going) {
        const client = await broker.connectFrom(`127.0.0.${index + 2}`, deviceId).catch(() => null);
        if (client === null) continue;
        clients.add(client);
        if (!going) client.end(true);
        await closing(client);
      }
    });
    await expect.poll(async () => (await events(deviceId)).map(({ kind }) => kind)).toEqual(['clone']);
    going = false;
    for (const client of clients) client.end(true);
    await Promise.all(comingBack);
  }

  test('at one process raise an alarm that names where they are', async () => {
    await flap('dev-9', [one, one]);
    const [event] = await events('dev-9');
    expect(event?.detail).toMatch(/127\.0\.0\.2.*127\.0\.0\.3|127\.0\.0\.3.*127\.0\.0\.2/);
    await credentials.closeEvent(event?.event_id ?? 0, null);
    expect(await events('dev-9')).toEqual([]);
    await expect(credentials.closeEvent(event?.event_id ?? 0, null)).rejects.toMatchObject({
      code: 'DEVICE_EVENT_UNKNOWN',
    });
  });

  test('at two processes too: the later connection stays, and the earlier is ended', async () => {
    const first = await one.connect('dev-10');
    const ended = closing(first);
    const second = await other.connect('dev-10');
    await ended;
    expect(second.connected).toBe(true);
    await flap('dev-11', [one, other]);
  });

  test.each([
    ['a bad radio that comes from another address each time', ['b', 'c', 'd', 'e'], false],
    ['a bad radio that comes back to its address once', ['b', 'a', 'c'], false],
    ['two that take turns', ['b', 'a', 'b'], true],
    ['two behind one address within a minute', ['a', 'a', 'a', 'a', 'a'], true],
  ])('%s', (_what, addresses, isAlarm) => {
    const detector = new CloneDetector();
    let from = 'a';
    const found = addresses.map((to, index) => {
      const seen = detector.takeover('dev', from, to, index * 10_000);
      from = to;
      return seen !== null;
    });
    expect(found.at(-1)).toBe(isAlarm);
    expect(found.slice(0, -1)).not.toContain(true);
  });

  test('whose take-overs lie hours apart are no alarm', () => {
    const detector = new CloneDetector();
    const turns = ['a', 'b', 'a', 'b', 'a', 'b'];
    const found = turns
      .slice(1)
      .map((to, index) => detector.takeover('dev', turns[index] ?? '', to, index * 3_600_000));
    expect(found.every((seen) => seen === null)).toBe(true);
  });
});

describe('a device that sends much more than it may [faults 25]', () => {
  test('is held up, alone; nothing of it is lost, and it is reported', async () => {
    // A bucket fills by the clock, and this one stands still until it is told.
    const standing = { at_ms: Date.now(), now_ms: () => standing.at_ms };
    const broker = await deviceBroker(database, [], { clock: standing, messagesPerSecond: 20 });
    const MESSAGES = 260;
    const flooding = connectTcp(broker.ports.mqtt, '127.0.0.1');
    flooding.write(connectPacket('dev-12', secretOf('dev-12')));
    const [hello] = await once(flooding, 'data');
    expect(hello).toEqual(Buffer.from([CONNACK, 2, 0, 0]));
    let acknowledged_bytes = 0;
    flooding.on('data', (bytes: Buffer) => {
      acknowledged_bytes += bytes.length;
    });
    // More than may come at once, in packets large enough to be read one after another.
    const padding = ' '.repeat(16_000);
    const first_ms = Date.UTC(2026, 1, 1);
    for (let n = 1; n <= MESSAGES; n += 1) {
      const payload = senml('12', n, first_ms + n * 1_000) + padding;
      flooding.write(publishPacket('naru/v1/up/dev-12/senml-json', payload, n));
    }
    await expect.poll(async () => (await events('dev-12')).map(({ kind }) => kind)).toEqual(['flood']);
    const orderly = await broker.connect('dev-13');
    await orderly.publishAsync('naru/v1/up/dev-13/senml-json', senml('13', 1), { qos: 1 });
    await expect.poll(() => acknowledged_bytes).toBeGreaterThanOrEqual(200 * 4);
    expect(acknowledged_bytes).toBeLessThan(MESSAGES * 4);
    standing.at_ms += 60_000;
    await expect.poll(() => acknowledged_bytes).toBe(MESSAGES * 4);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS n FROM metering.reading JOIN metering.meter USING (meter_id) WHERE serial = '12'`,
    );
    expect(rows).toEqual([{ n: MESSAGES }]);
    flooding.destroy();
    await broker.close();
  });
});

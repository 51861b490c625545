import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { MqttClient } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { CONNACK, connectPacket, packet, publishPacket } from '../../support/mqtt-bytes.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf, senml, type TestIntake, testIntake, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
let it: TestIntake;
beforeAll(async () => {
  it = await testIntake(pool, [fleetEntry('dev-1', '1'), fleetEntry('dev-2', '2')]);
});

const refusedCount = async (reason: string) => {
  const metric = await it.metrics.getSingleMetric('naru_intake_refused_total')?.get();
  return metric?.values.find((value) => value.labels.reason === reason)?.value ?? 0;
};

const closing = (client: MqttClient) => new Promise((resolve) => client.once('close', () => resolve(null)));

/** Everything the broker says until it closes. */
async function answerTo(...packets: Buffer[]): Promise<Buffer> {
  const socket = await it.socket();
  return answerOn(socket, ...packets);
}

async function answerOn(socket: Socket, ...packets: Buffer[]): Promise<Buffer> {
  const heard: Buffer[] = [];
  socket.on('data', (bytes) => heard.push(bytes));
  for (const bytes of packets) socket.write(bytes);
  // What the broker did not read makes the end of it a reset, which `once` would throw.
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return Buffer.concat(heard);
}

describe('a connection', () => {
  test('with the right secret is taken', async () => {
    const client = await it.connect('dev-1');
    expect(client.connected).toBe(true);
    await client.endAsync();
  });

  test.each([
    ['a wrong secret', connectPacket('dev-1', 'x'.repeat(30)), 4, 'secret'],
    ['the secret of another device', connectPacket('dev-1', secretOf('dev-2')), 4, 'secret'],
    ['an unknown device', connectPacket('dev-9', secretOf('dev-9')), 4, 'secret'],
    ['a client id that is not its user name', connectPacket('dev-1', secretOf('dev-2'), 'dev-2'), 5, 'identity'],
    ['an id that no device can have', connectPacket('dev/1', 'x'.repeat(30)), 5, 'identity'],
  ])('with %s is refused in CONNACK [MQTT-3.2.2-3]', async (_what, connect, code, reason) => {
    const before = await refusedCount(reason);
    expect(await answerTo(connect)).toEqual(Buffer.from([CONNACK, 2, 0, code]));
    expect(await refusedCount(reason)).toBe(before + 1);
  });

  test('in MQTT 5 is told that the version is not spoken here [MQTT-3.1.2-2]', async () => {
    const body = Buffer.concat([
      Buffer.from([0, 4]),
      Buffer.from('MQTT'),
      Buffer.from([5, 2, 0, 0, 0, 0, 1]),
      Buffer.from('x'),
    ]);
    const answer = await answerTo(packet(0x10, body));
    expect([...answer.subarray(0, 4)]).toEqual([CONNACK, 2, 0, 1]);
  });

  test('of a revoked device is refused', async () => {
    await testFleet('dev-3', '3');
    await pool.query(`UPDATE metering.device SET revoked_at = now() WHERE device_id = 'dev-3'`);
    expect(await answerTo(connectPacket('dev-3', secretOf('dev-3')))).toEqual(Buffer.from([CONNACK, 2, 0, 4]));
  });

  test('that leaves a will is closed', async () => {
    const will = { topic: 'naru/v1/up/dev-1/senml-json', payload: Buffer.from('x'), qos: 1 as const, retain: false };
    await expect(it.connect('dev-1', { will })).rejects.toThrow();
    expect(await refusedCount('will')).toBe(1);
  });
});

describe('a device', () => {
  test.each([
    ['publishes as another', 'naru/v1/up/dev-2/senml-json'],
    ['publishes outside the tree', 'anything'],
    ['publishes on $SYS', '$SYS/broker'],
    ['publishes a command to itself', 'naru/v1/down/dev-1'],
    ['names no format', 'naru/v1/up/dev-1/'],
    ['goes deeper than a format', 'naru/v1/up/dev-1/senml-json/x'],
    ['goes 101 levels deep', `naru/v1/up/dev-1${'/x'.repeat(101)}`],
    ['puts a NUL into the topic', 'naru/v1/up/dev-1/senml\0json'],
  ])('that %s is closed without an acknowledgement', async (_what, topic) => {
    const answer = await answerTo(connectPacket('dev-1', secretOf('dev-1')), publishPacket(topic, senml('1', 1), 1));
    expect(answer).toEqual(Buffer.from([CONNACK, 2, 0, 0]));
  });

  test('that publishes retained is closed', async () => {
    const client = await it.connect('dev-1');
    const closed = closing(client);
    client.publish('naru/v1/up/dev-1/senml-json', senml('1', 1), { qos: 1, retain: true });
    await closed;
    expect(await refusedCount('retained')).toBe(1);
  });

  test.each(['#', '+', 'naru/v1/down/dev-2', 'naru/v1/down/+', '$SYS/#', 'naru/v1/up/dev-1/senml-json'])(
    'that subscribes to %s is closed',
    async (filter) => {
      const client = await it.connect('dev-1');
      const closed = closing(client);
      client.subscribe(filter);
      await closed;
      expect(client.connected).toBe(false);
    },
  );

  test('may subscribe to its own commands and acknowledge them', async () => {
    const client = await it.connect('dev-1');
    expect(await client.subscribeAsync('naru/v1/down/dev-1', { qos: 1 })).toMatchObject([{ qos: 1 }]);
    await client.publishAsync('naru/v1/ack/dev-1', '{}', { qos: 1 });
    await client.endAsync();
  });

  test('that connects a second time takes the place of the first', async () => {
    const first = await it.connect('dev-1');
    const closed = closing(first);
    const second = await it.connect('dev-1');
    await closed;
    expect(second.connected).toBe(true);
    await second.endAsync();
  });
});

describe('the packet guard', () => {
  const big = Buffer.alloc(65_537);
  const hello = connectPacket('dev-1', secretOf('dev-1'));
  test.each([
    ['a CONNECT that declares 200 MB', [packet(0x10, Buffer.alloc(0), 200_000_000)], 'packet_too_large'],
    ['a CONNECT one byte too large', [packet(0x10, big)], 'packet_too_large'],
    ['a length of five bytes', [Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01])], 'malformed_packet'],
    ['a first packet that is no CONNECT', [publishPacket('naru/v1/up/dev-1/senml-json', 'x', 1)], 'malformed_packet'],
    ['a second CONNECT', [hello, hello], 'malformed_packet'],
    ['a PUBLISH of QoS 3', [hello, packet(0x36, Buffer.alloc(8))], 'malformed_packet'],
    ['a PUBLISH too large', [hello, packet(0x32, big)], 'packet_too_large'],
    ['reserved flags', [packet(0x1f, Buffer.alloc(2))], 'malformed_packet'],
    ['a packet only a server sends', [hello, packet(0x20, Buffer.alloc(2))], 'malformed_packet'],
    ['HTTP', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'malformed_packet'],
  ])('closes on %s', async (_what, packets, reason) => {
    const before = await refusedCount(reason);
    const answer = await answerTo(...packets);
    expect(answer.length === 0 || answer.equals(Buffer.from([CONNACK, 2, 0, 0]))).toBe(true);
    expect(await refusedCount(reason)).toBe(before + 1);
  });

  test('takes the largest packet there may be, byte by byte', async () => {
    const socket = await it.socket();
    for (const byte of connectPacket('dev-1', secretOf('dev-1'))) socket.write(Buffer.from([byte]));
    await once(socket, 'data');
    const topic = 'naru/v1/up/dev-1/senml-json';
    socket.write(publishPacket(topic, ' '.repeat(65_536 - topic.length - 4), 1));
    const [answer] = await once(socket, 'data');
    expect(answer).toEqual(Buffer.from([0x40, 2, 0, 1]));
    socket.destroy();
  });
});

test('closes a connection that says nothing', async () => {
  const socket = await it.socket();
  expect(await answerOn(socket)).toEqual(Buffer.alloc(0));
});

async function testFleet(deviceId: string, serial: string): Promise<void> {
  const { provisionFleet } = await import('../../../src/metering/meters/provision-fleet-service.ts');
  const { systemRandom } = await import('../../../src/platform/random.ts');
  await provisionFleet(pool, systemRandom, [fleetEntry(deviceId, serial)], testSecrets);
}

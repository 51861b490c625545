// Gateways through the real broker: what they were granted is stored in the device's name, all else is kept apart.
import { beforeAll, describe, expect, test } from 'vitest';
import { chirpstack } from '../../../devices/chirpstack.ts';
import { lorawanQuandify } from '../../../devices/lorawan-quandify.ts';
import { createGatewaysService } from '../../../src/metering/meters/gateways-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { CONNACK, connectPacket, publishPacket } from '../../support/mqtt-bytes.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf, senml, type TestIntake, testIntake, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const gateways = createGatewaysService(pool, systemClock, systemRandom, testSecrets);
let it: TestIntake;

const euiOf = (n: number) => `0016c001f00000${String(n).padStart(2, '0')}`;
/** The register and the hour before, of a meter NAR 40312209, version 1, water. */
const telegram = Buffer.from(
  '2a4432380922314001077a0004000004134e3d0100066d00000a41330044133e3d0100466d000009413300',
  'hex',
);
const telegramFrom = 'NAR.40312209.01.07';

beforeAll(async () => {
  const lorawan = Array.from({ length: 10 }, (_, n) =>
    fleetEntry(`lora-${n}`, `90${n}`, n === 4 ? ['senml+json', 'lorawan-axioma'] : ['lorawan-axioma']),
  );
  it = await testIntake(pool, [
    ...lorawan,
    fleetEntry('lora-without-clock', '950', ['lorawan-quandify']),
    fleetEntry('radio', '40312209', ['wmbus']),
    fleetEntry('dev-1', '1'),
  ]);
  for (const [gatewayId, formats] of [
    ['network-server', ['chirpstack', 'ttn']],
    ['concentrator', ['wmbus']],
  ] as const) {
    await gateways.registerGateway({ gatewayId, formats, secret: secretOf(gatewayId) });
  }
  await gateways.grant('network-server', [
    ...lorawan.slice(0, 5).map(({ deviceId }, n) => ({ address: euiOf(n), deviceId })),
    { address: euiOf(50), deviceId: 'lora-without-clock' },
  ]);
  await gateways.grant('concentrator', [{ address: telegramFrom, deviceId: 'radio' }]);
});

/** A Qalcosonic's register at that hour, as ChirpStack tells it. */
function uplink(eui: string, register_l: number, hour = 1, received_at = '2026-03-01T01:00:05.5Z'): string {
  const payload = Buffer.alloc(9);
  payload.writeUInt32LE(Date.UTC(2026, 2, 1, hour) / 1000, 0);
  payload.writeUInt32LE(register_l, 5);
  return message(eui, payload, 100, received_at);
}

function message(eui: string, payload: Buffer, fPort: number, time: string): string {
  const data = payload.toString('base64');
  return JSON.stringify({ deduplicationId: 'd', time, deviceInfo: { devEui: eui }, fPort, data, rxInfo: [] });
}

async function readingsOf(serial: string) {
  const { rows } = await pool.query(
    `SELECT r.register_l, r.measured_at, r.clock, u.format, u.payload, d.device_id
       FROM metering.reading r JOIN metering.meter USING (meter_id) JOIN metering.uplink u USING (uplink_id)
       JOIN metering.device d USING (device_no) WHERE serial = $1 ORDER BY r.measured_at`,
    [serial],
  );
  return rows as {
    register_l: number;
    measured_at: Date;
    clock: string;
    format: string;
    payload: Buffer;
    device_id: string;
  }[];
}

async function quarantineOf(deviceId: string) {
  const { rows } = await pool.query(
    `SELECT q.code, q.detail, u.payload, u.format FROM metering.quarantine q JOIN metering.uplink u USING (uplink_id)
       JOIN metering.device d ON d.device_no = u.device_no WHERE device_id = $1 ORDER BY uplink_id`,
    [deviceId],
  );
  return rows as { code: string; detail: string; payload: Buffer; format: string }[];
}

const toServer = 'naru/v1/gateway/network-server/chirpstack';

describe('what a gateway was granted', () => {
  test('is stored in the device’s name when the PUBACK arrives, with the message it came in', async () => {
    const client = await it.connect('network-server');
    const sent = uplink(euiOf(0), 225_151);
    await client.publishAsync(toServer, sent, { qos: 1 });
    expect(await readingsOf('900')).toEqual([
      {
        ...{ register_l: 225_151, measured_at: new Date('2026-03-01T01:00:00Z'), clock: 'absolute' },
        ...{ format: 'chirpstack/lorawan-axioma', payload: Buffer.from(sent), device_id: 'lora-0' },
      },
    ]);
  });

  test('of a meter without a clock is dated by the network server, and told twice it is one reading', async () => {
    const client = await it.connect('network-server');
    const report = Buffer.from(lorawanQuandify.examples[0]?.payload_hex ?? '', 'hex');
    const sent = message(euiOf(50).toUpperCase(), report, 1, '2026-03-01T02:00:05.787983+00:00');
    await client.publishAsync(toServer, sent, { qos: 1 });
    await client.publishAsync(toServer, sent, { qos: 1 });
    expect(await readingsOf('950')).toMatchObject([
      { register_l: 5_342, measured_at: new Date('2026-03-01T02:00:05.787Z'), format: 'chirpstack/lorawan-quandify' },
    ]);
  });

  test('comes from a concentrator by the telegram’s address', async () => {
    const client = await it.connect('concentrator');
    await client.publishAsync('naru/v1/gateway/concentrator/wmbus', telegram, { qos: 2 });
    const readings = await readingsOf('40312209');
    expect(readings.map(({ register_l }) => register_l)).toEqual([81_214, 81_230]);
    expect(readings[0]).toMatchObject({ format: 'wmbus', payload: telegram, device_id: 'radio' });
  });

  test('is stored whole and once when five hundred messages come at once', async () => {
    const client = await it.connect('network-server');
    const hours = Array.from({ length: 100 }, (_, hour) => hour);
    await Promise.all(
      hours.flatMap((hour) =>
        [1, 2, 3, 4, 0].map((n) => client.publishAsync(toServer, uplink(euiOf(n), 1_000 + hour, hour), { qos: 1 })),
      ),
    );
    for (const n of [1, 2, 3, 4]) {
      expect((await readingsOf(`90${n}`)).map((row) => row.register_l)).toEqual(hours.map((hour) => 1_000 + hour));
    }
  });

  test('is not acknowledged while the database does not tell what that is', async () => {
    const client = await it.connect('network-server');
    const blocker = await pool.connect();
    let acknowledged = false;
    try {
      await blocker.query('BEGIN; LOCK TABLE metering.gateway_grant IN ACCESS EXCLUSIVE MODE');
      const sent = client.publishAsync(toServer, uplink(euiOf(0), 300_000, 200), { qos: 1 }).then(() => {
        acknowledged = true;
      });
      // Asked outside of the transaction: within one, what was seen first is seen for good.
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1);
      expect(acknowledged).toBe(false);
      await blocker.query('ROLLBACK');
      await sent;
    } finally {
      blocker.release();
    }
    expect((await readingsOf('900')).some(({ register_l }) => register_l === 300_000)).toBe(true);
  });
});

describe('what it was not granted', () => {
  test('is kept raw, acknowledged and in quarantine, with the address to grant', async () => {
    const client = await it.connect('network-server');
    const sent = uplink(euiOf(7), 1);
    await client.publishAsync(toServer, sent, { qos: 1 });
    const [last] = (await quarantineOf('network-server')).slice(-1);
    expect(last).toMatchObject({ code: 'DEVICE_NOT_GRANTED', payload: Buffer.from(sent), format: 'chirpstack' });
    expect(last?.detail).toContain(euiOf(7));
    expect(await readingsOf('907')).toEqual([]);
  });

  test('is another gateway’s: a grant is of one gateway', async () => {
    await gateways.registerGateway({ gatewayId: 'other', formats: ['wmbus'], secret: secretOf('other') });
    const before = (await readingsOf('40312209')).length;
    const client = await it.connect('other');
    await client.publishAsync('naru/v1/gateway/other/wmbus', telegram, { qos: 1 });
    expect(await quarantineOf('other')).toMatchObject([{ code: 'DEVICE_NOT_GRANTED' }]);
    expect(await readingsOf('40312209')).toHaveLength(before);
  });

  test('may become its own, and be taken again, from one message to the next', async () => {
    const client = await it.connect('network-server');
    const publish = (register_l: number, hour: number) =>
      client.publishAsync(toServer, uplink(euiOf(8), register_l, hour), { qos: 1 });
    const registers = async () => (await readingsOf('908')).map(({ register_l }) => register_l);
    await publish(1, 1);
    await gateways.grant('network-server', [{ address: euiOf(8), deviceId: 'lora-8' }]);
    await publish(2, 2);
    await gateways.withdraw('network-server', euiOf(8));
    await publish(3, 3);
    expect(await registers()).toEqual([2]);
    await gateways.grant('network-server', [{ address: euiOf(8), deviceId: 'lora-8' }]);
    await pool.query(`UPDATE metering.device SET revoked_at = now() WHERE device_id = 'lora-8'`);
    await publish(4, 4);
    expect(await registers()).toEqual([2]);
    expect((await quarantineOf('network-server')).at(-1)?.code).toBe('DEVICE_NOT_GRANTED');
  });
});

describe('a message of a gateway', () => {
  test('in which no device reports anything is acknowledged and not stored', async () => {
    const client = await it.connect('network-server');
    const count = async () => (await pool.query('SELECT FROM metering.uplink')).rowCount;
    const before = await count();
    const join = chirpstack.examples.find(({ title }) => title === 'A join')?.message ?? '';
    await client.publishAsync(toServer, join, { qos: 1 });
    expect(await count()).toBe(before);
  });

  test.each([
    ['that is no event', 'network-server', 'chirpstack', '{"hello":1}', 'CHIRPSTACK_INVALID'],
    ['that is empty', 'network-server', 'ttn', '', 'TTN_INVALID'],
    ['in a format it is not registered for', 'network-server', 'wmbus', telegram, 'FORMAT_NOT_OF_GATEWAY'],
    ['in a format that is none of a gateway', 'concentrator', 'senml-json', '[]', 'FORMAT_NOT_OF_GATEWAY'],
    ['that is no telegram', 'concentrator', 'wmbus', 'nonsense', 'GATEWAY_TELEGRAM_INVALID'],
  ])('%s goes to its own quarantine', async (_what, gatewayId, format, payload, code) => {
    const client = await it.connect(gatewayId);
    await client.publishAsync(`naru/v1/gateway/${gatewayId}/${format}`, payload, { qos: 1 });
    expect((await quarantineOf(gatewayId)).at(-1)).toMatchObject({ code, payload: Buffer.from(payload) });
  });

  test.each([
    [
      'on a port of something else',
      message(euiOf(0), Buffer.alloc(9), 101, '2026-03-01T01:00:00Z'),
      'LORAWAN_PORT_UNKNOWN',
    ],
    [
      'with a payload of no meter',
      message(euiOf(0), Buffer.alloc(3), 100, '2026-03-01T01:00:00Z'),
      'PAYLOAD_LENGTH_WRONG',
    ],
  ])('%s goes to the quarantine of the device it is from', async (_what, sent, code) => {
    const client = await it.connect('network-server');
    await client.publishAsync(toServer, sent, { qos: 1 });
    expect((await quarantineOf('lora-0')).at(-1)).toMatchObject({ code, format: 'chirpstack/lorawan-axioma' });
  });
});

describe('closed without an acknowledgement is', () => {
  test.each([
    ['a gateway that publishes as a device it was granted', 'network-server', 'naru/v1/up/lora-0/lorawan-axioma'],
    ['a gateway that publishes as another gateway', 'network-server', 'naru/v1/gateway/concentrator/wmbus'],
    ['a gateway that names no format', 'network-server', 'naru/v1/gateway/network-server/'],
    ['a gateway that goes deeper', 'network-server', 'naru/v1/gateway/network-server/chirpstack/x'],
    ['a device that publishes as a gateway', 'dev-1', toServer],
    ['a device that takes itself for a gateway', 'dev-1', 'naru/v1/gateway/dev-1/wmbus'],
  ])('%s', async (_who, id, topic) => {
    const count = async () => (await pool.query('SELECT FROM metering.uplink')).rowCount;
    const before = await count();
    const socket = await it.socket();
    const heard: Buffer[] = [];
    socket.on('data', (bytes) => heard.push(bytes));
    socket.write(connectPacket(id, secretOf(id)));
    socket.write(publishPacket(topic, senml('1', 1), 1));
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect(Buffer.concat(heard)).toEqual(Buffer.from([CONNACK, 2, 0, 0]));
    expect(await count()).toBe(before);
  });

  test('no gateway for what it publishes on a device’s topic of its own name, and no meter has it', async () => {
    const client = await it.connect('concentrator');
    await client.publishAsync('naru/v1/up/concentrator/wmbus', telegram, { qos: 1 });
    expect((await quarantineOf('concentrator')).at(-1)?.code).toBe('DEVICE_WITHOUT_METER');
  });
});

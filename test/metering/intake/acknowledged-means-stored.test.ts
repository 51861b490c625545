import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { CONNACK, connectPacket, PUBACK, publishPacket } from '../../support/mqtt-bytes.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf, senml, type TestIntake, testIntake } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const seoulFrame = Buffer.from('680F0F680801780F17501623001C13515122002316', 'hex');
const at = (hour: number, minute = 0) => Date.UTC(2026, 2, 1, hour, minute);
let it: TestIntake;
let serial = 5000;

beforeAll(async () => {
  const fleet = [
    fleetEntry('seoul-1', '23165017', ['seoul-digital']),
    fleetEntry('seoul-2', '99999999', ['seoul-digital']),
  ];
  for (let n = 0; n < 20; n += 1) fleet.push(fleetEntry(`dev-${5000 + n}`, `${5000 + n}`));
  it = await testIntake(pool, fleet);
});

/** A device that no other test uses. */
async function device() {
  const own = `${serial}`;
  serial += 1;
  const client = await it.connect(`dev-${own}`);
  return { serial: own, client, topic: `naru/v1/up/dev-${own}/senml-json` };
}

async function readingsOf(meter: string) {
  const { rows } = await pool.query(
    `SELECT register_l, measured_at, clock, flags FROM metering.reading JOIN metering.meter USING (meter_id)
      WHERE serial = $1 ORDER BY measured_at, register_l`,
    [meter],
  );
  return rows as { register_l: number; measured_at: Date; clock: string; flags: string[] | null }[];
}

async function uplinksOf(deviceId: string): Promise<number> {
  const { rows } = await pool.query(
    'SELECT count(*) AS n FROM metering.uplink JOIN metering.device USING (device_no) WHERE device_id = $1',
    [deviceId],
  );
  return rows[0].n;
}

async function quarantineOf(deviceId: string): Promise<string[]> {
  const { rows } = await pool.query(
    'SELECT code FROM metering.quarantine JOIN metering.device USING (device_no) WHERE device_id = $1 ORDER BY uplink_id',
    [deviceId],
  );
  return rows.map((row) => row.code);
}

describe('a reading', () => {
  test('is in the store when its PUBACK arrives, with the bytes it came in', async () => {
    const { serial, client, topic } = await device();
    await client.publishAsync(topic, senml(serial, 225_151, at(1)), { qos: 1 });
    expect(await readingsOf(serial)).toEqual([
      { register_l: 225_151, measured_at: new Date(at(1)), clock: 'absolute', flags: null },
    ]);
    const { rows } = await pool.query(
      `SELECT u.payload, u.format FROM metering.reading r JOIN metering.uplink u USING (uplink_id, received_at)
         JOIN metering.meter m USING (meter_id) WHERE m.serial = $1`,
      [serial],
    );
    expect(rows).toEqual([{ payload: Buffer.from(senml(serial, 225_151, at(1))), format: 'senml+json' }]);
  });

  test('of the Seoul frame is 225.151 m³, dated by its receipt', async () => {
    const client = await it.connect('seoul-1');
    const before = Date.now();
    await client.publishAsync('naru/v1/up/seoul-1/seoul-digital', seoulFrame, { qos: 1 });
    const [reading] = await readingsOf('23165017');
    expect(reading).toMatchObject({ register_l: 225_151, clock: 'received' });
    expect(reading?.measured_at.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('takes QoS 2 the same way, and comes over WebSocket too', async () => {
    const { serial, client, topic } = await device();
    await client.publishAsync(topic, senml(serial, 1, at(1)), { qos: 2 });
    expect(await readingsOf(serial)).toHaveLength(1);
    const { default: mqtt } = await import('mqtt');
    const web = await mqtt.connectAsync(`ws://127.0.0.1:${it.ports.ws}`, {
      clientId: 'dev-5019',
      username: 'dev-5019',
      password: secretOf('dev-5019'),
    });
    await web.publishAsync('naru/v1/up/dev-5019/senml-json', senml('5019', 7, at(1)), { qos: 1 });
    expect(await readingsOf('5019')).toHaveLength(1);
    await web.endAsync();
  });

  test('is not acknowledged while the database has not committed it', async () => {
    const { serial, client, topic } = await device();
    const blocker = await pool.connect();
    let acknowledged = false;
    try {
      await blocker.query('BEGIN; LOCK TABLE metering.reading IN ACCESS EXCLUSIVE MODE');
      const sent = client.publishAsync(topic, senml(serial, 10, at(1)), { qos: 1 }).then(() => {
        acknowledged = true;
      });
      await expect.poll(() => it.intake.queue.inFlight()).toBe(1);
      await sleep(300);
      expect(acknowledged).toBe(false);
      await blocker.query('ROLLBACK');
      await sent;
    } finally {
      blocker.release();
    }
    expect(acknowledged).toBe(true);
    expect(await readingsOf(serial)).toHaveLength(1);
  });

  test('survives the loss of the database connection in mid-batch, and is stored once', async () => {
    const { serial, client, topic } = await device();
    const blocker = await pool.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE metering.reading IN ACCESS EXCLUSIVE MODE');
      const sent = client.publishAsync(topic, senml(serial, 11, at(1)), { qos: 1 });
      const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(async () => (await blocker.query(waiting)).rowCount).toBe(1);
      await blocker.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) waiting`);
      await blocker.query('ROLLBACK');
      await sent;
    } finally {
      blocker.release();
    }
    expect(await readingsOf(serial)).toHaveLength(1);
    expect(await uplinksOf(`dev-${serial}`)).toBe(1);
  });
});

describe('a redelivery', () => {
  test.each([
    ['marked DUP', true],
    ['without the mark, as clients in wide use send it', false],
  ])('of a telegram without a clock adds nothing, %s', async (_how, dup) => {
    const deviceId = `dev-${serial}`;
    const own = `${serial}`;
    serial += 1;
    const payload = senml(own, 500);
    await session(deviceId, payload, false);
    await session(deviceId, payload, dup);
    expect(await readingsOf(own)).toHaveLength(1);
    expect(await uplinksOf(deviceId)).toBe(1);
  });

  test('is not what a device sends anew: the same bytes on the connection that has their acknowledgement', async () => {
    const { serial: own, client, topic } = await device();
    await client.publishAsync(topic, senml(own, 500), { qos: 1 });
    await client.publishAsync(topic, senml(own, 500), { qos: 1 });
    expect(await readingsOf(own)).toHaveLength(2);
  });

  test('is not a burst from the memory of a modem without a clock: each value is a reading', async () => {
    const { serial: own, client, topic } = await device();
    const registers = Array.from({ length: 300 }, (_, index) => 1_000 + index);
    await Promise.all(registers.map((register_l) => client.publishAsync(topic, senml(own, register_l), { qos: 1 })));
    const stored = (await readingsOf(own)).map(({ register_l }) => Number(register_l));
    expect(stored.sort((one, other) => one - other)).toEqual(registers);
  });

  test('marked DUP is stored where the first delivery never was', async () => {
    const deviceId = `dev-${serial}`;
    const own = `${serial}`;
    serial += 1;
    await session(deviceId, senml(own, 500), true);
    expect(await readingsOf(own)).toHaveLength(1);
  });

  test('that comes before the first one is committed joins it', async () => {
    const deviceId = `dev-${serial}`;
    const own = `${serial}`;
    serial += 1;
    const blocker = await pool.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE metering.reading IN ACCESS EXCLUSIVE MODE');
      const first = session(deviceId, senml(own, 9), false).catch(() => 'closed');
      await expect.poll(() => it.intake.queue.inFlight()).toBe(1);
      const second = session(deviceId, senml(own, 9), true);
      await sleep(200);
      await blocker.query('ROLLBACK');
      await second;
      await first;
    } finally {
      blocker.release();
    }
    expect(await readingsOf(own)).toHaveLength(1);
    expect(await uplinksOf(deviceId)).toBe(1);
  });

  test.each([
    ['the same bytes as another packet', 100, at(2), [100]],
    ['a value that another one stands before, told twice', 101, at(2), [100]],
    ['the same impossible time as another packet', 100, Date.UTC(2010, 0, 1), [100]],
  ])('is known where its first delivery said nothing new: %s', async (_what, register_l, at_ms, stored) => {
    const deviceId = `dev-${serial}`;
    const own = `${serial}`;
    serial += 1;
    await session(deviceId, senml(own, 100, at(2)), false, 1);
    await session(deviceId, senml(own, register_l, at_ms), false, 2);
    await session(deviceId, senml(own, register_l, at_ms), false, 3);
    await session(deviceId, senml(own, register_l, at_ms), true, 3);
    expect((await readingsOf(own)).map((row) => row.register_l)).toEqual(stored);
    expect(await uplinksOf(deviceId)).toBe(3);
  });

  /** One connection that publishes a packet and waits for its PUBACK. */
  async function session(deviceId: string, payload: string, dup: boolean, packetId = 1): Promise<void> {
    const socket = await it.socket();
    const arrived = (first: number) =>
      new Promise<void>((resolve, reject) => {
        socket.on('data', (bytes) => bytes[0] === first && resolve());
        socket.once('close', () => reject(new Error(`closed before ${first}`)));
      });
    socket.write(connectPacket(deviceId, secretOf(deviceId)));
    await arrived(CONNACK);
    socket.write(publishPacket(`naru/v1/up/${deviceId}/senml-json`, payload, packetId, { dup }));
    await arrived(PUBACK);
    socket.destroy();
  }
});

test('keeps the first value of an instant and the other one beside it', async () => {
  const { serial, client, topic } = await device();
  await client.publishAsync(topic, senml(serial, 100, at(2)), { qos: 1 });
  await client.publishAsync(topic, senml(serial, 100, at(2)), { qos: 1 });
  await client.publishAsync(topic, senml(serial, 101, at(2)), { qos: 1 });
  await client.publishAsync(topic, senml(serial, 102, at(3)), { qos: 1 });
  expect((await readingsOf(serial)).map((row) => row.register_l)).toEqual([100, 102]);
  const { rows } = await pool.query(
    'SELECT c.register_l FROM metering.reading_conflict c JOIN metering.meter USING (meter_id) WHERE serial = $1',
    [serial],
  );
  expect(rows).toEqual([{ register_l: 101 }]);
});

test('tells conflicts apart within one batch as well', async () => {
  const { serial, client, topic } = await device();
  await Promise.all([7, 8, 7].map((v) => client.publishAsync(topic, senml(serial, v, at(2)), { qos: 1 })));
  expect((await readingsOf(serial)).map((row) => row.register_l)).toEqual([7]);
});

describe('what cannot be read', () => {
  test.each([
    ['bytes that are no telegram', 'seoul-digital', Buffer.from('nonsense'), /./],
    ['an empty payload', 'seoul-digital', Buffer.alloc(0), /./],
    ['another meter than the device has', 'seoul-digital', seoulFrame, /^METER_NOT_OF_DEVICE$/],
    ['a format that is none', 'morse', Buffer.from('...'), /^FORMAT_UNKNOWN$/],
    ['a format the device is not registered for', 'senml-json', Buffer.from('[]'), /^FORMAT_NOT_OF_DEVICE$/],
  ])('%s: kept raw, acknowledged, in quarantine', async (_what, format, payload, code) => {
    const client = await it.connect('seoul-2');
    const before = (await quarantineOf('seoul-2')).length;
    await client.publishAsync(`naru/v1/up/seoul-2/${format}`, payload, { qos: 1 });
    const codes = await quarantineOf('seoul-2');
    expect(codes).toHaveLength(before + 1);
    expect(codes.at(-1)).toMatch(code);
    const { rows } = await pool.query(
      'SELECT u.payload FROM metering.quarantine q JOIN metering.uplink u USING (uplink_id) ORDER BY q.uplink_id DESC LIMIT 1',
    );
    expect(rows[0].payload).toEqual(payload);
    expect(await readingsOf('99999999')).toEqual([]);
    client.end(true);
  });

  test('a row the database refuses goes to quarantine and the others of its batch are stored', async () => {
    await pool.query('ALTER TABLE metering.reading ADD CONSTRAINT no_13 CHECK (register_l <> 13)');
    const { serial, client, topic } = await device();
    await Promise.all([11, 12, 13, 14, 15].map((v) => client.publishAsync(topic, senml(serial, v, at(v)), { qos: 1 })));
    await pool.query('ALTER TABLE metering.reading DROP CONSTRAINT no_13');
    expect((await readingsOf(serial)).map((row) => row.register_l)).toEqual([11, 12, 14, 15]);
    expect(await quarantineOf(`dev-${serial}`)).toEqual(['ROW_REFUSED']);
    expect(await uplinksOf(`dev-${serial}`)).toBe(5);
  });
});

test.each([
  ['before any meter of ours', Date.UTC(2001, 0, 1)],
  ['a year ahead', Date.now() + 365 * 86_400_000],
])('keeps a reading whose clock is %s apart from the others', async (_what, measuredAt_ms) => {
  const { serial, client, topic } = await device();
  await client.publishAsync(topic, senml(serial, 100, measuredAt_ms), { qos: 1 });
  expect(await readingsOf(serial)).toEqual([]);
  const { rows } = await pool.query(
    'SELECT register_l FROM metering.misdated_reading JOIN metering.meter USING (meter_id) WHERE serial = $1',
    [serial],
  );
  expect(rows).toEqual([{ register_l: 100 }]);
});

test('makes the partition of a month that a late reading needs', async () => {
  const { serial, client, topic } = await device();
  await client.publishAsync(topic, senml(serial, 100, Date.UTC(2016, 1, 29)), { qos: 1 });
  expect(await readingsOf(serial)).toHaveLength(1);
});

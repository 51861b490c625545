// What no meter sends: payloads that are none, packets that lie, connections that only hold a place. Beside it, meters send on.
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDevice } from '../../simulators/mqtt-device.ts';
import { chanceAt } from '../../simulators/seeded-chance.ts';
import { ClientLedger } from '../support/client-ledger.ts';
import {
  IntakeHouse,
  type IntakeProcess,
  metricOf,
  PATIENCE,
  residentMemory_mb,
  type TestMeter,
} from '../support/intake-house.ts';
import { shortOrLong } from '../support/long-form.ts';
import { connectPacket, packet, publishPacket } from '../support/mqtt-bytes.ts';
import { recordedJson } from '../support/recorded-data.ts';
import { newSeed } from '../support/seed.ts';

interface Sequence {
  name: string;
  group: string;
  protocol_level: number;
  connect_first: boolean;
  steps: { type: string; hex?: string }[];
}

/** Attackers come from another loopback address than the meters: limits count by address. */
const ATTACKER = '127.0.0.9';
const seed = newSeed('intake abuse');
const sequences = recordedJson<Sequence[]>('mqtt-packet-sequences.json');
let house: IntakeHouse;
let intake: IntakeProcess;
let ledger: ClientLedger;
let victim: TestMeter;

beforeAll(async () => {
  house = await IntakeHouse.open();
  intake = await house.start();
  victim = (await house.meters(1, ['senml+json'], 'victim'))[0] as TestMeter;
  ledger = new ClientLedger(house, await house.meters(20, ['senml+json', 'seoul-digital', 'wmbus'], 'meter'), seed);
  ledger.connect(intake.mqttUrl);
  await ledger.publish(1);
});

afterAll(async () => {
  await ledger?.close();
  await house?.close();
});

async function attack(): Promise<Socket> {
  const socket = connect({ port: intake.mqttPort, host: '127.0.0.1', localAddress: ATTACKER });
  socket.on('error', () => {});
  socket.resume();
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => resolve());
  });
  return socket;
}

/** Not `once` of node:events: that one fails where the other side resets the connection. */
function closed(socket: Socket): Promise<void> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

/** The others notice nothing: each stores a further telegram. */
async function meterStillStore(): Promise<void> {
  await ledger.publish(1);
  expect(await (await fetch(`${intake.httpUrl}/healthz`)).status).toBe(200);
}

test('payloads that are none are acknowledged and wait in quarantine with their bytes [14]', async () => {
  const payloads = [
    ...['', '\0', 'NaN', '[NaN]', '{', '[]', 'null', '{"__proto__":{"x":1}}'].map((text) => Buffer.from(text)),
    Buffer.from('[{"n":"register","u":"l","v":1e309}]'),
    Buffer.from('[{"n":"register","u":"l","v":-1}]'),
    Buffer.from('['.repeat(20_000)),
    Buffer.from('[{"n":"a'),
    Buffer.from('8fa2616e', 'hex'),
    Buffer.from('9f', 'hex'),
    Buffer.from('fffe00ff80c0', 'hex'),
    ...Array.from({ length: shortOrLong(30, 3_000) }, (_, index) =>
      Buffer.from(Array.from({ length: 1 + index }, (__, at) => Math.floor(256 * chanceAt(seed + index, at)))),
    ),
  ];
  const device = connectDevice(intake.mqttUrl, victim, { spread: 0, onConnected: () => {}, onRefused: () => {} });
  for (const payload of payloads) await device.publish(victim.format, payload);
  for (const payload of payloads.slice(0, 15)) await device.publish('senml+cbor', payload);
  await device.end();
  expect(await house.count('metering.quarantine q JOIN metering.uplink u USING (uplink_id)')).toBe(
    payloads.length + 15,
  );
  const { rows } = await house.pool.query<{ payload: Buffer }>(
    'SELECT u.payload FROM metering.quarantine q JOIN metering.uplink u USING (uplink_id)',
  );
  const kept = new Set(rows.map(({ payload }) => payload.toString('hex')));
  expect(payloads.filter((payload) => !kept.has(payload.toString('hex')))).toEqual([]);
  await house.pool.query('DELETE FROM metering.quarantine');
  await meterStillStore();
}, 120_000);

test('a CONNECT that declares 200 MB is closed, and its bytes are not kept [22]', async () => {
  const early_mb = residentMemory_mb(intake.pid) ?? 0;
  const sockets = await Promise.all(Array.from({ length: 50 }, attack));
  for (const socket of sockets) {
    socket.write(packet(0x10, Buffer.alloc(65_536), 209_715_200));
  }
  await Promise.all(sockets.map(closed));
  expect((residentMemory_mb(intake.pid) ?? 0) - early_mb).toBeLessThan(80);
  await meterStillStore();
}, 120_000);

test('half-open CONNECTs from one address are capped and closed, while a meter at another comes in [23]', async () => {
  const sockets: Socket[] = [];
  for (let each = 0; each < shortOrLong(1_200, 2_000); each += 1) {
    const socket = await attack();
    socket.write(connectPacket('victim-0', 'x'.repeat(30)).subarray(0, 9));
    sockets.push(socket);
  }
  const open = () => sockets.filter((socket) => !socket.destroyed).length;
  await expect.poll(open, PATIENCE).toBeLessThanOrEqual(1_000);
  expect(await metricOf(intake, 'naru_intake_refused_total\\{reason="address"\\}')).toBeGreaterThan(0);
  await ledger.publish(1);
  const late = new ClientLedger(house, await house.meters(5, ['senml+json'], 'late'), seed);
  late.connect(intake.mqttUrl);
  await late.publish(2);
  await late.close();
  await expect.poll(open, PATIENCE).toBe(0);
  await meterStillStore();
}, 120_000);

describe.skipIf(sequences === null)('recorded packet sequences', () => {
  test('of every kind leave the process alive, each on its own connection and all at once [24]', async () => {
    for (let round = 0; round < shortOrLong(1, 20); round += 1) {
      await Promise.all((sequences ?? []).map((sequence) => play(sequence)));
    }
    await meterStillStore();
  }, 120_000);

  test('cut and mixed by the seed, too, after the connection was let in [24]', async () => {
    for (let round = 0; round < shortOrLong(300, 10_000); round += 1) {
      const sequence = sequences?.[Math.floor(chanceAt(seed, 2 * round) * sequences.length)];
      if (sequence === undefined) throw new Error('no sequence');
      await play({ ...sequence, connect_first: true }, chanceAt(seed, 2 * round + 1));
    }
    await meterStillStore();
    await ledger.close();
    await house.pool.query(
      `DELETE FROM metering.quarantine q USING metering.device d WHERE q.device_no = d.device_no AND d.device_id = $1`,
      [victim.device_id],
    );
    await ledger.compare();
    expect(await metricOf(intake, 'naru_intake_refused_total\\{reason="malformed_packet"\\}')).toBeGreaterThan(0);
  }, 300_000);
});

/** @param share of each packet's bytes that is sent */
async function play(sequence: Sequence, share = 1): Promise<void> {
  const socket = await attack();
  if (sequence.connect_first) socket.write(connectPacket(victim.device_id, victim.secret));
  for (const { type, hex } of sequence.steps) {
    if (type !== 'send' || hex === undefined) continue;
    const bytes = Buffer.from(hex, 'hex');
    socket.write(bytes.subarray(0, Math.ceil(bytes.length * share)));
  }
  socket.write(publishPacket('naru/v1/up/somebody-else/senml-json', '[]', 9));
  socket.end();
  await closed(socket);
}

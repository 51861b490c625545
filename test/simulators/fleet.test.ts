// Fleet and replay against a real broker on a real socket: who connects, what arrives, what the ledger says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFormat } from '../../devices/formats.ts';
import type { DecodedUplink } from '../../devices/payload-format.ts';
import { demoDevices, demoDevicesCsv, type FleetDevice } from '../../simulators/device-list.ts';
import { type FleetOptions, runFleet } from '../../simulators/fleet.ts';
import type { LedgerLine } from '../../simulators/fleet-ledger.ts';
import { openRecordedRegisters } from '../../simulators/recorded-registers.ts';
import { replay } from '../../simulators/replay.ts';
import { type CommandIo, runCommand } from '../../src/cli/command-io.ts';
import { replayCommand } from '../../src/cli/replay-command.ts';
import { simulateCommand } from '../../src/cli/simulate-command.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { recordedPath } from '../support/recorded-data.ts';

interface Arrived {
  clientId: string;
  topic: string;
  payload: Buffer;
  uplink: DecodedUplink | null;
}

let broker: Aedes;
let server: Server;
let url: string;
let arrived: Arrived[];
let folder: string;
let sockets: Socket[];

beforeEach(async () => {
  arrived = [];
  folder = mkdtempSync(join(tmpdir(), 'naru-fleet-'));
  broker = await Aedes.createBroker();
  broker.authenticate = (client, username, password, done) => {
    done(null, username === client.id && password?.toString() === `secret-of-${client.id}`);
  };
  broker.authorizePublish = (client, packet, done) => {
    const payload = Buffer.from(packet.payload);
    const result = findFormat(packet.topic.split('/').at(-1) ?? '')?.decode(payload, {});
    arrived.push({
      clientId: client?.id ?? '',
      topic: packet.topic,
      payload,
      uplink: result?.ok ? result.uplink : null,
    });
    done(null);
  };
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    broker.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterEach(async () => {
  await new Promise<void>((resolve) => broker.close(() => server.close(() => resolve())));
  rmSync(folder, { recursive: true, force: true });
});

function devices(count: number): FleetDevice[] {
  return demoDevices({ count, seed: 1, since_ms: systemClock.now_ms(), secretOf: (id) => `secret-of-${id}` });
}

function options(count: number, for_ms: number): FleetOptions {
  return {
    url,
    devices: devices(count),
    clock: systemClock,
    seed: 1,
    pause_ms: { least: 100, most: 200 },
    signal: AbortSignal.timeout(for_ms),
    backfill_h: 0,
    firstStart: true,
  };
}

describe('a fleet', () => {
  it('sends from each device on its own topic in its own format, and counts what was acknowledged', async () => {
    const summary = await runFleet(options(12, 3_000));
    expect(summary.acknowledged).toBe(summary.sent);
    expect(summary.acknowledged).toBe(arrived.length);
    expect(new Set(arrived.map(({ clientId }) => clientId)).size).toBe(12);
    for (const { clientId, topic, uplink } of arrived) {
      expect(topic.split('/').slice(0, 4)).toEqual(['naru', 'v1', 'up', clientId]);
      expect(uplink).not.toBeNull();
    }
    expect(new Set(arrived.map(({ topic }) => topic.split('/').at(-1)))).toEqual(
      new Set(['seoul-digital', 'senml-json', 'wmbus']),
    );
    expect(summary.latency.p99_ms).not.toBeNull();
  });

  it('begins with the frame of the real Seoul meter, to the byte', async () => {
    await runFleet(options(3, 2_000));
    const first = arrived.find(({ clientId }) => clientId === 'demo-00001');
    expect(first?.payload.toString('hex').toUpperCase()).toBe('680F0F680801780F17501623001C13515122002316');
  });

  it('sends a week of hours whose registers rise to the current one, each at its hour, once', async () => {
    const run = options(3, 4_000);
    const summary = await runFleet({ ...run, backfill_h: 168, pause_ms: { least: 60_000, most: 60_000 } });
    expect(summary.acknowledged).toBe(summary.sent);
    for (const device of run.devices) {
      const own = arrived.filter(({ clientId }) => clientId === device.device_id);
      const hours = own.slice(1).flatMap(({ uplink }) => uplink?.readings ?? []);
      expect(own.every(({ uplink }) => uplink?.meter_id === device.serial)).toBe(true);
      expect(hours.length).toBe(168);
      expect(hours.every(({ measured_at }) => /T\d\d:00:00/.test(measured_at ?? ''))).toBe(true);
      const inOrder = [...hours].sort((one, two) => ((one.measured_at ?? '') < (two.measured_at ?? '') ? -1 : 1));
      const registers = [...inOrder.map(({ register_l }) => register_l), device.register_l];
      expect(registers).toEqual([...registers].sort((one, two) => one - two));
      expect(new Set(hours.map(({ measured_at }) => measured_at)).size).toBe(168);
    }
  });

  it('writes exactly what was acknowledged into its ledger, also across a broker that goes away and comes back', async () => {
    const ledgerPath = join(folder, 'ledger.jsonl');
    const running = runFleet({ ...options(6, 4_000), ledgerPath });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const socket of sockets) socket.destroy();
    const summary = await running;
    const ledger = readFileSync(ledgerPath, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LedgerLine);
    expect(ledger.length).toBe(summary.acknowledged);
    expect(summary.connects).toBeGreaterThan(6);
    for (const { device_id, readings } of ledger) {
      const registers = arrived
        .filter(({ clientId }) => clientId === device_id)
        .flatMap(({ uplink }) => uplink?.readings.map(({ register_l }) => register_l) ?? []);
      for (const { register_l } of readings) expect(registers).toContain(register_l);
    }
  });

  it('sends again what was not acknowledged when its connection broke, and counts it once', async () => {
    let held = 0;
    broker.authorizePublish = (client, packet, done) => {
      arrived.push({
        clientId: client?.id ?? '',
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        uplink: null,
      });
      // The first delivery is never answered: its connection is cut instead.
      held += 1;
      if (held === 1) for (const socket of sockets) socket.destroy();
      else done(null);
    };
    const ledgerPath = join(folder, 'ledger.jsonl');
    const run = options(1, 4_000);
    const summary = await runFleet({ ...run, ledgerPath, pause_ms: { least: 60_000, most: 60_000 } });
    expect(arrived.length).toBe(2);
    expect(arrived[1]?.payload).toEqual(arrived[0]?.payload);
    expect(summary).toMatchObject({ sent: 1, acknowledged: 1 });
    expect(readFileSync(ledgerPath, 'utf8').trimEnd().split('\n').length).toBe(1);
  });

  it('ends in time, with nothing acknowledged in the ledger, under a broker that never acknowledges', async () => {
    broker.authorizePublish = () => undefined;
    const ledgerPath = join(folder, 'ledger.jsonl');
    const summary = await runFleet({ ...options(2, 2_000), ledgerPath });
    expect(summary).toMatchObject({ sent: 2, acknowledged: 0, readings_acknowledged: 0 });
    const lines = readFileSync(ledgerPath, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as LedgerLine).acknowledged_at)).toEqual([null, null]);
  });

  it('sends duplicates by its seed', async () => {
    const summary = await runFleet({ ...options(3, 2_000), faults: { duplicates: 1, delay_ms: 0 } });
    const payloads = arrived
      .filter(({ clientId }) => clientId === 'demo-00002')
      .map(({ payload }) => payload.toString('hex'));
    expect(summary.sent).toBe(arrived.length);
    expect(payloads[0]).toBe(payloads[1]);
  });

  it('says why when the broker will not have a device, and counts nothing as acknowledged', async () => {
    const run = options(1, 1_500);
    const [device] = run.devices;
    if (device === undefined) throw new Error('no device');
    const summary = await runFleet({ ...run, devices: [{ ...device, secret: 'wrong' }] });
    expect(summary.acknowledged).toBe(0);
    expect(Object.keys(summary.refusals).join()).toMatch(/Not authorized|Bad username/i);
    expect(arrived).toEqual([]);
  });
});

const record = [
  'meter,local_time_europe_madrid,register_l',
  'a,29/10/2016 23:30:00,100',
  'a,30/10/2016 02:30:00,110',
  'a,30/10/2016 02:30:00,120',
  'a,30/10/2016 03:30:00,130',
  'b,27/03/2016 02:30:00,5',
  'b,27/03/2016 03:30:00,6',
  'b,27/03/2016 04:30:00,-1',
  'b,32/03/2016 04:30:00,7',
  'rubbish',
  '',
].join('\n');

describe('recorded registers', () => {
  it('are read with autumn’s doubled hour told apart, and what is no register passed over', async () => {
    const path = join(folder, 'record.csv.gz');
    writeFileSync(path, gzipSync(record));
    const file = await openRecordedRegisters(path, null);
    const rows = [];
    for await (const row of file.rows)
      rows.push([row.meter, new Date(row.measured_at_ms).toISOString(), row.register_l]);
    expect(rows).toEqual([
      ['a', '2016-10-29T21:30:00.000Z', 100],
      ['a', '2016-10-30T00:30:00.000Z', 110],
      ['a', '2016-10-30T01:30:00.000Z', 120],
      ['a', '2016-10-30T02:30:00.000Z', 130],
      ['b', '2016-03-27T01:30:00.000Z', 6],
    ]);
    expect(file.skipped()).toBe(4);
  });

  it.each([
    { title: 'another header', text: 'a,b,c\n', zone: null },
    { title: 'no zone', text: 'meter,local_time,register_l\n', zone: null },
    { title: 'a zone that is not there', text: 'meter,local_time,register_l\n', zone: 'Mars/Olympus' },
  ])('are refused with $title', async ({ text, zone }) => {
    const path = join(folder, 'record.csv');
    writeFileSync(path, text);
    await expect(openRecordedRegisters(path, zone)).rejects.toThrow(/meter,local_time|time zone/);
  });

  const daiad = recordedPath('daiad-hourly-registers.csv.gz');

  it.skipIf(daiad === null)('of 50 homes for a year are all read', async () => {
    const file = await openRecordedRegisters(daiad ?? '', null);
    const meters = new Set<string>();
    let rows = 0;
    for await (const row of file.rows) {
      meters.add(row.meter);
      rows += 1;
    }
    expect(meters.size).toBe(50);
    // A handful claims the hour that does not exist in March.
    expect(rows + file.skipped()).toBe(359_212);
    expect(file.skipped()).toBeLessThan(100);
  });

  it('are played through one device a meter, every one acknowledged', async () => {
    const path = join(folder, 'record.csv');
    writeFileSync(path, record);
    const file = await openRecordedRegisters(path, null);
    const summary = await replay({
      url,
      devices: devices(1),
      rows: file.rows,
      clock: systemClock,
      speed: null,
      perTelegram: 3,
      signal: new AbortController().signal,
    });
    expect(summary).toMatchObject({ meters: 1, meters_without_device: 1, registers: 4, sent: 2, acknowledged: 2 });
    const readings = arrived.flatMap(({ uplink }) => uplink?.readings.map(({ register_l }) => register_l) ?? []);
    expect(readings).toEqual([120, 110, 100, 130]);
    expect(new Set(arrived.map(({ uplink }) => uplink?.meter_id))).toEqual(new Set(['23165017']));
  });

  it('are played in the order of their times when a speed is given', async () => {
    const path = join(folder, 'record.csv');
    writeFileSync(path, record);
    const file = await openRecordedRegisters(path, null);
    const signal = new AbortController().signal;
    await replay({ url, devices: devices(2), rows: file.rows, clock: systemClock, speed: 1e9, perTelegram: 1, signal });
    expect(arrived.map(({ uplink }) => uplink?.readings[0]?.register_l).sort()).toEqual([100, 110, 120, 130, 6]);
    expect(arrived.filter(({ clientId }) => clientId === arrived[1]?.clientId).length).toBe(4);
  });

  it('stop at once, with the reason, when the broker refuses the device', async () => {
    const path = join(folder, 'record.csv');
    writeFileSync(path, record);
    const file = await openRecordedRegisters(path, null);
    const wrong = devices(1).map((device) => ({ ...device, secret: 'wrong' }));
    const signal = new AbortController().signal;
    const run = replay({
      url,
      devices: wrong,
      rows: file.rows,
      clock: systemClock,
      speed: null,
      perTelegram: 1,
      signal,
    });
    await expect(run).rejects.toThrow('refuses the device demo-00001');
  });
});

describe('the commands', () => {
  function io(): CommandIo & { out: PassThrough; err: PassThrough } {
    const out = new PassThrough();
    const err = new PassThrough();
    return { stdin: new PassThrough(), stdout: out, stderr: err, out, err, setExitCode: () => undefined };
  }

  function defaults() {
    return { dataDirectory: folder, url, clock: systemClock, signal: new AbortController().signal };
  }

  /** The list of devices that a person would name. */
  function listed(): string[] {
    const path = join(folder, 'devices.csv');
    writeFileSync(path, demoDevicesCsv(devices(5)));
    return ['--devices', path];
  }

  it('naru simulate --json prints its summary and ends with 0', async () => {
    const streams = io();
    const argv = [...listed(), '--meters', '3', '--for', '1s', '--every', '200ms', '--format', 'wmbus', '--json'];
    expect(await runCommand(simulateCommand(streams, defaults()), argv, streams)).toBe(0);
    const summary = JSON.parse(streams.out.read().toString());
    expect(summary).toMatchObject({ devices: 3, sent: arrived.length, acknowledged: arrived.length });
    expect(new Set(arrived.map(({ topic }) => topic.split('/').at(-1)))).toEqual(new Set(['wmbus']));
    expect(streams.err.read()).toBeNull();
  });

  it('naru replay prints its summary in words and ends with 0', async () => {
    const streams = io();
    const path = join(folder, 'record.csv');
    writeFileSync(path, record);
    expect(await runCommand(replayCommand(streams, defaults()), [path, ...listed()], streams)).toBe(0);
    expect(streams.out.read().toString()).toContain('acknowledged  5');
  });

  it.each([
    { argv: ['--meters', '6'], says: 'lists 5 devices' },
    { argv: ['--for', '30'], says: 'no duration' },
    { argv: ['--format', 'morse'], says: 'morse' },
    { argv: ['--url', 'mqtt//x'], says: 'mqtt://host:1883' },
    { argv: ['--devices', '/nowhere.csv'], says: '/nowhere.csv' },
    { argv: ['--seed', 'x'], says: '--seed' },
  ])('naru simulate $argv ends with 2 and says what to write', async ({ argv, says }) => {
    const streams = io();
    expect(await runCommand(simulateCommand(streams, defaults()), [...listed(), ...argv], streams)).toBe(2);
    expect(streams.err.read().toString()).toContain(says);
  });

  it('without a list and without a service here, both end with 2 and say what to do', async () => {
    const path = join(folder, 'record.csv');
    writeFileSync(path, record);
    for (const [command, argv] of [
      [simulateCommand, []],
      [replayCommand, [path]],
    ] as const) {
      const streams = io();
      expect(await runCommand(command(streams, defaults()), argv, streams)).toBe(2);
      expect(streams.err.read().toString()).toContain('npm start');
    }
  });

  it('naru replay of a file that is not there ends with 2', async () => {
    const streams = io();
    expect(await runCommand(replayCommand(streams, defaults()), ['/nowhere.csv'], streams)).toBe(2);
  });
});

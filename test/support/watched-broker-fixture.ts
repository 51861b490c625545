// The broker as the service opens it, with all that watches over devices, and device connections of every kind to it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientOptions, MqttClient } from 'mqtt';
import { afterAll } from 'vitest';
import { openBroker } from '../../src/compose-intake.ts';
import { approvedByTwo, type ValvePrecondition } from '../../src/metering/commands/command-store.ts';
import type { FleetEntry } from '../../src/metering/meters/fleet-entry.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { createLogger, type Logger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Held, testAuthority } from './certificates.ts';
import type { TestDatabase } from './test-database.ts';
import { secretOf, testSecrets } from './test-intake.ts';

export interface TestTls {
  caFile: string;
  crlFile: string;
  files: { certificateFile: string; keyFile: string; clientCaFile: string; clientCrlFile?: string };
}

/** A server's certificate and the files of a utility's authorities. @param crl null leaves revocation lists out */
export async function testTls(clientCa: string, crl: string | null): Promise<TestTls> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const server = await (await testAuthority('server authority')).issue('localhost');
  const path = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const caFile = path('ca.pem', clientCa);
  const crlFile = path('crl.pem', crl ?? '');
  return {
    ...{ caFile, crlFile },
    files: {
      certificateFile: path('cert.pem', server.cert),
      keyFile: path('key.pem', server.key),
      clientCaFile: caFile,
      ...(crl !== null && { clientCrlFile: crlFile }),
    },
  };
}

export interface DeviceBrokerUnderTest {
  ports: { mqtt: number; ws: number | null; tls: number | null };
  metrics: ReturnType<typeof createMetrics>;
  refusals(reason: string): Promise<number>;
  /** Over TCP with the test device's secret, but for what `options` say. */
  connect(deviceId: string, options?: IClientOptions): Promise<MqttClient>;
  /** As `connect`, from another address of this machine. */
  connectFrom(address: string, deviceId: string): Promise<MqttClient>;
  /** Over TLS; `null` shows no certificate. */
  connectTls(deviceId: string, held: Held | null, options?: IClientOptions): Promise<MqttClient>;
  close(): Promise<void>;
}

export async function deviceBroker(
  database: TestDatabase,
  fleet: FleetEntry[],
  options: {
    tls?: TestTls;
    clock?: Clock;
    logger?: Logger;
    messagesPerSecond?: number;
    valvePreconditions?: ValvePrecondition[];
  } = {},
): Promise<DeviceBrokerUnderTest> {
  const { tls, clock = systemClock, logger = createLogger('silent'), messagesPerSecond = 10_000 } = options;
  await provisionFleet(database.pool, systemRandom, fleet, testSecrets);
  const metrics = createMetrics();
  const broker = await openBroker(
    {
      ...{ databaseUrl: database.url, host: '127.0.0.1', mqttPort: 0, mqttWsPort: 0, timeZone: 'Asia/Seoul' },
      mqtt: { plainHost: '127.0.0.1', messagesPerSecond, tls: tls === undefined ? null : { port: 0, ...tls.files } },
      ...{ random: systemRandom, secrets: testSecrets, mqttMaxPacket_bytes: 65_536, rawUplinkDays: 400 },
      valvePreconditions: options.valvePreconditions ?? [approvedByTwo],
    },
    { clock, logger, metrics },
  );
  const { ports } = broker;
  if (ports === null) throw new Error('the broker opened no port');
  const clients: MqttClient[] = [];
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    for (const client of clients) client.end(true);
    await broker.close();
  };
  afterAll(close);

  const once = (deviceId: string, given: IClientOptions) => ({
    ...{ clientId: deviceId, reconnectPeriod: 0, connectTimeout: 10_000, ...given },
  });

  function connected(url: string, deviceId: string, given: IClientOptions): Promise<MqttClient> {
    return accepted(mqtt.connect(url, once(deviceId, given)));
  }

  async function accepted(client: MqttClient): Promise<MqttClient> {
    clients.push(client);
    client.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed before CONNACK')));
    });
    return client;
  }

  return {
    ports,
    metrics,
    close,
    refusals: async (reason) => {
      const metric = await metrics.getSingleMetric('naru_intake_refused_total')?.get();
      return metric?.values.find((value) => value.labels.reason === reason)?.value ?? 0;
    },
    connect: (deviceId, given = {}) =>
      connected(`mqtt://127.0.0.1:${ports.mqtt}`, deviceId, {
        ...{ username: deviceId, password: secretOf(deviceId) },
        ...given,
      }),
    connectFrom: (localAddress, deviceId) => {
      const secret = { protocolVersion: 4, username: deviceId, password: secretOf(deviceId) } as const;
      const open = () => connectTcp({ host: '127.0.0.1', port: ports.mqtt, localAddress });
      return accepted(new MqttClient(open, once(deviceId, secret)));
    },
    connectTls: (deviceId, held, given = {}) =>
      connected(`mqtts://127.0.0.1:${ports.tls}`, deviceId, {
        rejectUnauthorized: false,
        ...(held !== null && { cert: held.cert, key: held.key }),
        ...given,
      }),
  };
}

/** Resolves when the connection is closed. */
export function closing(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (client.connected) client.once('close', () => resolve());
    else resolve();
  });
}

// A running intake on the test's own database, with devices to speak to it through real sockets.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll } from 'vitest';
import { createDeviceSecrets } from '../../src/metering/intake/device-secret.ts';
import { createIntakeBroker, type IntakeBroker } from '../../src/metering/intake/intake-broker.ts';
import { type Intake, openIntake } from '../../src/metering/intake/intake-service.ts';
import type { FleetEntry } from '../../src/metering/meters/fleet-entry.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';

/** The key that the secrets of test devices are kept under. */
export const testSecrets = createDeviceSecrets('the-key-of-the-devices-in-tests');

export const secretOf = (deviceId: string) => `${deviceId}-secret-of-a-test-device`;

export function fleetEntry(deviceId: string, serial: string, formats: string[] = ['senml+json']): FleetEntry {
  return {
    deviceId,
    secret: secretOf(deviceId),
    formats,
    meter: { serial, model: 'test', bore_mm: 15, dials: 5 },
    servicePoint: { id: `sp-${serial}`, zoneId: 'zone-1', zoneName: 'Zone 1', usageClass: 'domestic' },
    installedAt_ms: Date.UTC(2026, 0, 1),
  };
}

export interface TestIntake {
  intake: Intake;
  broker: IntakeBroker;
  metrics: Metrics;
  ports: { mqtt: number; ws: number | null };
  connect(deviceId: string, options?: IClientOptions): Promise<MqttClient>;
  /** A bare socket, for saying what no client library would. */
  socket(): Promise<Socket>;
}

export async function testIntake(pool: Pool, fleet: FleetEntry[], clock: Clock = systemClock): Promise<TestIntake> {
  await provisionFleet(pool, systemRandom, fleet, testSecrets);
  const metrics = createMetrics();
  const logger = createLogger('silent');
  const intake = await openIntake({ pool, timeZone: 'Asia/Seoul', secrets: testSecrets, clock, logger, metrics });
  const broker = createIntakeBroker({ intake, host: '127.0.0.1', mqttPort: 0, wsPort: 0, logger });
  const ports = await broker.listen();
  const clients: MqttClient[] = [];
  afterAll(async () => {
    for (const client of clients) client.end(true);
    await broker.close();
  });
  return {
    intake,
    broker,
    metrics,
    ports,
    connect: async (deviceId, options = {}) => {
      const client = mqtt.connect(`mqtt://127.0.0.1:${ports.mqtt}`, {
        clientId: deviceId,
        username: deviceId,
        password: secretOf(deviceId),
        reconnectPeriod: 0,
        ...options,
      });
      clients.push(client);
      client.on('error', () => {});
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve());
        client.once('error', reject);
        client.once('close', () => reject(new Error('closed before CONNACK')));
      });
      return client;
    },
    socket: async () => {
      const socket = connectTcp(ports.mqtt, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    },
  };
}

/** SenML of one register; without a time the receipt dates it. */
export function senml(serial: string, register_l: number, at_ms?: number): string {
  return JSON.stringify([
    { bn: `urn:naru:meter:${serial}:`, n: 'register', u: 'l', v: register_l, ...(at_ms ? { t: at_ms / 1000 } : {}) },
  ]);
}

// Wires the intake: our own broker with all that watches over connected devices (identity, revocation, limits, commands,
// TLS), or a consumer of somebody's cluster; and what runs beside either.

import type { MqttListening } from './config.ts';
import { commandLimits } from './metering/commands/command.ts';
import { type CommandDelivery, createCommandDelivery } from './metering/commands/command-delivery-service.ts';
import type { ValvePrecondition } from './metering/commands/command-store.ts';
import { createClusterBroker } from './metering/intake/cluster-broker.ts';
import type { ClusterLogin } from './metering/intake/cluster-connection-broker.ts';
import { createClusterDevices } from './metering/intake/cluster-devices-service.ts';
import { holdLeases } from './metering/intake/cluster-lease-service.ts';
import type { DeviceHooks } from './metering/intake/device-hooks.ts';
import { deviceLimits } from './metering/intake/device-limits.ts';
import { createDevicePolicy } from './metering/intake/device-policy-service.ts';
import type { DeviceSecrets } from './metering/intake/device-secret.ts';
import { type DeviceTls, openDeviceTls } from './metering/intake/device-tls-broker.ts';
import { type DeviceTrust, openDeviceTrust } from './metering/intake/device-trust-service.ts';
import { createDeviceWatch, type DeviceWatch } from './metering/intake/device-watch-service.ts';
import { tellActivity } from './metering/intake/intake-activity-service.ts';
import { createIntakeBroker } from './metering/intake/intake-broker.ts';
import { type Intake, openIntake } from './metering/intake/intake-service.ts';
import { startUpkeep } from './metering/intake/uplink-upkeep-service.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { openPool, type Pool } from './platform/postgres/database.ts';
import { listen } from './platform/postgres/listen.ts';
import { type Random, randomUuid } from './platform/random.ts';

const BROKER_CONNECTIONS = 8;

export interface BrokerOptions {
  databaseUrl: string;
  /** Of the listener with TLS; without TLS `mqtt.plainHost` counts. */
  host: string;
  mqttPort: number;
  mqttWsPort: number;
  /** Largest packet taken from a device. */
  mqttMaxPacket_bytes: number;
  mqtt: MqttListening;
  /** Raw uplinks are kept this many days at least. */
  rawUplinkDays: number;
  /** Somebody's MQTT cluster to consume from, instead of a broker of our own. */
  cluster?: { urls: readonly string[]; group: string; login: ClusterLogin } | undefined;
}

interface Parts {
  timeZone: string;
  random: Random;
  secrets: DeviceSecrets;
  valvePreconditions: readonly ValvePrecondition[];
}

interface Seams {
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** The ports that are open; null where none is. */
interface Ports {
  mqtt: number;
  ws: number | null;
  tls: number | null;
}

interface Taking {
  ports: Ports | null;
  close(): Promise<void>;
}

/** Opens the intake. It has a pool of its own: pages that ask much never hold up a commit. */
export async function openBroker(options: BrokerOptions & Parts, seams: Seams): Promise<Taking> {
  const { clock, logger } = seams;
  const pool = openPool(options.databaseUrl, BROKER_CONNECTIONS);
  try {
    const intake = await openIntake({ pool, timeZone: options.timeZone, secrets: options.secrets, ...seams });
    const processId = Buffer.from(options.random.bytes(8)).toString('hex');
    const { cluster, random } = options;
    const opened = { pool, intake, processId };
    const taking =
      cluster === undefined
        ? await openDeviceBroker(options, seams, opened)
        : await openClusterConsumer(cluster, random, seams, opened);
    const telling = tellActivity({ pool, clock, logger, metrics: intake.metrics, processId });
    const { partitions } = intake;
    const stopUpkeep = startUpkeep({ pool, clock, logger, partitions, rawUplinkDays: options.rawUplinkDays });
    return {
      ports: taking.ports,
      async close() {
        await taking.close();
        await telling.close();
        await stopUpkeep();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

interface Opened {
  pool: Pool;
  intake: Intake;
  processId: string;
}

async function openClusterConsumer(
  cluster: NonNullable<BrokerOptions['cluster']>,
  random: Random,
  { logger, metrics }: Seams,
  { pool, intake }: Opened,
): Promise<Taking> {
  const holder = randomUuid(random);
  const consumer = createClusterBroker({
    ...{ ...cluster, intake, logger, metrics },
    devices: createClusterDevices(pool, intake.clock),
    holdLeases: (events) => holdLeases({ ...events, pool, holder, logger }),
  });
  await consumer.open();
  return { ports: null, close: () => consumer.close() };
}

async function openDeviceBroker(
  options: BrokerOptions & Parts,
  seams: Seams,
  { pool, intake, processId }: Opened,
): Promise<Taking> {
  const { databaseUrl, mqtt, valvePreconditions } = options;
  const { clock, logger, metrics } = seams;
  const trust = mqtt.tls === null ? null : await openDeviceTrust({ pool, clock, logger, files: mqtt.tls });
  const watch = createDeviceWatch({
    ...{ pool, clock, logger, metrics, auth: intake, trust, processId },
    messagesPerSecond: mqtt.messagesPerSecond,
  });
  const delivery = createCommandDelivery({
    ...{ pool, clock, logger, metrics, valvePreconditions },
    onStrangeAnswer: (deviceNo, detail) => watch.raise(deviceNo, 'acknowledgement', detail),
  });
  const hooks: DeviceHooks = {
    ...watch,
    ...delivery,
    closed: (session) => {
      if (watch.closed(session)) delivery.left(session.deviceId);
    },
  };
  const broker = createIntakeBroker({
    ...{ intake, host: mqtt.plainHost, mqttPort: options.mqttPort, wsPort: options.mqttWsPort, logger },
    mostPacket_bytes: options.mqttMaxPacket_bytes,
    policy: createDevicePolicy(intake, hooks),
  });
  watch.attach(broker);
  delivery.attach(broker);
  // From the first connection on, no change is missed.
  await watch.check();
  await delivery.sweep();
  const ports = await broker.listen();
  try {
    const tls =
      mqtt.tls === null || trust === null
        ? null
        : await openDeviceTls({
            ...{ trust, host: options.host, port: mqtt.tls.port },
            admit: (socket, address, proof) =>
              broker.admit(socket, { address, transport: 'tls', proof: proof ?? null }),
            refused: (reason) => intake.metrics.refused.inc({ reason }),
          });
    const following = follow({ pool, databaseUrl, logger, watch, delivery, trust, tls });
    return {
      ports: { ...ports, tls: tls?.port ?? null },
      async close() {
        tls?.close();
        await broker.close();
        await following.close();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/** Follows what changes elsewhere: by notification at once, and by looking now and then where one was lost. */
function follow(parts: {
  pool: Pool;
  databaseUrl: string;
  logger: Logger;
  watch: DeviceWatch;
  delivery: CommandDelivery;
  trust: DeviceTrust | null;
  tls: DeviceTls | null;
}): { close(): Promise<void> } {
  const { databaseUrl, logger, watch, delivery, trust, tls } = parts;
  const check = oneAtATime(async () => {
    if ((await trust?.refresh()) === true) tls?.reload();
    await watch.check();
  }, logger);
  const sweep = oneAtATime(() => delivery.sweep(), logger);
  const listener = listen({
    ...{ databaseUrl, logger },
    channels: { naru_device: watch.changed, naru_session: watch.announced, naru_command: delivery.queued },
    onListening: () => {
      check.run();
      sweep.run();
    },
  });
  const timers = [
    setInterval(check.run, deviceLimits.checkEvery_ms),
    setInterval(sweep.run, commandLimits.sweepEvery_ms),
  ];
  return {
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await listener.close();
      await Promise.all([check.ended(), sweep.ended()]);
    },
  };
}

/** Runs the work whenever asked, never twice at once; asked meanwhile, once more after. */
function oneAtATime(work: () => Promise<void>, logger: Logger): { run(): void; ended(): Promise<void> } {
  let running: Promise<void> | null = null;
  let again = false;
  const start = async (): Promise<void> => {
    do {
      again = false;
      await work().catch((error: Error) => logger.warn({ err: error }, 'following devices; it is tried again'));
    } while (again);
    running = null;
  };
  return {
    run: () => {
      if (running === null) running = start();
      else again = true;
    },
    ended: async () => void (await running),
  };
}

// Wires the broker with all that watches over connected devices: identity, revocation, limits, commands, TLS.

import type { MqttListening } from './config.ts';
import { commandLimits } from './metering/commands/command.ts';
import { type CommandDelivery, createCommandDelivery } from './metering/commands/command-delivery-service.ts';
import type { ValvePrecondition } from './metering/commands/command-store.ts';
import type { DeviceHooks } from './metering/intake/device-hooks.ts';
import { deviceLimits } from './metering/intake/device-limits.ts';
import type { DeviceSecrets } from './metering/intake/device-secret.ts';
import { type DeviceTls, openDeviceTls } from './metering/intake/device-tls-broker.ts';
import { type DeviceTrust, openDeviceTrust } from './metering/intake/device-trust-service.ts';
import { createDeviceWatch, type DeviceWatch } from './metering/intake/device-watch-service.ts';
import { createIntakeBroker } from './metering/intake/intake-broker.ts';
import { openIntake } from './metering/intake/intake-service.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { openPool, type Pool } from './platform/postgres/database.ts';
import { listen } from './platform/postgres/listen.ts';
import type { Random } from './platform/random.ts';

const BROKER_CONNECTIONS = 8;

export interface DeviceBrokerOptions {
  databaseUrl: string;
  /** Of the listener with TLS; without TLS `mqtt.plainHost` counts. */
  host: string;
  mqttPort: number;
  mqttWsPort: number;
  mqtt: MqttListening;
}

interface Parts {
  timeZone: string;
  random: Random;
  secrets: DeviceSecrets;
  valvePreconditions: readonly ValvePrecondition[];
}

/** Opens the broker. It has a pool of its own: pages that ask much never hold up a commit. */
export async function openDeviceBroker(
  options: DeviceBrokerOptions & Parts,
  seams: { clock: Clock; logger: Logger; metrics: Metrics },
) {
  const { databaseUrl, timeZone, secrets, mqtt } = options;
  const { clock, logger, metrics } = seams;
  const pool = openPool(databaseUrl, BROKER_CONNECTIONS);
  let closeBroker = async (): Promise<void> => {};
  try {
    const intake = await openIntake({ pool, timeZone, secrets, ...seams });
    const trust = mqtt.tls === null ? null : await openDeviceTrust({ pool, clock, logger, files: mqtt.tls });
    const watch = createDeviceWatch({
      ...{ pool, clock, logger, metrics, auth: intake, trust },
      processId: Buffer.from(options.random.bytes(8)).toString('hex'),
      messagesPerSecond: mqtt.messagesPerSecond,
    });
    const { valvePreconditions } = options;
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
      ...{ intake, host: mqtt.plainHost, mqttPort: options.mqttPort, wsPort: options.mqttWsPort, logger, hooks },
    });
    watch.attach(broker);
    delivery.attach(broker);
    // From the first connection on, no change is missed.
    await watch.check();
    await delivery.sweep();
    const ports = await broker.listen();
    closeBroker = () => broker.close();
    const tls =
      mqtt.tls === null || trust === null
        ? null
        : await openDeviceTls({
            ...{ trust, host: options.host, port: mqtt.tls.port, admit: broker.admit },
            refused: (reason) => intake.metrics.refused.inc({ reason }),
          });
    const following = follow({ pool, databaseUrl, logger, watch, delivery, trust, tls });
    return {
      ports: { ...ports, tls: tls?.port ?? null },
      async close() {
        tls?.close();
        await broker.close();
        await following.close();
        await pool.end();
      },
    };
  } catch (error) {
    await closeBroker();
    await pool.end();
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

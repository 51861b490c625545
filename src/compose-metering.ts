// Wires the room of metering: registry, use, the broker, and what the portal may ask of them.
import type { FastifyRequest } from 'fastify';
import { createClusterBroker } from './metering/intake/cluster-broker.ts';
import type { ClusterLogin } from './metering/intake/cluster-connection-broker.ts';
import { createClusterDevices } from './metering/intake/cluster-devices-service.ts';
import { holdLeases } from './metering/intake/cluster-lease-service.ts';
import { intakeActivityRoutes } from './metering/intake/intake-activity-routes.ts';
import { readActivity, tellActivity } from './metering/intake/intake-activity-service.ts';
import { createIntakeBroker } from './metering/intake/intake-broker.ts';
import { type Intake, openIntake } from './metering/intake/intake-service.ts';
import { startUpkeep } from './metering/intake/uplink-upkeep-service.ts';
import { deviceRoutes } from './metering/meters/device-routes.ts';
import type { FleetEntry } from './metering/meters/fleet-entry.ts';
import { gatewayRoutes } from './metering/meters/gateway-routes.ts';
import { createGatewaysService } from './metering/meters/gateways-service.ts';
import { meterRoutes } from './metering/meters/meter-routes.ts';
import { createMetersService } from './metering/meters/meters-service.ts';
import { provisionFleet } from './metering/meters/provision-fleet-service.ts';
import { startUseJobs } from './metering/readings/use-jobs-service.ts';
import { createUseService } from './metering/readings/use-service.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';
import { openPool, type Pool } from './platform/postgres/database.ts';
import { Problem } from './platform/problem.ts';
import { type Random, randomUuid } from './platform/random.ts';
import type { Metering } from './portal/my-meter-service.ts';

const BROKER_CONNECTIONS = 8;

export interface MeteringOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  timeZone: string;
  requireOperator(request: FastifyRequest): Promise<void>;
  requireStaff(request: FastifyRequest): Promise<void>;
}

export interface BrokerOptions {
  databaseUrl: string;
  timeZone: string;
  host: string;
  mqttPort: number;
  mqttWsPort: number;
  mqttMaxPacket_bytes: number;
  /** Raw uplinks are kept this many days at least. */
  rawUplinkDays: number;
  /** Somebody's MQTT cluster to consume from, instead of a broker of our own. */
  cluster?: { urls: readonly string[]; group: string; login: ClusterLogin } | undefined;
}

interface BrokerSeams {
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
}

async function openBroker(intake: Intake, pool: Pool, options: BrokerOptions, seams: BrokerSeams) {
  const { cluster, host, mqttPort, mqttWsPort, mqttMaxPacket_bytes: mostPacket_bytes } = options;
  const { logger, metrics, random } = seams;
  if (cluster !== undefined) {
    const holder = randomUuid(random);
    const consumer = createClusterBroker({
      ...{ ...cluster, intake, logger, metrics },
      devices: createClusterDevices(pool, intake.clock),
      holdLeases: (events) => holdLeases({ ...events, pool, holder, logger }),
    });
    await consumer.open();
    return { ports: null, close: () => consumer.close() };
  }
  const broker = createIntakeBroker({ intake, host, mqttPort, wsPort: mqttWsPort, logger, mostPacket_bytes });
  const ports = await broker.listen();
  return { ports, close: () => broker.close() };
}

export function composeMetering({ pool, clock, random, timeZone, requireOperator, requireStaff }: MeteringOptions) {
  const meters = createMetersService(pool, clock, timeZone);
  const use = createUseService(pool, timeZone);
  const provision = (entries: readonly FleetEntry[]) => provisionFleet(pool, random, entries);

  /** The meter at a service point; null where there is no such place, or no meter stands there. */
  async function meterAt(servicePoint: string, at: Date) {
    try {
      return await meters.meterAtServicePoint(servicePoint, at.getTime());
    } catch (error) {
      if (error instanceof Problem && error.code === 'SERVICE_POINT_UNKNOWN') return null;
      throw error;
    }
  }

  const forPortal: Metering = {
    async servicePointMeter(servicePoint, at) {
      const row = await meterAt(servicePoint, at);
      if (row === null) return null;
      // The place's own, not the meter's: by now the meter may stand somewhere else.
      const { zone, usage_class: usageClass } = await meters.getServicePoint(servicePoint);
      return {
        servicePoint,
        zone,
        usageClass,
        meter: {
          id: row.meter_id,
          serial: row.serial,
          model: row.model,
          boreMm: row.bore_mm,
          format: row.format ?? '',
        },
      };
    },
    async lastReading(servicePoint, from, to) {
      const reading = await use.lastReadingAt(servicePoint, { from_ms: from.getTime(), to_ms: to.getTime() });
      return (
        reading && {
          measuredAt: new Date(reading.measured_at_ms),
          receivedAt: new Date(reading.received_at_ms),
          register_l: reading.register_l,
          flags: reading.flags,
        }
      );
    },
    async lastAlarm(servicePoint, from, to) {
      const alarm = await use.lastAlarmAt(servicePoint, { from_ms: from.getTime(), to_ms: to.getTime() });
      return alarm && { flag: alarm.flag, measuredAt: new Date(alarm.measured_at_ms) };
    },
    async useOf(servicePoint, resolution, from, to) {
      const intervals = await use.useOf({
        of: { servicePointId: servicePoint },
        from_ms: from.getTime(),
        to_ms: to.getTime(),
        resolution,
      });
      return intervals.map(({ start_ms, end_ms, use_l }) => ({
        start: new Date(start_ms),
        end: new Date(end_ms),
        use_l,
      }));
    },
  };

  return {
    ...forPortal,
    provisionFleet: provision,
    routes: [
      meterRoutes(meters, use, requireStaff),
      deviceRoutes({ provisionFleet: provision, requireOperator }),
      intakeActivityRoutes({ readActivity: () => readActivity(pool, clock), requireStaff }),
      gatewayRoutes({ gateways: createGatewaysService(pool, clock, random), requireOperator, requireStaff }),
    ],
    startUseJobs: (seams: { clock: Clock; logger: Logger; metrics: Metrics }) =>
      startUseJobs({ pool, timeZone, ...seams }),
    /** The broker has a pool of its own: pages that ask much never hold up a commit. */
    async openBroker(options: BrokerOptions, seams: BrokerSeams) {
      const own = openPool(options.databaseUrl, BROKER_CONNECTIONS);
      try {
        const intake = await openIntake({ pool: own, timeZone, ...seams });
        const { ports, close } = await openBroker(intake, own, options, seams);
        const { clock, logger } = seams;
        const telling = tellActivity({
          ...{ pool: own, clock, logger, metrics: intake.metrics },
          processId: Buffer.from(random.bytes(8)).toString('hex'),
        });
        const { partitions } = intake;
        const stopUpkeep = startUpkeep({ pool: own, clock, logger, partitions, rawUplinkDays: options.rawUplinkDays });
        return {
          ports,
          async close() {
            await close();
            await telling.close();
            await stopUpkeep();
            await own.end();
          },
        };
      } catch (error) {
        await own.end();
        throw error;
      }
    },
  };
}

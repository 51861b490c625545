// Wires the room of metering: registry, use, the broker, and what the portal may ask of them.
import type { FastifyRequest } from 'fastify';
import { intakeActivityRoutes } from './metering/intake/intake-activity-routes.ts';
import { readActivity, tellActivity } from './metering/intake/intake-activity-service.ts';
import { createIntakeBroker } from './metering/intake/intake-broker.ts';
import { openIntake } from './metering/intake/intake-service.ts';
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
import type { Random } from './platform/random.ts';
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
    async openBroker(options: BrokerOptions, seams: { clock: Clock; logger: Logger; metrics: Metrics }) {
      const own = openPool(options.databaseUrl, BROKER_CONNECTIONS);
      const intake = await openIntake({ pool: own, timeZone, ...seams });
      const broker = createIntakeBroker({
        ...{ intake, host: options.host, mqttPort: options.mqttPort, wsPort: options.mqttWsPort, logger: seams.logger },
        mostPacket_bytes: options.mqttMaxPacket_bytes,
      });
      const ports = await broker.listen();
      const processId = Buffer.from(random.bytes(8)).toString('hex');
      const telling = tellActivity({
        pool: own,
        metrics: intake.metrics,
        processId,
        clock: seams.clock,
        logger: seams.logger,
      });
      const stopUpkeep = startUpkeep({
        ...{ pool: own, partitions: intake.partitions, rawUplinkDays: options.rawUplinkDays },
        ...{ clock: seams.clock, logger: seams.logger },
      });
      return {
        ports,
        async close() {
          await broker.close();
          await telling.close();
          await stopUpkeep();
          await own.end();
        },
      };
    },
  };
}

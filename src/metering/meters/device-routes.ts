// Registering devices: one list at a time by staff on the console, and by programs of the operator.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import { type FleetEntry, type ProvisionedDevice, usageClasses } from './fleet-entry.ts';
import type { ProvisionedList } from './provision-csv-service.ts';

const DEVICES_AT_ONCE = 1_000;

const identifier = z.string().regex(/^[\w.:-]{1,64}$/);
const device = z.object({
  device_id: identifier,
  secret: z.string().min(22).max(128).optional(),
  formats: z.array(z.string().min(1).max(32)).min(1).max(8),
  meter: z.object({
    serial: z.string().min(1).max(32),
    model: z.string().min(1).max(64),
    bore_mm: z.int().min(10).max(1_000),
    dials: z.int().min(4).max(12),
  }),
  service_point: z.object({
    id: identifier,
    zone_id: identifier,
    zone_name: z.string().min(1).max(64),
    usage_class: z.enum(usageClasses),
  }),
  installed_at: z.iso.datetime({ offset: true }),
  opening_register_l: z.int().min(0).optional(),
});

export interface DeviceRoutesOptions {
  provisionFleet(entries: readonly FleetEntry[]): Promise<ProvisionedDevice[]>;
  /** A list of devices as CSV; `keep` takes those of each part before it is committed. */
  provisionList(
    file: string,
    dryRun: boolean,
    actor: Buffer | null,
    keep: (devices: readonly ProvisionedDevice[]) => Promise<void>,
  ): Promise<ProvisionedList>;
  /** The list with a secret for each new device, nothing registered. */
  completeList(file: string): Promise<ProvisionedList & { made: number; list: string }>;
  requireOperator(request: FastifyRequest): Promise<void>;
  /** Staff, or a program of the operator. */
  requireKeeper(request: FastifyRequest): Promise<void>;
  actorOf(request: FastifyRequest): Buffer | null;
}

const counts = { devices: z.int(), known: z.int() };

export function deviceRoutes(options: DeviceRoutesOptions): Routes {
  const { provisionFleet, provisionList, completeList, requireOperator, requireKeeper, actorOf } = options;
  const bodyLimit = deviceLimits.csv_bytes;
  return async (app) => {
    app.addContentTypeParser('text/csv', { parseAs: 'string', bodyLimit }, (_request, body, done) => done(null, body));
    app.post(
      '/api/utility/devices/csv/completed',
      {
        ...{ preHandler: requireKeeper, bodyLimit },
        schema: {
          tags: ['utility'],
          summary: 'Check a list of devices and give each new one a secret, with nothing registered yet',
          consumes: ['text/csv'],
          body: z.string(),
          response: { 200: z.object({ ...counts, made: z.int(), list: z.string() }) },
        },
      },
      async (request, reply) => reply.header('cache-control', 'no-store').send(await completeList(request.body)),
    );
    app.post(
      '/api/utility/devices/csv',
      {
        ...{ preHandler: requireKeeper, bodyLimit },
        schema: {
          tags: ['utility'],
          summary: 'Register a list of devices as CSV; with dry_run only check it',
          consumes: ['text/csv'],
          querystring: z.object({ dry_run: z.enum(['true', 'false']).default('false') }),
          body: z.string(),
          response: {
            200: z.object({
              ...counts,
              secrets: z.array(z.object({ device_id: z.string(), secret: z.string() })),
            }),
          },
        },
      },
      async (request, reply) => {
        const secrets: { device_id: string; secret: string }[] = [];
        const dryRun = request.query.dry_run === 'true';
        const list = await provisionList(request.body, dryRun, actorOf(request), async (devices) => {
          for (const { deviceId, secret } of devices)
            if (secret !== null) secrets.push({ device_id: deviceId, secret });
        });
        return reply.header('cache-control', 'no-store').send({ ...list, secrets });
      },
    );
    app.post(
      '/api/utility/devices',
      {
        preHandler: requireOperator,
        schema: {
          tags: ['utility'],
          summary: 'Register devices, the meters they report and where those stand; said again, it changes nothing',
          body: z.object({ devices: z.array(device).min(1).max(DEVICES_AT_ONCE) }),
          response: {
            200: z.object({ devices: z.array(z.object({ device_id: z.string(), secret: z.string().nullable() })) }),
          },
        },
      },
      async (request) => {
        const provisioned = await provisionFleet(request.body.devices.map(asFleetEntry));
        return { devices: provisioned.map(({ deviceId, secret }) => ({ device_id: deviceId, secret })) };
      },
    );
  };
}

function asFleetEntry(given: z.output<typeof device>): FleetEntry {
  return {
    deviceId: given.device_id,
    ...(given.secret !== undefined && { secret: given.secret }),
    formats: given.formats,
    meter: given.meter,
    servicePoint: {
      id: given.service_point.id,
      zoneId: given.service_point.zone_id,
      zoneName: given.service_point.zone_name,
      usageClass: given.service_point.usage_class,
    },
    installedAt_ms: Date.parse(given.installed_at),
    ...(given.opening_register_l !== undefined && { openingRegister_l: given.opening_register_l }),
  };
}

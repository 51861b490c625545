// Devices and their credentials over HTTP, for signed-in staff and the operator's programs.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import {
  deviceAnswer,
  deviceDetailAnswer,
  deviceIdParameter,
  deviceOfRow,
  eventAnswer,
  instant,
  isoOrNull,
  reason,
} from './device-answers.ts';
import type { DeviceAuthority } from './device-authority-service.ts';
import type { DeviceClaims } from './device-claim-service.ts';
import type { DeviceCredentials } from './device-credential-service.ts';

const TAGS = ['devices'];
const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true');
const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().min(1).max(512).optional();
const spki = z.string().regex(/^[0-9a-f]{64}$/, 'must be SHA-256 of the public key in 64 small hexadecimal digits');

export interface DeviceCredentialRoutesOptions {
  credentials: DeviceCredentials;
  claims: DeviceClaims;
  authority: DeviceAuthority;
  /** Lets staff and the operator's programs in. */
  requireKeeper(request: FastifyRequest): Promise<void>;
  /** The hash of the staff session; null for a program. */
  actorOf(request: FastifyRequest): Buffer | null;
}

export function deviceCredentialRoutes(options: DeviceCredentialRoutesOptions): Routes {
  const { credentials, claims, authority, requireKeeper, actorOf } = options;
  return async (app) => {
    app.addHook('preHandler', requireKeeper);

    app.get(
      '/api/utility/devices',
      {
        schema: {
          summary: 'List devices by id',
          tags: TAGS,
          querystring: z.object({
            cursor,
            limit,
            search: z.string().min(1).max(64).optional(),
            revoked: yesOrNo.optional(),
          }),
          response: { 200: z.object({ devices: z.array(deviceAnswer), next_cursor: z.string().nullable() }) },
        },
      },
      async (request) => {
        const { cursor = null, search = null, revoked = null, limit } = request.query;
        const page = await credentials.listDevices({ cursor, search, revoked, limit });
        return { ...page, devices: page.devices.map(deviceOfRow) };
      },
    );

    app.get(
      '/api/utility/devices/:id',
      {
        schema: {
          summary: 'A device: what it may show, and what was done to it',
          tags: TAGS,
          params: deviceIdParameter,
          response: { 200: deviceDetailAnswer },
        },
      },
      async (request) => {
        const found = await credentials.getDevice(request.params.id);
        return {
          ...deviceOfRow(found),
          pins: found.pins.map(({ spki_sha256, added_at }) => ({
            spki_sha256: spki_sha256.toString('hex'),
            added_at: added_at.toISOString(),
          })),
          certificates: found.certificates.map(({ serial, issued_at, not_after, revoked_at, revoked_reason }) => ({
            ...{ serial, revoked_reason },
            issued_at: issued_at.toISOString(),
            not_after: not_after.toISOString(),
            revoked_at: isoOrNull(revoked_at),
          })),
          actions: found.actions.map((one) => ({ ...one, at: one.at.toISOString() })),
        };
      },
    );

    app.post(
      '/api/utility/devices/:id/revoke',
      {
        schema: {
          summary: 'Revoke a device: nothing lets it in any more, and its connection is cut',
          tags: TAGS,
          params: deviceIdParameter,
          body: z.object({ reason }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await credentials.revokeDevice(request.params.id, request.body.reason, actorOf(request));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/devices/:id/restore',
      {
        schema: {
          summary: 'Take a revocation back',
          tags: TAGS,
          params: deviceIdParameter,
          body: z.object({ reason }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await credentials.restoreDevice(request.params.id, request.body.reason, actorOf(request));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/devices/:id/rotate',
      {
        schema: {
          summary: 'Give a device a new secret; the one it has stays good for a time',
          tags: TAGS,
          params: deviceIdParameter,
          body: z.object({ grace_s: z.int().min(0).max(deviceLimits.rotationGraceMost_s).default(86_400) }),
          response: { 200: z.object({ device_id: z.string(), secret: z.string() }) },
        },
      },
      async (request) => {
        const { id } = request.params;
        return { device_id: id, secret: await credentials.rotateSecret(id, request.body.grace_s, actorOf(request)) };
      },
    );

    app.post(
      '/api/utility/devices/:id/pins',
      {
        schema: {
          summary: 'Pin a public key: a certificate of it, signed by anybody, lets the device in',
          tags: TAGS,
          params: deviceIdParameter,
          body: z.object({ spki_sha256: spki }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await credentials.addPin(request.params.id, Buffer.from(request.body.spki_sha256, 'hex'), actorOf(request));
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/api/utility/devices/:id/pins/:spki',
      {
        schema: {
          summary: 'Remove a pinned key; a connection by it is cut',
          tags: TAGS,
          params: deviceIdParameter.extend({ spki }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await credentials.removePin(request.params.id, Buffer.from(request.params.spki, 'hex'), actorOf(request));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/devices/:id/claim-codes',
      {
        schema: {
          summary: 'Make a code that turns into credentials once; earlier unused ones of the device are void',
          tags: TAGS,
          params: deviceIdParameter,
          body: z.object({
            lifetime_h: z
              .int()
              .min(1)
              .max(deviceLimits.claimLifetime_h.most)
              .default(deviceLimits.claimLifetime_h.usual),
          }),
          response: { 201: z.object({ device_id: z.string(), code: z.string(), expires_at: instant }) },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { code, expiresAt } = await claims.makeClaimCode(id, request.body.lifetime_h, actorOf(request));
        return reply.code(201).send({ device_id: id, code, expires_at: expiresAt.toISOString() });
      },
    );

    app.post(
      '/api/utility/device-certificates/:serial/revoke',
      {
        schema: {
          summary: 'Revoke a certificate that was signed here; a connection by it is cut',
          tags: TAGS,
          params: z.object({ serial: z.string().regex(/^[0-9a-fA-F]{1,40}$/) }),
          body: z.object({ reason }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await authority.revokeDeviceCertificate(request.params.serial, request.body.reason, actorOf(request));
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/api/utility/device-events',
      {
        schema: {
          summary: 'What looks wrong with devices: clones, floods, strange answers; newest first',
          tags: TAGS,
          querystring: z.object({ cursor, limit, open: yesOrNo.optional() }),
          response: { 200: z.object({ events: z.array(eventAnswer), next_cursor: z.string().nullable() }) },
        },
      },
      async (request) => {
        const { cursor = null, open = null, limit } = request.query;
        const page = await credentials.listEvents({ cursor, open, limit });
        return {
          ...page,
          events: page.events.map(({ event_id, device_id, kind, detail, first_at, last_at, times, closed_at }) => ({
            ...{ id: String(event_id), device_id, kind, detail, times },
            first_at: first_at.toISOString(),
            last_at: last_at.toISOString(),
            closed_at: isoOrNull(closed_at),
          })),
        };
      },
    );

    app.post(
      '/api/utility/device-events/:id/close',
      {
        schema: {
          summary: 'Close an event that was seen to',
          tags: TAGS,
          params: z.object({ id: z.string().regex(/^[1-9]\d{0,14}$/) }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await credentials.closeEvent(Number(request.params.id), actorOf(request));
        return reply.code(204).send(null);
      },
    );
  };
}

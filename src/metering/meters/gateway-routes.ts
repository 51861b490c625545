// Gateways over HTTP: programs of the operator register them and grant them devices; signed-in staff see them.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { type GatewaysService, gatewayFormats } from './gateways-service.ts';

const GRANTS_AT_ONCE = 1_000;
const tags = ['utility'];

const identifier = z.string().regex(/^[\w.:-]{1,64}$/);
const instant = z.iso.datetime({ offset: true });
/** A DevEUI in any case, or `KAM.76348799.1B.16`; kept as grants keep it. */
const address = z
  .string()
  .regex(/^([0-9a-fA-F]{16}|[A-Za-z]{3}\.[0-9a-fA-F]{8}\.[0-9a-fA-F]{2}\.[0-9a-fA-F]{2})$/)
  .transform((text) => (text.includes('.') ? text.toUpperCase() : text.toLowerCase()));
const ofGateway = z.object({ gateway_id: identifier });

export interface GatewayRoutesOptions {
  gateways: GatewaysService;
  requireOperator: preHandlerAsyncHookHandler;
  requireStaff: preHandlerAsyncHookHandler;
}

export function gatewayRoutes({ gateways, requireOperator, requireStaff }: GatewayRoutesOptions): Routes {
  return async (app) => {
    app.put(
      '/api/utility/gateways/:gateway_id',
      {
        preHandler: requireOperator,
        schema: {
          tags,
          summary: 'Register a gateway; said again, it changes formats and secret alone',
          params: ofGateway,
          body: z.object({
            formats: z.array(z.enum(gatewayFormats)).min(1).max(gatewayFormats.length),
            secret: z.string().min(22).max(128).optional(),
          }),
          response: { 200: z.object({ gateway_id: z.string(), secret: z.string().nullable() }) },
        },
      },
      async ({ params: { gateway_id }, body: { formats, secret } }) => {
        const registered = await gateways.registerGateway({
          ...{ gatewayId: gateway_id, formats },
          ...(secret !== undefined && { secret }),
        });
        return { gateway_id, secret: registered.secret };
      },
    );

    app.post(
      '/api/utility/gateways/:gateway_id/grants',
      {
        preHandler: requireOperator,
        schema: {
          tags,
          summary: 'Grant a gateway devices to publish for, by DevEUI or wireless M-Bus address',
          params: ofGateway,
          body: z.object({
            grants: z
              .array(z.object({ address, device_id: identifier }))
              .min(1)
              .max(GRANTS_AT_ONCE),
          }),
          response: { 204: z.null() },
        },
      },
      async ({ params, body }, reply) => {
        const granted = new Map(body.grants.map((each) => [each.address, each.device_id]));
        await gateways.grant(
          params.gateway_id,
          [...granted].map(([at, deviceId]) => ({ address: at, deviceId })),
        );
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/api/utility/gateways/:gateway_id/grants/:address',
      {
        preHandler: requireOperator,
        schema: {
          tags,
          summary: 'Withdraw a grant; it holds from the next message on',
          params: ofGateway.extend({ address }),
          response: { 204: z.null() },
        },
      },
      async ({ params }, reply) => {
        await gateways.withdraw(params.gateway_id, params.address);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/api/utility/gateways',
      {
        preHandler: requireStaff,
        schema: {
          tags,
          summary: 'List gateways',
          response: {
            200: z.object({
              gateways: z.array(
                z.object({
                  ...{ gateway_id: z.string(), formats: z.array(z.string()), registered_at: instant },
                  ...{ revoked: z.boolean(), grants: z.int() },
                }),
              ),
            }),
          },
        },
      },
      async () => ({
        gateways: (await gateways.listGateways()).map((row) => ({
          ...row,
          registered_at: row.registered_at.toISOString(),
        })),
      }),
    );

    app.get(
      '/api/utility/gateways/:gateway_id/grants',
      {
        preHandler: requireStaff,
        schema: {
          tags,
          summary: 'List the devices a gateway publishes for, by address',
          params: ofGateway,
          querystring: z.object({
            after: z.string().max(64).default(''),
            limit: z.coerce.number().int().min(1).max(GRANTS_AT_ONCE).default(200),
          }),
          response: {
            200: z.object({
              grants: z.array(z.object({ address: z.string(), device_id: z.string(), granted_at: instant })),
              next: z.string().nullable(),
            }),
          },
        },
      },
      async ({ params, query }) => {
        const { grants, next } = await gateways.listGrants(params.gateway_id, query.after, query.limit);
        return { grants: grants.map((row) => ({ ...row, granted_at: row.granted_at.toISOString() })), next };
      },
    );
  };
}

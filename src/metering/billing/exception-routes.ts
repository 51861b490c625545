// Exceptions of a place over HTTP, for signed-in staff: what was ever entered, what there is to choose, and one more.
import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import type { ExceptionsService } from './exceptions-service.ts';
import { exceptionKinds } from './place-exceptions.ts';

const tags = ['registry'];
const params = z.object({ id: z.string().min(1).max(64) });
const named = z.object({ id: z.string(), name: z.object({ ko: z.string(), en: z.string() }) });
const kind = z.enum(exceptionKinds);

export interface ExceptionRoutesOptions {
  exceptions: ExceptionsService;
  requireStaff: preHandlerAsyncHookHandler;
  actorOf(request: FastifyRequest): Buffer | null;
}

export function exceptionRoutes({ exceptions, requireStaff, actorOf }: ExceptionRoutesOptions): Routes {
  return async (server) => {
    server.addHook('preHandler', requireStaff);

    server.get(
      '/api/utility/registry/places/:id/exceptions',
      {
        schema: {
          summary:
            'What was ever entered of what a place has otherwise than its tariff says by itself, the newest day first',
          tags,
          params,
          response: {
            200: z.object({
              entered: z.array(
                z.object({
                  kind,
                  name: z.string(),
                  from: z.string(),
                  value: z.string().nullable(),
                  reason: z.string().nullable(),
                  recorded_at: z.iso.datetime({ offset: true }),
                  by_program: z.boolean(),
                  is_replaced: z.boolean(),
                }),
              ),
              choices: z
                .object({
                  tariff: named,
                  optional: z.array(named),
                  classed: z.array(named),
                  classes: z.array(named),
                  counts: z.array(named),
                })
                .nullable()
                .describe('by the tariff of the newest bill run over the place; null before the first'),
            }),
          },
        },
      },
      async (request) => {
        const { entered, choices } = await exceptions.list(request.params.id);
        return {
          entered: entered.map(({ recorded_ms, ...row }) => ({ ...row, recorded_at: isoInstant(recorded_ms) })),
          choices,
        };
      },
    );

    server.post(
      '/api/utility/registry/places/:id/exceptions',
      {
        schema: {
          summary: 'Enter what a place has otherwise from a day of use on; what was entered before is kept',
          tags,
          params,
          body: z.strictObject({
            kind: kind.describe('a component that it does not pay, a class for a component, or a number'),
            name: z.string().min(1).max(64).describe('of the component or the count, as the tariff names it'),
            from: z.iso.date(),
            value: z.string().min(1).max(64).nullable().describe('yes, a class, a number; null: it ends on that day'),
            reason: z.string().trim().min(1).max(500),
          }),
          response: { 201: z.object({ is_news: z.boolean() }) },
        },
      },
      async (request, reply) => {
        const is_news = await exceptions.enter(request.params.id, request.body, actorOf(request));
        return reply.code(201).send({ is_news });
      },
    );
  };
}

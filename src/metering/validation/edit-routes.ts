// Edits of readings and estimates of use over HTTP, for signed-in staff.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import { estimateMethods } from '../readings/estimate-method.ts';
import { editDeeds } from '../readings/reading-edits.ts';
import type { WantedEdit } from './edit-reading-service.ts';
import type { WantedEstimate } from './estimate-use-service.ts';
import { registerStates, type ShownRegister } from './list-registers-service.ts';
import { instant, localDate, numberInPath, reason, toMs } from './validation-answers.ts';

const TAGS = ['validation'];

const editBody = z
  .object({
    at: instant.describe('The instant that the reading was told for'),
    deed: z.enum(editDeeds),
    register_l: z.int().min(0).optional().describe('Litres; for replace and add'),
    reason,
  })
  .refine(({ deed, register_l }) => (register_l !== undefined) === (deed === 'replace' || deed === 'add'), {
    ...{ path: ['register_l'], message: 'must be given to replace and to add, and for nothing else' },
  });

export interface EditRoutesOptions {
  editReading(edit: WantedEdit, actor: Buffer | null): Promise<number>;
  estimateUse(
    wanted: WantedEstimate,
    actor: Buffer | null,
  ): Promise<{ hours: number; method: (typeof estimateMethods)[number]; sum_l: number }>;
  listRegisters(meterId: number, span: { from_ms: number; to_ms: number }): Promise<ShownRegister[]>;
  requireStaff(request: FastifyRequest): Promise<void>;
  /** The hash of the staff session. */
  actorOf(request: FastifyRequest): Buffer | null;
}

export function editRoutes(options: EditRoutesOptions): Routes {
  const { editReading, estimateUse, listRegisters, requireStaff, actorOf } = options;
  return async (app) => {
    app.addHook('preHandler', requireStaff);

    app.get(
      '/api/utility/meters/:id/registers',
      {
        schema: {
          summary: 'The registers a meter told, each with what became of it',
          tags: TAGS,
          params: numberInPath,
          querystring: z.object({ from: instant, to: instant }),
          response: {
            200: z.object({
              registers: z.array(z.object({ at: instant, register_l: z.int(), state: z.enum(registerStates) })),
            }),
          },
        },
      },
      async (request) => {
        const span = { from_ms: toMs(request.query.from), to_ms: toMs(request.query.to) };
        const registers = await listRegisters(Number(request.params.id), span);
        return { registers: registers.map(({ at_ms, ...one }) => ({ at: isoInstant(at_ms), ...one })) };
      },
    );

    app.post(
      '/api/utility/meters/:id/reading-edits',
      {
        schema: {
          summary: 'Void, replace, add or restore the reading of an instant; what was told is kept',
          tags: TAGS,
          params: numberInPath,
          body: editBody,
          response: { 201: z.object({ id: z.string() }) },
        },
      },
      async (request, reply) => {
        const { at, deed, register_l = null, reason: why } = request.body;
        const edit = { meterId: Number(request.params.id), at_ms: toMs(at), deed, register_l, reason: why };
        return reply.code(201).send({ id: String(await editReading(edit, actorOf(request))) });
      },
    );

    app.post(
      '/api/utility/installs/:id/estimates',
      {
        schema: {
          summary: 'Estimate the hours of days of which nothing measured tells',
          tags: TAGS,
          params: numberInPath,
          body: z.object({
            ...{ from: localDate, to: localDate },
            sum_l: z.int().min(0).optional().describe('What passed in all of them, where that is known'),
            reason,
          }),
          response: { 201: z.object({ hours: z.int(), method: z.enum(estimateMethods), sum_l: z.int() }) },
        },
      },
      async (request, reply) => {
        const { from, to, sum_l = null, reason: why } = request.body;
        const wanted = { installId: Number(request.params.id), from, to, sum_l, reason: why };
        return reply.code(201).send(await estimateUse(wanted, actorOf(request)));
      },
    );
  };
}

// What the page of imports asks: check a register, import it, watch it, end it, and take its links and its codes.
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { importLimits } from '../identity/issuing/import-limits.ts';
import type { FilePieces } from '../identity/issuing/read-register-service.ts';
import { sendCsv } from '../platform/http/csv-reply.ts';
import type { Routes } from '../platform/http/http-server.ts';
import { problem } from '../platform/problem.ts';
import type { Actor } from './actor.ts';
import type { DeliveryPart, DeskImportService } from './desk-import-service.ts';

const tags = ['utility'];
const DAY_s = 86_400;

const uuid = z.object({ id: z.uuid() });
const offerImport = z.object({
  id: z.string(),
  type: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'cancelled']),
  rows: z.int(),
  offered: z.int(),
  known: z.int(),
  open: z.int(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
  deliverable: z.boolean(),
});

export interface ImportRoutesOptions {
  imports: DeskImportService;
  /** Throws NOT_SIGNED_IN, CREDENTIAL_REVOKED. */
  staffOf(request: FastifyRequest): Promise<Actor>;
}

export function importRoutes({ imports, staffOf }: ImportRoutesOptions): Routes {
  return async (app) => {
    // Read in pieces while it arrives: a register of 100 000 rows never lies in memory whole.
    app.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload));

    app.post(
      '/api/utility/imports/check',
      {
        schema: {
          tags,
          summary: 'Check a register (CSV); IMPORT_INVALID lists what is wrong by line and column',
          consumes: ['text/csv'],
          querystring: z.object({ type: z.string().max(64) }),
          response: { 200: z.object({ rows: z.int(), known: z.int() }) },
        },
      },
      async (request) => imports.checkImport(await staffOf(request), request.query.type, pieces(request)),
    );

    app.post(
      '/api/utility/imports',
      {
        schema: {
          tags,
          summary: 'Import a register (CSV), whole or not at all; the same file again is the same import',
          consumes: ['text/csv'],
          querystring: z.object({
            type: z.string().max(64),
            valid_days: z.coerce.number().int().min(1).max(60).optional(),
          }),
          response: { 201: offerImport.extend({ repeated: z.boolean() }) },
        },
      },
      async (request, reply) => {
        const { type, valid_days } = request.query;
        const order = { type, ...(valid_days !== undefined && { lifetime_s: valid_days * DAY_s }) };
        return reply.code(201).send(await imports.beginImport(await staffOf(request), order, pieces(request)));
      },
    );

    app.get(
      '/api/utility/imports',
      {
        schema: {
          tags,
          summary: 'Imports of this clerk’s types, the newest first',
          response: { 200: z.object({ imports: z.array(offerImport) }) },
        },
      },
      async (request) => ({ imports: await imports.listImports(await staffOf(request)) }),
    );

    app.get(
      '/api/utility/imports/:id',
      { schema: { tags, summary: 'How an import stands', params: uuid, response: { 200: offerImport } } },
      async (request) => imports.importOf(await staffOf(request), request.params.id),
    );

    app.post(
      '/api/utility/imports/:id/cancel',
      {
        schema: {
          tags,
          summary: 'End an import, and withdraw those of its offers that nobody took',
          params: uuid,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await imports.cancelImport(await staffOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );

    for (const part of ['links', 'codes'] as const) {
      app.get(
        `/api/utility/imports/:id/${part}.csv`,
        {
          schema: {
            tags,
            summary: `The ${part} of an import’s offers; links and codes go to people by different ways`,
            params: uuid,
            produces: ['text/csv'],
          },
        },
        async (request, reply) => {
          const lines = await imports.deliver(await staffOf(request), request.params.id, part);
          return sendCsv(reply, fileName(part, request.params.id), lines);
        },
      );
    }
  };
}

function fileName(part: DeliveryPart, id: string): string {
  return `naru-${part}-${id.slice(0, 8)}.csv`;
}

/** The body as it arrives, as far as a register may reach. */
async function* pieces(request: FastifyRequest): FilePieces {
  if (!(request.body instanceof Readable)) throw problem('MEDIA_TYPE_UNKNOWN', 'Send the register as text/csv.');
  let size_bytes = 0;
  // The connection is still needed for the answer, also where the file is not read to its end.
  for await (const piece of request.body.iterator({ destroyOnReturn: false })) {
    size_bytes += piece.length;
    if (size_bytes > importLimits.file_bytes) {
      throw problem('BODY_TOO_LARGE', `A register may have ${importLimits.file_bytes} bytes; give it in parts.`);
    }
    yield piece;
  }
}

// What the page of the audit asks: what staff did, a page at a time or whole.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendCsv } from '../platform/http/csv-reply.ts';
import type { Routes } from '../platform/http/http-server.ts';
import type { Actor } from './actor.ts';
import { auditActions } from './audit-actions.ts';
import type { AuditService } from './audit-service.ts';

const tags = ['utility'];

export interface AuditRoutesOptions {
  audit: AuditService;
  /** Throws NOT_SIGNED_IN, CREDENTIAL_REVOKED. */
  staffOf(request: FastifyRequest): Promise<Actor>;
}

export function auditRoutes({ audit, staffOf }: AuditRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/utility/audit',
      {
        schema: {
          tags,
          summary: 'What staff did, the newest first; no claims and no names',
          querystring: z.object({
            cursor: z.coerce.number().int().positive().optional(),
            action: z.enum(auditActions).optional(),
            limit: z.coerce.number().int().min(1).max(200).default(100),
          }),
          response: {
            200: z.object({
              entries: z.array(
                z.object({
                  id: z.int(),
                  at: z.string(),
                  actor: z.string(),
                  duty: z.string().nullable(),
                  action: z.string(),
                  service_point: z.string().nullable(),
                  type: z.string().nullable(),
                  offer_id: z.string().nullable(),
                  credential_id: z.string().nullable(),
                  import_id: z.string().nullable(),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { cursor, action, limit } = request.query;
        const entries = await audit.readAudit(await staffOf(request), cursor ?? null, action ?? null, limit);
        const last = entries.at(-1);
        return { entries, next_cursor: last && entries.length === limit ? String(last.id) : null };
      },
    );

    app.get(
      '/api/utility/audit.csv',
      { schema: { tags, summary: 'The whole audit as a table', produces: ['text/csv'] } },
      async (request, reply) => sendCsv(reply, 'naru-audit.csv', await audit.exportAudit(await staffOf(request))),
    );
  };
}

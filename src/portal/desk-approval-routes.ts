// What the desk's page asks about offers that wait for a second person.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import type { Actor } from './actor.ts';
import type { DeskApprovalService } from './desk-approval-service.ts';

const tags = ['utility'];
const uuid = z.object({ id: z.uuid() });

export interface DeskApprovalRoutesOptions {
  approvals: DeskApprovalService;
  /** Throws NOT_SIGNED_IN, CREDENTIAL_REVOKED. */
  staffOf(request: FastifyRequest): Promise<Actor>;
}

export function deskApprovalRoutes({ approvals, staffOf }: DeskApprovalRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/utility/desk/approvals',
      {
        schema: {
          tags,
          summary: 'Offers of this clerk’s types that wait for approval, the oldest first',
          response: {
            200: z.object({
              offers: z.array(
                z.object({
                  offer_id: z.string(),
                  type: z.string(),
                  reference: z.string(),
                  created_at: z.string(),
                  expires_at: z.string(),
                }),
              ),
            }),
          },
        },
      },
      async (request) => ({ offers: await approvals.waiting(await staffOf(request)) }),
    );

    app.post(
      '/api/utility/desk/approvals/:id/approve',
      {
        schema: {
          tags,
          summary: 'Approve an offer that another person made: the credential may be issued',
          params: uuid,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await approvals.approve(await staffOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/desk/approvals/:id/refuse',
      {
        schema: {
          tags,
          summary: 'Refuse an offer: it ends, and a wallet that waits is told',
          params: uuid,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await approvals.refuse(await staffOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
}

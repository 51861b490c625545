// How anchoring stands, for the console.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import type { AnchoringStateService } from './anchoring-state-service.ts';

const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/);

const state = z.object({
  trouble: z.object({ code: z.string(), detail: z.string(), since: z.iso.datetime() }).nullable(),
  changes_waiting: z.int(),
  place: z.object({ chain_id: z.int(), contract: z.string(), registry_id: hex32 }).nullable(),
  account: z
    .object({
      address: z.string(),
      balance_wei: z.string().regex(/^\d+$/),
      commits_left: z.int().nullable().describe('at the fee of the last commit; null before the first'),
    })
    .nullable(),
  nodes: z.array(
    z.object({
      host: z.string(),
      state: z.enum(['in_use', 'ready', 'away', 'wrong_chain', 'disagrees']),
      block: z.int().nullable(),
    }),
  ),
  epochs: z
    .array(
      z.object({
        epoch: z.int(),
        status: z.enum(['pending', 'included', 'final']),
        changes: z.int(),
        made_at: z.iso.datetime(),
        root: hex32,
        transaction: hex32.nullable(),
        block: z.int().nullable(),
        block_time: z.iso.datetime().nullable(),
        confirmations: z.int().nullable(),
        sends: z.int().describe('transactions made for it; more than one where the fee was raised'),
        max_fee_gwei: z.number().nullable(),
      }),
    )
    .describe('newest first'),
});

export function anchoringStateRoutes(
  service: AnchoringStateService,
  requireStaff: (request: FastifyRequest) => Promise<void>,
): Routes {
  return async (app) => {
    app.get(
      '/api/utility/anchoring',
      {
        preHandler: requireStaff,
        schema: {
          tags: ['utility'],
          summary: 'How anchoring stands: trouble, account, chain nodes and the newest epochs',
          response: { 200: state },
        },
      },
      () => service.state(),
    );
  };
}

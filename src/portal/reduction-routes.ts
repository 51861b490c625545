// What a citizen's browser may ask about reductions: which there are, prove one with the wallet, give one up.
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import type { citizenOfRequest } from './citizen-routes.ts';
import type { ReductionService } from './prove-reduction-service.ts';
import { signInStart } from './sign-in-start.ts';
import { walletRequestLink } from './wallet-links.ts';

const predicate = z.object({ predicate: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/) });
const begun = predicate.extend({ request_id: z.string().min(1).max(128) });
const day = z.iso.date();
const words = z.object({ ko: z.string(), en: z.string() });
const reduction = z.object({
  predicate: z.string(),
  name: words,
  takes_off: words,
  provable: z.boolean(),
  standing: z
    .object({
      mine: z.boolean(),
      from: day,
      until: day,
      ended: z.string().nullable(),
      unconfirmed_since: z.string().nullable(),
    })
    .nullable(),
});

export interface ReductionRoutesOptions {
  reductions: ReductionService;
  citizenOf: ReturnType<typeof citizenOfRequest>;
  walletUrl: string;
}

export function reductionRoutes({ reductions, citizenOf, walletUrl }: ReductionRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/portal/reductions',
      {
        schema: {
          tags: ['portal'],
          summary: 'Reductions that the tariff gives for a proof, and how each stands',
          response: { 200: z.object({ reductions: z.array(reduction) }) },
        },
      },
      async (request) => {
        const all = await reductions.listReductions(await citizenOf(request));
        return { reductions: all.map(({ takesOff, ...rest }) => ({ ...rest, takes_off: takesOff })) };
      },
    );

    const start = signInStart('portal', 'Begin to prove what a reduction is given for');
    app.post(
      '/api/portal/reductions/:predicate/proof',
      { ...start, schema: { ...start.schema, params: predicate } },
      async (request) => {
        const session = await citizenOf(request);
        const started = await reductions.startProof(session, request.params.predicate, request.body.mode);
        const { request_id, authorization_request, expires_at } = started;
        const wallet_link = walletRequestLink(walletUrl, authorization_request);
        return { request_id, authorization_request, wallet_link, expires_at };
      },
    );

    app.get(
      '/api/portal/reductions/:predicate/proof/:request_id',
      {
        schema: {
          tags: ['portal'],
          summary: 'How the proof stands',
          params: begun,
          response: {
            200: z.object({
              state: z.enum(['waiting', 'verified', 'refused', 'expired']),
              trace: z.array(z.record(z.string(), z.unknown())).optional(),
            }),
          },
        },
      },
      async (request) => {
        const { predicate: name, request_id } = request.params;
        return (await reductions.proofState(await citizenOf(request), name, request_id)) as never;
      },
    );

    app.post(
      '/api/portal/reductions/:predicate/proof/:request_id/complete',
      {
        schema: {
          tags: ['portal'],
          summary: 'Take the proof up: the reduction counts from today on',
          params: begun,
          body: z.object({ response_code: z.string().min(1).max(256).optional() }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { predicate: name, request_id } = request.params;
        const session = await citizenOf(request);
        await reductions.completeProof(session, name, request_id, request.body.response_code);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/portal/reductions/:predicate/end',
      {
        schema: {
          tags: ['portal'],
          summary: 'Give a reduction of mine up, from today on',
          params: predicate,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await reductions.giveUp(await citizenOf(request), request.params.predicate);
        return reply.code(204).send(null);
      },
    );
  };
}

// Serves the status lists so that they can be kept: each with its age and an ETag, to any page and any cache.
// Source: draft-ietf-oauth-status-list, sections 8 and 9; Bitstring Status List 1.0, section 2.2.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem } from '../../platform/problem.ts';
import { credentialMediaType } from './credential-media-type.ts';
import { STATUS_LIST_TYPE, type StatusPurpose, statusListLimits } from './status-list.ts';
import type { PublishedList, StatusListService } from './status-list-service.ts';

const tags = ['Credentials'];
const CACHE = `public, max-age=${statusListLimits.ttl_s}`;

const params = z.object({ id: z.coerce.number().int().positive() });
const querystring = z.object({ time: z.string().optional() });

export function statusListRoutes({ statusLists }: { statusLists: StatusListService }): Routes {
  return async (app) => {
    app.get(
      '/status-lists',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'Addresses of all status lists',
          response: { 200: z.object({ status_lists: z.array(z.string()) }) },
        },
      },
      async (_request, reply) => reply.header('cache-control', CACHE).send(await statusLists.aggregation()),
    );

    app.get(
      '/status-lists/:id',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'A Token Status List, signed',
          ...{ params, querystring },
          response: { 200: z.string(), 304: z.undefined() },
        },
      },
      async (request, reply) => {
        // Source: draft-ietf-oauth-status-list, 8.4: who keeps no history says so.
        if (request.query.time !== undefined) throw problem('STATUS_LIST_PAST');
        return send(request, reply, `application/${STATUS_LIST_TYPE}`, await statusLists.token(request.params.id));
      },
    );

    for (const [path, purpose] of [
      ['bitstring', 'revocation'],
      ['bitstring/suspension', 'suspension'],
    ] as const satisfies [string, StatusPurpose][]) {
      app.get(
        `/status-lists/:id/${path}`,
        {
          config: { openToPages: true },
          schema: {
            tags,
            summary: `The same list as a BitstringStatusListCredential, for ${purpose}`,
            params,
            response: { 200: z.string(), 304: z.undefined() },
          },
        },
        async (request, reply) => {
          const type = credentialMediaType(request.headers.accept);
          reply.header('vary', 'accept');
          return send(request, reply, type, await statusLists.bitstring(request.params.id, purpose));
        },
      );
    }
  };
}

function send(request: FastifyRequest, reply: FastifyReply, type: string, { text, etag }: PublishedList) {
  reply.header('cache-control', CACHE).header('etag', etag);
  const known = (request.headers['if-none-match'] ?? '').split(',').map((one) => one.trim());
  if (known.includes(etag) || known.includes('*')) return reply.code(304).send();
  return reply.type(type).send(text);
}

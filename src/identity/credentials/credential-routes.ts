// What anybody may read about credentials: the status lists, the metadata of types, and the JSON-LD context.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem } from '../../platform/problem.ts';
import { jsonLdContext, sdJwtVcTypeMetadata } from './credential-metadata.ts';
import { credentialTypes } from './credential-types.ts';
import { statusListRoutes } from './status-list-routes.ts';
import type { StatusListService } from './status-list-service.ts';

const tags = ['Credentials'];
const CONTEXT_CACHE = 'public, max-age=3600';

export function credentialRoutes(options: { statusLists: StatusListService; publicUrl: string }): Routes {
  const { statusLists, publicUrl } = options;
  return async (app) => {
    await app.register(statusListRoutes({ statusLists }));

    app.get(
      '/vct/:type',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'SD-JWT VC type metadata',
          params: z.object({ type: z.string().max(64) }),
          response: { 200: z.looseObject({ vct: z.string() }) },
        },
      },
      async (request, reply) => {
        const type = credentialTypes.find(({ id }) => id === request.params.type);
        if (type === undefined) throw problem('NOT_FOUND', 'There is no credential type of that name.');
        return reply.header('cache-control', CONTEXT_CACHE).send(sdJwtVcTypeMetadata(type, publicUrl));
      },
    );

    app.get(
      '/contexts/v1',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: "Naru's JSON-LD context",
          response: { 200: z.object({ '@context': z.looseObject({}) }) },
        },
      },
      async (_request, reply) =>
        reply.type('application/ld+json').header('cache-control', CONTEXT_CACHE).send(jsonLdContext(credentialTypes)),
    );
  };
}

// The OGC SensorThings API over what the meters told: read alone, for staff and for programs of the operator.
import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem } from '../../platform/problem.ts';
import { readOptions } from './odata-options.ts';
import type { SensorThings } from './sensorthings-service.ts';

const tags = ['exports'];
export const sensorThingsRoot = '/sensorthings/v1.1';

export function sensorThingsRoutes(sensorThings: SensorThings, requireKeeper: preHandlerAsyncHookHandler): Routes {
  return async (server) => {
    server.addHook('preHandler', requireKeeper);

    for (const url of [sensorThingsRoot, `${sensorThingsRoot}/`]) {
      server.get(
        url,
        {
          schema: {
            summary: 'OGC SensorThings 1.1: the entity sets, and which requirements of the standard are met',
            ...{ tags, hide: url.endsWith('/') },
          },
        },
        () => sensorThings.root(),
      );
    }

    server.get(
      `${sensorThingsRoot}/*`,
      { schema: { summary: 'OGC SensorThings 1.1: an entity, a property of one, or a list of them', tags } },
      async (request, reply) => {
        const { path, query } = partsOf(request);
        const answer = await sensorThings.answer(path, readOptions(query));
        return 'text' in answer ? reply.type('text/plain; charset=utf-8').send(answer.text) : reply.send(answer.json);
      },
    );

    server.route({
      ...{ method: ['POST', 'PUT', 'PATCH', 'DELETE'], url: `${sensorThingsRoot}/*`, schema: { hide: true } },
      handler: (_request, reply) => {
        reply.header('allow', 'GET, HEAD');
        throw problem('METHOD_REFUSED', 'What meters told comes from meters: nothing can be written here.');
      },
    });
  };
}

/** @throws REQUEST_INVALID where an option is there twice */
function partsOf(request: FastifyRequest): { path: string; query: Map<string, string> } {
  const query = new Map<string, string>();
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
    if (typeof value !== 'string') throw problem('REQUEST_INVALID', `query: ${name} is there more than once`);
    query.set(name, value);
  }
  return { path: (request.params as { '*': string })['*'], query };
}

// The HTTP shell: one Fastify application with schemas, problem answers, security headers, OpenAPI and a request log
// that holds no address of a person and no query. Rooms hand in route plugins; this file knows none of them.
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import {
  type FastifyPluginAsyncZod,
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { Logger } from '../logger.ts';
import { Problem, problem, problemDocument } from '../problem.ts';
import { over, type TlsMaterial } from './tls-files.ts';

/** A room's routes: an encapsulated plugin, registered once. */
export type Routes = FastifyPluginAsyncZod;

export const httpLimits = {
  body_bytes: 1_048_576,
  requestTimeout_ms: 30_000,
  /** An idle connection is kept no longer, so that a stop does not wait for it. */
  keepAlive_ms: 5_000,
  requestsPerMinute: 1_200,
} as const;

export interface HttpServerOptions {
  logger: Logger;
  /** Origins whose pages may call routes that set `config: { openToPages: true }` — `*` for every page, without cookies. */
  publicUrl: string;
  title: string;
  version: string;
  routes: Routes[];
  /** With it the server speaks HTTPS itself. */
  tls?: TlsMaterial | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route may be called from pages of any origin (no cookies are honoured there): wallets live elsewhere. */
    openToPages?: boolean;
  }
}

export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const server = Fastify({
    ...over(options.tls),
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: httpLimits.body_bytes,
    requestTimeout: httpLimits.requestTimeout_ms,
    keepAliveTimeout: httpLimits.keepAlive_ms,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 512 },
    // A reverse proxy on this machine tells whose request it is; nobody else is believed.
    trustProxy: 'loopback',
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const refusal = asProblem(error);
    if (refusal.status >= 500)
      request.log.error({ code: refusal.code, err: error, route: request.routeOptions.url }, 'request failed');
    return reply
      .code(refusal.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemDocument(refusal)));
  });
  server.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send(JSON.stringify(problemDocument(problem('NOT_FOUND')))),
  );

  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
    },
    strictTransportSecurity: options.publicUrl.startsWith('https:'),
    crossOriginResourcePolicy: false,
  });
  await server.register(cookie);
  await server.register(cors, {
    delegator: (request, done) => {
      const open = (request as { routeOptions?: { config?: { openToPages?: boolean } } }).routeOptions?.config
        ?.openToPages;
      // A preflight carries no route of its own; what it allows is harmless, because cookies are never allowed with it.
      const origin = open === true || request.method === 'OPTIONS' ? '*' : false;
      done(null, { origin, methods: ['GET', 'HEAD', 'POST', 'DELETE'], credentials: false });
    },
  });
  await server.register(rateLimit, {
    max: httpLimits.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: () => problem('TOO_MANY_REQUESTS'),
  });
  server.addHook('onRequest', async (request) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return;
    if (request.routeOptions.config.openToPages === true) return;
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw problem('CROSS_SITE_REFUSED');
  });
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: options.title, version: options.version, license: { name: 'Apache-2.0' } },
      servers: [{ url: options.publicUrl }],
    },
    transform: jsonSchemaTransform,
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    theme: { title: `${options.title} API`, css: [{ filename: 'plain.css', content: '.topbar { display: none }' }] },
  });
  for (const routes of options.routes) await server.register(routes);
  server.get('/openapi.json', { schema: { hide: true } }, () => server.swagger());
  return server;
}

function asProblem(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const first = error.validation[0];
    return problem(
      'REQUEST_INVALID',
      `${error.validationContext ?? 'request'}${first?.instancePath ?? ''}: ${first?.message ?? 'invalid'}`,
    );
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return problem('BODY_TOO_LARGE');
  if (status === 415) return problem('MEDIA_TYPE_UNKNOWN');
  if (status === 429) return problem('TOO_MANY_REQUESTS');
  if (status >= 400 && status < 500) return problem('REQUEST_INVALID', error.message);
  return problem('INTERNAL');
}

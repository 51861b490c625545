// Serves built pages: files with a hash in their name for good, everything else fresh.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from '../logger.ts';
import { problem } from '../problem.ts';
import type { Routes } from './http-server.ts';
import { over, type TlsMaterial } from './tls-files.ts';

const YEAR_s = 31_536_000;

/** Pages below `folder`, at the root of the server they are registered on. */
export function staticPages(folder: string): Routes {
  requirePages(folder);
  return async (app) => {
    await app.register(fastifyStatic, {
      root: folder,
      index: ['index.html'],
      redirect: true,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const forGood = path.includes('/assets/');
        reply.setHeader('Cache-Control', forGood ? `public, max-age=${YEAR_s}, immutable` : 'no-cache');
      },
    });
  };
}

/**
 * The wallet's own origin: its pages, and `/config.json` that names the one service it may talk to.
 * @param serviceUrl origin of the service
 * @param tls with it the server speaks HTTPS itself
 */
export async function createWalletServer(
  folder: string,
  serviceUrl: string,
  logger: Logger,
  tls: TlsMaterial | null = null,
): Promise<FastifyInstance> {
  const server = Fastify({
    ...over(tls),
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
  });
  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        connectSrc: ["'self'", serviceUrl],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'none'"],
      },
    },
    strictTransportSecurity: serviceUrl.startsWith('https:'),
  });
  server.get('/config.json', (_request, reply) =>
    reply.header('Cache-Control', 'no-cache').send({ service_url: serviceUrl }),
  );
  server.get('/healthz', () => ({ status: 'ok' }));
  await server.register(staticPages(folder));
  return server;
}

function requirePages(folder: string): void {
  if (!existsSync(join(folder, 'index.html'))) {
    throw problem(
      'START_FAILED',
      `The pages are not built (${folder} is missing); run \`npm run build\` in Naru's folder.`,
    );
  }
}

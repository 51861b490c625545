import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { problem } from '../../src/platform/problem.ts';

let server: FastifyInstance;
beforeAll(async () => {
  server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost:8080',
    title: 'test',
    version: '0',
    routes: [
      async (app) => {
        app.post('/echo', { schema: { body: z.object({ n: z.int() }) } }, async (request) => request.body);
        app.post('/open', { config: { openToPages: true } }, async () => ({}));
        app.get('/missing', async () => {
          throw problem('NOT_FOUND', 'no such thing');
        });
        app.get('/broken', async () => {
          throw new Error('secret inside');
        });
      },
    ],
  });
});
afterAll(() => server.close());

test('answers a refusal as RFC 9457 problem+json', async () => {
  const answer = await server.inject('/missing');
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({ status: 404, code: 'NOT_FOUND', detail: 'no such thing' });
});

test('says where a body is wrong', async () => {
  const answer = await server.inject({ method: 'POST', url: '/echo', payload: { n: 'x' } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().detail).toMatch(/^body\/n: /);
});

test('never shows the message of an unforeseen error', async () => {
  const answer = await server.inject('/broken');
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('secret');
});

test('refuses a body with __proto__', async () => {
  const answer = await server.inject({
    method: 'POST',
    url: '/echo',
    headers: { 'content-type': 'application/json' },
    payload: '{"n":1,"__proto__":{"admin":true}}',
  });
  expect(answer.statusCode).toBe(400);
});

test('refuses a write from a page of another site, except on routes open to pages', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
  const refused = await server.inject({ method: 'POST', url: '/echo', payload: { n: 1 }, headers });
  expect(refused.json().code).toBe('CROSS_SITE_REFUSED');
  const open = await server.inject({ method: 'POST', url: '/open', headers });
  expect(open.statusCode).toBe(200);
  expect(open.headers['access-control-allow-origin']).toBe('*');
});

test('publishes OpenAPI 3.1', async () => {
  const answer = await server.inject('/openapi.json');
  expect(answer.json()).toMatchObject({ openapi: '3.1.0', paths: { '/echo': { post: {} } } });
});

// Health, readiness, the operator's token, and the servers of built pages.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createHttpServer, type Routes } from '../../src/platform/http/http-server.ts';
import { operationsRoutes, type ReadinessCheck } from '../../src/platform/http/operations-routes.ts';
import { operatorGuard } from '../../src/platform/http/operator-guard.ts';
import { createWalletServer, staticPages } from '../../src/platform/http/static-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

const logger = createLogger('silent');
const folder = mkdtempSync(join(tmpdir(), 'naru-pages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<title>page</title>');
writeFileSync(join(folder, 'assets', 'page-a1b2.js'), '1');

async function serverOf(routes: Routes) {
  const server = await createHttpServer({
    ...{ logger, publicUrl: 'http://localhost:8080', title: 'test', version: '0' },
    routes: [routes],
  });
  afterAll(() => server.close());
  return server;
}
const withChecks = (...checks: ReadinessCheck[]) => serverOf(operationsRoutes(createMetrics(), checks));
const well = { name: 'database', check: async () => {} };

describe('readiness', () => {
  test('is given where every part answers', async () => {
    const answer = await (await withChecks(well)).inject('/readyz');
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ready', parts: { database: 'ok' } }]);
  });

  test('names the part that is away, without its reason, while the process still counts as alive', async () => {
    const server = await withChecks(well, {
      name: 'chain',
      check: () => Promise.reject(new Error('postgres://user:password@host')),
    });
    const answer = await server.inject('/readyz');
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { status: 'not_ready', parts: { database: 'ok', chain: 'away' } },
    ]);
    expect((await server.inject('/healthz')).json()).toEqual({ status: 'ok' });
  });

  test('counts a part that hangs, or throws before it begins, as away', async () => {
    const server = await withChecks(
      { name: 'database', check: () => new Promise<never>(() => {}) },
      {
        name: 'chain',
        check: () => {
          throw new Error('at once');
        },
      },
    );
    const answer = await server.inject('/readyz');
    expect([answer.statusCode, answer.json().parts]).toEqual([503, { database: 'away', chain: 'away' }]);
  });

  test('serves metrics as Prometheus reads them', async () => {
    const answer = await (await withChecks()).inject('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain('# TYPE');
  });
});

describe("the operator's token", () => {
  const token = 'a-token-of-at-least-32-characters!';
  const answerTo = async (expected: string | undefined, authorization?: string) => {
    const guard = operatorGuard(expected);
    const server = await serverOf(async (app) => {
      app.get('/guarded', { preHandler: guard }, async () => 'in');
    });
    return server.inject({ url: '/guarded', headers: authorization === undefined ? {} : { authorization } });
  };

  test.each([`Bearer ${token}`, `bearer ${token}`])('lets %s in', async (authorization) => {
    expect((await answerTo(token, authorization)).body).toBe('in');
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', `Basic ${token}`, token, `Bearer ${token}x`, 'Bearer undefined'])(
    'keeps %s out',
    async (authorization) => {
      const answer = await answerTo(token, authorization);
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_SIGNED_IN']);
      expect(answer.body).not.toContain(token);
    },
  );

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer undefined', `Bearer ${token}`])(
    'keeps %s out where none is configured',
    async (authorization) => {
      expect((await answerTo(undefined, authorization)).statusCode).toBe(401);
    },
  );
});

describe('built pages', () => {
  test('of the wallet may talk to the one service and to nobody else', async () => {
    const wallet = await createWalletServer(folder, 'https://naru.example', logger);
    const page = await wallet.inject('/');
    expect(page.body).toContain('<title>');
    const policy = String(page.headers['content-security-policy']).split(';');
    expect(policy).toContain("connect-src 'self' https://naru.example");
    expect(policy).toContain("default-src 'self'");
    expect(policy.join(' ').match(/https?:[^\s]*/g)).toEqual(['https://naru.example']);
    expect(policy.join(' ')).not.toContain('unsafe-eval');
    expect(page.headers['strict-transport-security']).toBeDefined();
    expect((await wallet.inject('/config.json')).json()).toEqual({ service_url: 'https://naru.example' });
    expect((await wallet.inject('/../package.json')).statusCode).not.toBe(200);
    await wallet.close();
  });

  test('are kept for good where their name holds a hash, and asked for again elsewhere', async () => {
    const server = await serverOf(staticPages(folder));
    expect((await server.inject('/assets/page-a1b2.js')).headers['cache-control']).toContain('immutable');
    expect((await server.inject('/')).headers['cache-control']).toBe('no-cache');
  });

  test('that are missing say what to run', () => {
    expect(() => staticPages(join(folder, 'nothing'))).toThrow(/npm run build/);
  });
});

// What operators and their tools ask: alive, ready, metrics.
import { z } from 'zod';
import type { Metrics } from '../metrics.ts';
import type { Routes } from './http-server.ts';

/** A part that must answer for the service to be ready; `check` throws where it is away. */
export interface ReadinessCheck {
  name: string;
  check(): Promise<void>;
}

const CHECK_TIMEOUT_ms = 2_000;

export function operationsRoutes(metrics: Metrics, checks: ReadinessCheck[]): Routes {
  return async (app) => {
    app.get(
      '/healthz',
      {
        schema: {
          tags: ['operations'],
          summary: 'Whether the process lives',
          response: { 200: z.object({ status: z.literal('ok') }) },
        },
      },
      async () => ({ status: 'ok' as const }),
    );
    const readiness = z.object({
      status: z.enum(['ready', 'not_ready']),
      parts: z.record(z.string(), z.enum(['ok', 'away'])),
    });
    app.get(
      '/readyz',
      {
        schema: {
          tags: ['operations'],
          summary: 'Whether every part it needs answers',
          response: { 200: readiness, 503: readiness },
        },
      },
      async (_request, reply) => {
        const outcomes = await Promise.all(
          checks.map(async (part) => [part.name, (await answers(part)) ? 'ok' : 'away'] as const),
        );
        const ready = outcomes.every(([, outcome]) => outcome === 'ok');
        return reply
          .code(ready ? 200 : 503)
          .send({ status: ready ? 'ready' : 'not_ready', parts: Object.fromEntries(outcomes) });
      },
    );
    app.get('/metrics', { schema: { tags: ['operations'], summary: 'Prometheus metrics' } }, async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.metrics()),
    );
  };
}

async function answers(part: ReadinessCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_ms);
  });
  try {
    await Promise.race([part.check(), patience]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

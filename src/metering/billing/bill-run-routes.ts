// Bill runs over HTTP, for signed-in staff: which tariffs there are, starting a run, how far it is, what it held.
import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import { problem } from '../../platform/problem.ts';
import { billingLimits } from './billing-limits.ts';
import type { BillsService } from './bills-service.ts';
import type { BillRunOrder } from './start-bill-run-service.ts';
import { tariffLimits } from './tariff-values.ts';

const tags = ['billing'];
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, { error: 'write a date as 2026-03-01' });
const instant = z.iso.datetime({ offset: true });
const runId = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) });
const limit = z.coerce.number().int().min(1).max(billingLimits.page).default(50);

const heldReasons = [
  'no_meter',
  'no_reading',
  'register_broken',
  'overlaps_bill',
  'no_price',
  'unknown_exception',
] as const;

const run = z.object({
  id: z.int(),
  tariff: z.string(),
  tariff_sha256: z.string(),
  use_from: day,
  use_until: day,
  billed_on: day,
  due_on: day,
  months: z.int(),
  zone: z.string().nullable(),
  state: z.enum(['waiting', 'running', 'done']),
  places: z.int(),
  billed: z.int(),
  billed_before: z.int(),
  held: z.int(),
  started_at: instant,
  finished_at: instant.nullable(),
});

const order = z.strictObject({
  tariff: z.string().min(1).max(64).optional().describe('the name of a shipped tariff'),
  tariff_text: z.string().min(1).max(tariffLimits.file_bytes).optional().describe('or a tariff file as it is'),
  use_from: day.describe('first day of use'),
  use_until: day.describe('the first day that is no longer billed'),
  billed_on: day,
  due_on: day.optional().describe('the end of the month of billed_on without'),
  months: z.int().min(1).max(24).optional().describe('months that a bill is for; 1 without'),
  zone: z.string().min(1).max(64).optional().describe('with the zones in it; everywhere without'),
});

export interface BillRunRoutesOptions {
  bills: BillsService;
  startRun(order: BillRunOrder): Promise<number>;
  shippedTariffs: { names(): string[]; text(name: string): string | null };
  requireStaff: preHandlerAsyncHookHandler;
  actorOf(request: FastifyRequest): Buffer | null;
}

export function billRunRoutes({
  bills,
  startRun,
  shippedTariffs,
  requireStaff,
  actorOf,
}: BillRunRoutesOptions): Routes {
  function tariffOf({ tariff, tariff_text }: z.infer<typeof order>): BillRunOrder['tariff'] {
    if ((tariff === undefined) === (tariff_text === undefined)) {
      throw problem('REQUEST_INVALID', 'body: give either tariff, a name, or tariff_text, a file');
    }
    if (tariff_text !== undefined) return { name: 'tariff_text', text: tariff_text };
    const text = shippedTariffs.text(tariff ?? '');
    if (text === null) throw problem('TARIFF_UNKNOWN', `tariff: choose one of ${shippedTariffs.names().join(', ')}`);
    return { name: tariff ?? '', text };
  }

  return async (server) => {
    server.addHook('preHandler', requireStaff);

    server.get(
      '/api/utility/tariffs',
      {
        schema: {
          summary: 'The shipped tariffs by name',
          tags,
          response: { 200: z.object({ tariffs: z.array(z.string()) }) },
        },
      },
      async () => ({ tariffs: shippedTariffs.names() }),
    );

    server.post(
      '/api/utility/bill-runs',
      {
        schema: {
          summary:
            'Start a bill run; the worker makes its bills, one of a place and period however often it is started',
          tags,
          body: order,
          response: { 201: run },
        },
      },
      async (request, reply) => {
        const { tariff: _name, tariff_text: _text, ...asked } = request.body;
        const id = await startRun({ ...asked, tariff: tariffOf(request.body), startedBy: actorOf(request) });
        return reply.code(201).send(runAnswer(await bills.getRun(id)));
      },
    );

    server.get(
      '/api/utility/bill-runs',
      {
        schema: {
          summary: 'Bill runs, newest first',
          tags,
          querystring: z.object({ cursor: z.coerce.number().int().min(1).optional(), limit }),
          response: { 200: z.object({ runs: z.array(run), next_cursor: z.string().nullable() }) },
        },
      },
      async ({ query }) => {
        const runs = await bills.listRuns(query.cursor ?? null, query.limit);
        const last = runs.length < query.limit ? undefined : runs.at(-1);
        return { runs: runs.map(runAnswer), next_cursor: last === undefined ? null : String(last.run_id) };
      },
    );

    server.get(
      '/api/utility/bill-runs/:id',
      { schema: { summary: 'A bill run and how far it is', tags, params: runId, response: { 200: run } } },
      async ({ params }) => runAnswer(await bills.getRun(params.id)),
    );

    server.get(
      '/api/utility/bill-runs/:id/held',
      {
        schema: {
          summary: 'The places that the run could not bill, and why; with the bill that a later run made',
          tags,
          params: runId,
          querystring: z.object({ cursor: z.string().max(64).default(''), limit }),
          response: {
            200: z.object({
              held: z.array(
                z.object({
                  service_point: z.string(),
                  reason: z.enum(heldReasons),
                  detail: z.string().describe('the fault in English'),
                  fault: z
                    .object({ code: z.string(), data: z.record(z.string(), z.union([z.string(), z.number()])) })
                    .nullable(),
                  bill_id: z.int().nullable(),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async ({ params, query }) => {
        await bills.getRun(params.id);
        const held = await bills.listHeld(params.id, query.cursor, query.limit);
        return {
          held: held.map(({ service_point_id, ...rest }) => ({ service_point: service_point_id, ...rest })),
          next_cursor: held.length < query.limit ? null : (held.at(-1)?.service_point_id ?? null),
        };
      },
    );
  };
}

type BillRun = Awaited<ReturnType<BillsService['getRun']>>;

function runAnswer({ run_id, zone_id, started_at_ms, finished_at_ms, ...rest }: BillRun): z.infer<typeof run> {
  return {
    ...rest,
    id: run_id,
    zone: zone_id,
    started_at: isoInstant(started_at_ms),
    finished_at: finished_at_ms === null ? null : isoInstant(finished_at_ms),
  };
}

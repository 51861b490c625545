// Bills over HTTP, for signed-in staff: of a run or a place, one followed to what it is made of, its JSON and its PDF.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import { billingLimits } from './billing-limits.ts';
import type { BillsService } from './bills-service.ts';

const tags = ['billing'];
const day = z.string();
const billId = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
const page = {
  cursor: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(billingLimits.page).default(50),
};

const summary = z.object({
  id: z.int(),
  number: z.string(),
  service_point: z.string(),
  run_id: z.int(),
  use_from: day,
  use_until: day,
  billed_on: day,
  due_on: day,
  tariff: z.string(),
  version: z.int(),
  volume_l: z.int(),
  payable_won: z.int(),
  credit_left_won: z.int(),
});
const list = z.object({ bills: z.array(summary), next_cursor: z.string().nullable() });

const followed = summary.extend({
  document: z.record(z.string(), z.unknown()),
  document_sha256: z.string(),
  tariff_lines: z.record(z.string(), z.object({ at_line: z.int(), text: z.string() })),
  versions: z.array(
    z.object({
      version: z.int(),
      volume_l: z.int(),
      estimated_l: z.int(),
      computed_at: z.iso.datetime({ offset: true }),
      parts: z.array(
        z.object({
          install_id: z.int(),
          meter_id: z.int(),
          from: day,
          days_l: z.array(z.int()),
          estimated: z.array(z.object({ day, volume_l: z.int() })),
        }),
      ),
    }),
  ),
  corrected_by: z.array(
    z.object({
      bill_id: z.int(),
      number: z.string(),
      version_before: z.int(),
      version_after: z.int(),
      amount_won: z.int(),
    }),
  ),
});

type BillSummary = Awaited<ReturnType<BillsService['listBillsAt']>>[number];

export function billRoutes(bills: BillsService, requireStaff: preHandlerAsyncHookHandler): Routes {
  return async (server) => {
    server.addHook('preHandler', requireStaff);

    server.get(
      '/api/utility/bill-runs/:id/bills',
      {
        schema: {
          summary: 'The bills that a run made, in the order of making',
          tags,
          params: billId,
          querystring: z.object(page),
          response: { 200: list },
        },
      },
      async ({ params, query }) => {
        await bills.getRun(params.id);
        return listAnswer(await bills.listBillsOfRun(params.id, query.cursor ?? 0, query.limit), query.limit);
      },
    );

    server.get(
      '/api/utility/service-points/:place/bills',
      {
        schema: {
          summary: "A place's bills, newest first",
          tags,
          params: z.object({ place: z.string().min(1).max(64) }),
          querystring: z.object(page),
          response: { 200: list },
        },
      },
      async ({ params, query }) =>
        listAnswer(await bills.listBillsAt(params.place, query.cursor ?? null, query.limit), query.limit),
    );

    server.get(
      '/api/utility/bills/:id',
      {
        schema: {
          summary: 'A bill with the tariff lines it used, all versions of its use, and the bills that corrected it',
          tags,
          params: billId,
          response: { 200: followed },
        },
      },
      async ({ params }) => {
        const { lines, versions, corrected_by, document, document_sha256, ...bill } = await bills.followBill(params.id);
        return {
          ...summaryAnswer(bill),
          ...{ document: JSON.parse(document) as Record<string, unknown>, document_sha256, corrected_by },
          tariff_lines: Object.fromEntries(lines),
          versions: versions.map(({ computed_at_ms, ...version }) => ({
            ...version,
            computed_at: isoInstant(computed_at_ms),
          })),
        };
      },
    );

    server.get(
      '/api/utility/bills/:id/document',
      {
        schema: {
          summary: 'The bill as it was kept: canonical JSON (RFC 8785), whose SHA-256 is the bill’s hash',
          tags,
          params: billId,
        },
      },
      async ({ params }, reply) => {
        const { document, number } = await bills.getBill(params.id);
        return reply.type('application/json').header('content-disposition', attachment(number, 'json')).send(document);
      },
    );

    server.get(
      '/api/utility/bills/:id/paper',
      { schema: { summary: 'The bill as PDF', tags, params: billId, produces: ['application/pdf'] } },
      async ({ params }, reply) => {
        const { number } = await bills.getBill(params.id);
        const paper = await bills.printBill(params.id);
        return reply.type('application/pdf').header('content-disposition', attachment(number, 'pdf')).send(paper);
      },
    );
  };
}

/** Source: RFC 8187, section 3.2: a place's name may hold what a plain parameter can't. */
function attachment(number: string, ending: string): string {
  return `inline; filename*=UTF-8''${encodeURIComponent(`${number}.${ending}`).replaceAll("'", '%27')}`;
}

function listAnswer(rows: readonly BillSummary[], limit: number): z.infer<typeof list> {
  const last = rows.length < limit ? undefined : rows.at(-1);
  return { bills: rows.map(summaryAnswer), next_cursor: last === undefined ? null : String(last.bill_id) };
}

function summaryAnswer(bill: BillSummary): z.infer<typeof summary> {
  const { bill_id, service_point_id, number, run_id, use_from, use_until, billed_on, due_on } = bill;
  const { tariff, version, volume_l, payable_won, credit_left_won } = bill;
  return {
    ...{ id: bill_id, service_point: service_point_id, number, run_id, use_from, use_until, billed_on, due_on },
    ...{ tariff, version, volume_l, payable_won, credit_left_won },
  };
}

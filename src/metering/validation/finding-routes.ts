// The inbox of findings over HTTP, for signed-in staff.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { isoInstant } from '../../platform/iso-instant.ts';
import { estimateMethods } from '../readings/estimate-method.ts';
import { editDeeds } from '../readings/reading-edits.ts';
import { findingStates } from './finding.ts';
import type { FindingService, ShownCase } from './finding-service.ts';
import { actorMark, instant, localDate, numberInPath, reason } from './validation-answers.ts';

const TAGS = ['validation'];
const numbers = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));

const shownCase = z.object({
  install: z.string(),
  meter: z.string(),
  service_point: z.string(),
  rule: z.string(),
  findings: z.array(
    z.object({
      ...{ id: z.string(), day: localDate, from: instant, to: instant, severity: z.int() },
      ...{ state: z.enum(findingStates), rule_version: z.string(), evidence: numbers },
    }),
  ),
  history: z.array(
    z.object({
      ...{ at: instant, what: z.string(), day: localDate, actor: z.string().nullable() },
      ...{ rule_version: z.string().nullable(), reason: z.string().nullable() },
    }),
  ),
  edits: z.array(
    z.object({
      ...{ id: z.string(), at: instant, deed: z.enum(editDeeds), register_l: z.int().nullable() },
      ...{ edited_at: instant, actor: z.string().nullable(), rule: z.string().nullable(), reason: z.string() },
    }),
  ),
  estimates: z.array(
    z.object({
      ...{ day: localDate, version: z.int(), method: z.enum(estimateMethods), method_version: z.int() },
      ...{ hours: z.int(), sum_l: z.int(), evidence: numbers },
      ...{ made_at: instant, actor: z.string().nullable(), rule: z.string().nullable(), reason: z.string() },
    }),
  ),
});

export interface FindingRoutesOptions {
  findings: FindingService;
  requireStaff(request: FastifyRequest): Promise<void>;
  /** The hash of the staff session. */
  actorOf(request: FastifyRequest): Buffer | null;
}

export function findingRoutes({ findings, requireStaff, actorOf }: FindingRoutesOptions): Routes {
  return async (app) => {
    app.addHook('preHandler', requireStaff);

    app.get(
      '/api/utility/findings',
      {
        schema: {
          summary: 'List what validation says, a case a rule and meter, the newest day first',
          tags: TAGS,
          querystring: z.object({
            cursor: z.string().min(1).max(512).optional(),
            limit: z.coerce.number().int().min(1).max(200).default(50),
            state: z.enum(findingStates).default('open'),
            rule: z.string().min(1).max(64).optional(),
            zone: z.string().min(1).max(64).optional(),
            severity: z.coerce.number().int().min(1).max(3).default(1).describe('At least'),
          }),
          response: {
            200: z.object({
              cases: z.array(
                z.object({
                  ...{ finding: z.string(), rule: z.string(), severity: z.int() },
                  ...{ days: z.int(), first_day: localDate, last_day: localDate },
                  ...{ service_point: z.string(), zone: z.string() },
                  meter: z.object({ id: z.string(), serial: z.string() }),
                }),
              ),
              next_cursor: z.string().nullable(),
              open: z.array(z.object({ rule: z.string(), open: z.int() })),
            }),
          },
        },
      },
      async (request) => {
        const { cursor = null, rule = null, zone = null, ...wanted } = request.query;
        const page = await findings.listCases({ ...wanted, cursor, rule, zone });
        return {
          ...page,
          cases: page.cases.map((one) => ({
            ...{ finding: String(one.finding_id), rule: one.rule, severity: one.severity },
            ...{ days: one.days, first_day: one.first_day, last_day: one.last_day },
            ...{ service_point: one.service_point_id, zone: one.zone },
            meter: { id: String(one.meter_id), serial: one.serial },
          })),
        };
      },
    );

    app.get(
      '/api/utility/findings/:id',
      {
        schema: {
          summary: 'A case: its findings, what became of them, and the edits and estimates around them',
          tags: TAGS,
          params: numberInPath,
          response: { 200: shownCase },
        },
      },
      async (request) => caseAnswer(await findings.getCase(Number(request.params.id))),
    );

    app.post(
      '/api/utility/findings/:id/accept',
      {
        schema: {
          summary: 'Accept what is open of a case as it is',
          tags: TAGS,
          params: numberInPath,
          body: z.object({ reason }),
          response: { 200: z.object({ accepted: z.int() }) },
        },
      },
      async (request) => {
        const { id } = request.params;
        return { accepted: await findings.acceptCase(Number(id), request.body.reason, actorOf(request)) };
      },
    );
  };
}

function caseAnswer({ install, findings, events, edits, estimates }: ShownCase): z.infer<typeof shownCase> {
  return {
    install: String(install.install_id),
    meter: String(install.meter_id),
    service_point: install.service_point_id,
    rule: findings[0]?.rule ?? '',
    findings: findings.map(({ finding_id, day, from_ms, to_ms, severity, state, rule_version, evidence }) => ({
      ...{ id: String(finding_id), day, from: isoInstant(from_ms), to: isoInstant(to_ms) },
      ...{ severity, state, rule_version, evidence },
    })),
    history: events.map(eventAnswer),
    edits: edits.map(({ edit_id, at_ms, edited_ms, actor, ...edit }) => ({
      ...{ id: String(edit_id), at: isoInstant(at_ms), deed: edit.deed, register_l: edit.register_l },
      ...{ edited_at: isoInstant(edited_ms), actor: actorMark(actor), rule: edit.rule, reason: edit.reason },
    })),
    estimates: estimates.map(({ hours_l, made_at, actor, ...one }) => ({
      ...{ day: one.day, version: one.version, method: one.method, method_version: one.method_version },
      hours: hours_l.filter((use_l) => use_l !== null).length,
      sum_l: hours_l.reduce<number>((sum, use_l) => sum + (use_l ?? 0), 0),
      ...{ evidence: one.evidence, made_at: made_at.toISOString(), actor: actorMark(actor) },
      ...{ rule: one.rule, reason: one.reason },
    })),
  };
}

const eventAnswer = ({ at, what, day, actor, rule_version, reason: why }: ShownCase['events'][number]) => ({
  ...{ at: at.toISOString(), what, day, actor: actorMark(actor), rule_version, reason: why },
});

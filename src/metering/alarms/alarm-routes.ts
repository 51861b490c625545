// Alarms over HTTP, for signed-in staff.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem } from '../../platform/problem.ts';
import { readCursor, writeCursor } from '../meters/list-cursor.ts';
import type { AlarmEventRow, AlarmRow } from './alarm-inbox.ts';
import type { AlarmName } from './alarm-message.ts';
import type { AlarmService } from './alarm-service.ts';
import { alarmStates } from './matched-alarms.ts';

const TAGS = ['alarms'];
const instant = z.iso.datetime({ offset: true });
const id = z.object({ id: z.string().regex(/^[1-9]\d{0,14}$/) });
const why = z.string().trim().min(1).max(500);
const text = z.object({ ko: z.string(), en: z.string() });

const alarm = z.object({
  id: z.string(),
  kind: z.string(),
  service_point: z.string().nullable(),
  zone: z.string(),
  meter: z.object({ id: z.string(), serial: z.string() }).nullable(),
  began_at: instant,
  ended_at: instant.nullable(),
  grade: z.int(),
  times: z.int(),
  amount: z.int().nullable(),
  state: z.enum(alarmStates),
  assigned_to: z.string().nullable(),
  opened_at: instant,
  behind: z.int(),
});

const history = z.object({
  alarm,
  events: z.array(
    z.object({
      id: z.string(),
      at: instant,
      what: z.string(),
      /** The first digits of the hash of the session; null: the service itself. */
      actor: z.string().nullable(),
      why: z.string().nullable(),
      began_at: instant,
      ended_at: instant.nullable(),
      times: z.int(),
      assigned_to: z.string().nullable(),
    }),
  ),
});

export interface AlarmRoutesOptions {
  alarms: AlarmService;
  names: readonly (AlarmName & { unit: string | null })[];
  requireStaff(request: FastifyRequest): Promise<void>;
  /** The hash of the staff session. */
  actorOf(request: FastifyRequest): Buffer | null;
}

export function alarmRoutes({ alarms, names, requireStaff, actorOf }: AlarmRoutesOptions): Routes {
  return async (app) => {
    app.addHook('preHandler', requireStaff);

    app.get(
      '/api/utility/alarms',
      {
        schema: {
          summary: 'List alarms, what was opened last first',
          tags: TAGS,
          querystring: z.object({
            cursor: z.string().min(1).max(512).optional(),
            limit: z.coerce.number().int().min(1).max(200).default(50),
            state: z.enum([...alarmStates, 'waiting']).default('waiting'),
            kind: z.string().min(1).max(32).optional(),
            zone: z.string().min(1).max(64).optional(),
            service_point: z.string().min(1).max(64).optional(),
            behind: z.coerce.number().int().positive().optional(),
          }),
          response: {
            200: z.object({
              alarms: z.array(alarm),
              next_cursor: z.string().nullable(),
              waiting: z.array(z.object({ kind: z.string(), open: z.int(), acknowledged: z.int() })),
              kinds: z.array(z.object({ kind: z.string(), label: text, advice: text, unit: z.string().nullable() })),
            }),
          },
        },
      },
      async (request) => {
        const { cursor, limit, state, kind = null, zone = null, service_point, behind = null } = request.query;
        const after = cursor === undefined ? null : readCursor(cursor);
        if (cursor !== undefined && after === null)
          throw problem('REQUEST_INVALID', 'querystring/cursor: not one of ours');
        const states = state === 'waiting' ? (['open', 'acknowledged'] as const) : [state];
        const filter = { states, kind, zone, servicePoint: service_point ?? null, parent: behind };
        const page = await alarms.listAlarms(filter, after?.second ?? null, limit);
        return {
          alarms: page.alarms.map(alarmAnswer),
          next_cursor: page.next === null ? null : writeCursor('alarm', page.next),
          waiting: page.waiting,
          kinds: names.map(({ kind, label, advice, unit }) => ({ kind, label, advice, unit })),
        };
      },
    );

    app.get(
      '/api/utility/alarms/:id',
      { schema: { summary: 'One alarm and its history', tags: TAGS, params: id, response: { 200: history } } },
      async (request) => historyAnswer(await alarms.getAlarm(Number(request.params.id))),
    );

    app.post(
      '/api/utility/alarms/:id/acknowledge',
      {
        schema: {
          summary: 'Say that the alarm was seen',
          tags: TAGS,
          params: id,
          body: z.object({ why: why.optional() }),
          response: { 200: history },
        },
      },
      async (request) => {
        const turn = { what: 'acknowledged', actor: actorOf(request), why: request.body.why ?? null } as const;
        return historyAnswer(await alarms.turnAlarm(Number(request.params.id), turn));
      },
    );

    app.post(
      '/api/utility/alarms/:id/assign',
      {
        schema: {
          summary: 'Hand the alarm to a team, or take it back',
          tags: TAGS,
          params: id,
          body: z.object({ to: z.string().trim().min(1).max(64).nullable(), why: why.optional() }),
          response: { 200: history },
        },
      },
      async (request) => {
        const { to: assignedTo, why = null } = request.body;
        const turn = { what: 'assigned', actor: actorOf(request), why, assignedTo } as const;
        return historyAnswer(await alarms.turnAlarm(Number(request.params.id), turn));
      },
    );

    app.post(
      '/api/utility/alarms/:id/close',
      {
        schema: {
          summary: 'Close the alarm, whether or not its cause is gone, and say why',
          tags: TAGS,
          params: id,
          body: z.object({ why }),
          response: { 200: history },
        },
      },
      async (request) => {
        const turn = { what: 'closed', actor: actorOf(request), why: request.body.why } as const;
        return historyAnswer(await alarms.turnAlarm(Number(request.params.id), turn));
      },
    );
  };
}

function alarmAnswer(row: AlarmRow): z.infer<typeof alarm> {
  const { kind, grade, times, amount, state, assigned_to, behind } = row;
  return {
    ...{ id: String(row.alarm_id), kind, grade, times, amount, state, assigned_to, behind },
    ...{ service_point: row.service_point_id, zone: row.zone_id },
    meter: row.meter_id === null || row.serial === null ? null : { id: String(row.meter_id), serial: row.serial },
    began_at: row.began_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
    opened_at: row.opened_at.toISOString(),
  };
}

function historyAnswer({ alarm, events }: { alarm: AlarmRow; events: AlarmEventRow[] }): z.infer<typeof history> {
  return {
    alarm: alarmAnswer(alarm),
    events: events.map(({ event_id, at, what, actor, why, told }) => ({
      ...{ id: String(event_id), at: at.toISOString(), what, why, times: told.times, assigned_to: told.assigned_to },
      actor: actor?.toString('hex').slice(0, 16) ?? null,
      began_at: told.began_at,
      ended_at: told.ended_at,
    })),
  };
}

// Commands to devices over HTTP, for signed-in staff and, but for valves, the operator's programs.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { commandLimits, commandOrder, commandStates } from './command.ts';
import type { CommandService } from './command-service.ts';

const TAGS = ['commands'];
const deviceId = z.object({ id: z.string().regex(/^[\w.:-]{1,64}$/) });
const commandId = z.object({ id: z.string().regex(/^[1-9]\d{0,14}$/) });
const instant = z.iso.datetime({ offset: true });
const command = z.object({
  id: z.string(),
  device_id: z.string(),
  order: commandOrder,
  state: z.enum(commandStates),
  created_at: instant,
  expires_at: instant,
  approved_at: instant.nullable(),
  sends: z.int(),
  last_sent_at: instant.nullable(),
  ended_at: instant.nullable(),
  outcome: z.string().nullable(),
});
type Row = Awaited<ReturnType<CommandService['giveCommand']>>;

export interface CommandRoutesOptions {
  commands: CommandService;
  /** Lets staff and the operator's programs in. */
  requireKeeper(request: FastifyRequest): Promise<void>;
  /** The hash of the staff session; null for a program. */
  actorOf(request: FastifyRequest): Buffer | null;
}

export function commandRoutes({ commands, requireKeeper, actorOf }: CommandRoutesOptions): Routes {
  const { least, usual, most } = commandLimits.lifetime_s;
  return async (app) => {
    app.addHook('preHandler', requireKeeper);

    app.post(
      '/api/utility/devices/:id/commands',
      {
        schema: {
          summary: 'Give a device a command: it is delivered at the next contact and repeated until acknowledged',
          tags: TAGS,
          params: deviceId,
          body: z.object({ order: commandOrder, lifetime_s: z.int().min(least).max(most).default(usual) }),
          response: { 201: command },
        },
      },
      async (request, reply) => {
        const { order, lifetime_s } = request.body;
        const given = await commands.giveCommand(request.params.id, order, lifetime_s, actorOf(request));
        return reply.code(201).send(answer(given));
      },
    );

    app.get(
      '/api/utility/devices/:id/commands',
      {
        schema: {
          summary: 'Commands of a device, newest first',
          tags: TAGS,
          params: deviceId,
          querystring: z.object({
            cursor: z
              .string()
              .regex(/^[1-9]\d{0,14}$/)
              .optional(),
            limit: z.coerce.number().int().min(1).max(200).default(50),
          }),
          response: { 200: z.object({ commands: z.array(command), next_cursor: z.string().nullable() }) },
        },
      },
      async (request) => {
        const { cursor, limit } = request.query;
        const rows = await commands.listCommands(
          request.params.id,
          cursor === undefined ? null : Number(cursor),
          limit,
        );
        const last = rows.length === limit ? rows.at(-1) : undefined;
        return { commands: rows.map(answer), next_cursor: last === undefined ? null : String(last.command_id) };
      },
    );

    app.post(
      '/api/utility/commands/:id/approve',
      {
        schema: {
          summary: 'Approve a command that another person gave',
          tags: TAGS,
          params: commandId,
          response: { 200: command },
        },
      },
      async (request) => answer(await commands.approveCommand(Number(request.params.id), actorOf(request))),
    );

    app.post(
      '/api/utility/commands/:id/cancel',
      {
        schema: {
          summary: 'Withdraw a command; one that was sent may have been carried out all the same',
          tags: TAGS,
          params: commandId,
          body: z.object({ reason: z.string().trim().min(1).max(commandLimits.outcome_chars) }),
          response: { 200: command },
        },
      },
      async (request) =>
        answer(await commands.cancelCommand(Number(request.params.id), actorOf(request), request.body.reason)),
    );
  };
}

function answer(row: Row): z.input<typeof command> {
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  return {
    id: String(row.command_id),
    device_id: row.device_id,
    order: row.arguments,
    state: row.state,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    approved_at: iso(row.approved_at),
    sends: row.sends,
    last_sent_at: iso(row.last_sent_at),
    ended_at: iso(row.ended_at),
    outcome: row.outcome,
  };
}

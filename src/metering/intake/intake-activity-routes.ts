// How the intake stands, over HTTP, for signed-in staff.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import type { IntakeActivity } from './intake-activity-service.ts';

const instant = z.iso.datetime({ offset: true });

export interface IntakeActivityRoutesOptions {
  readActivity(): Promise<IntakeActivity>;
  requireStaff: preHandlerAsyncHookHandler;
}

export function intakeActivityRoutes({ readActivity, requireStaff }: IntakeActivityRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/utility/intake',
      {
        preHandler: requireStaff,
        schema: {
          summary: 'What the intake takes, by the minute of the last hour, and the processes it runs in',
          tags: ['intake'],
          response: {
            200: z.object({
              processes: z.array(
                z.object({
                  ...{ id: z.string(), connections: z.int(), in_flight: z.int() },
                  ...{ started_at: instant, told_at: instant },
                }),
              ),
              minutes: z.array(
                z.object({
                  ...{ start: instant, messages: z.int(), readings: z.int() },
                  ...{ quarantined: z.int(), conflicts: z.int(), refused: z.int() },
                }),
              ),
            }),
          },
        },
      },
      async () => {
        const { processes, minutes } = await readActivity();
        return {
          processes: processes.map(({ processId, connections, inFlight, startedAt, toldAt }) => ({
            ...{ id: processId, connections, in_flight: inFlight },
            ...{ started_at: startedAt.toISOString(), told_at: toldAt.toISOString() },
          })),
          minutes: minutes.map(({ minute, ...counts }) => ({ start: minute.toISOString(), ...counts })),
        };
      },
    );
  };
}

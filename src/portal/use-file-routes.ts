// A household takes its own use with it: as a table, or as a Green Button file for other programs.
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { sendCsv, sendPieces } from '../platform/http/csv-reply.ts';
import type { Routes } from '../platform/http/http-server.ts';
import type { citizenOfRequest } from './citizen-routes.ts';
import { greenButtonFeed } from './green-button.ts';
import type { MyMeterService } from './my-meter-service.ts';
import { hoursByDay, useFile } from './my-use-files.ts';
import { timeRules } from './time-rules.ts';

const tags = ['portal'];
const span = z.object({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) });
const ordered = ({ from, to }: z.infer<typeof span>) => Date.parse(from) < Date.parse(to);
const unordered = '`from` must lie before `to`';

export interface UseFileRoutesOptions {
  myMeter: MyMeterService;
  citizenOf: ReturnType<typeof citizenOfRequest>;
  clock: Clock;
  publicUrl: string;
}

export function useFileRoutes({ myMeter, citizenOf, clock, publicUrl }: UseFileRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/portal/use.csv',
      {
        schema: {
          summary: 'My use per hour or day as CSV, of the period in which the service point was mine',
          ...{ tags, produces: ['text/csv'] },
          querystring: span.extend({ resolution: z.enum(['hour', 'day']).default('hour') }).refine(ordered, unordered),
        },
      },
      async (request, reply) => {
        const { from, to, resolution } = request.query;
        const citizen = await citizenOf(request);
        const { intervals, time_zone } = await myMeter.useOf(citizen, resolution, new Date(from), new Date(to));
        return sendCsv(reply, `water-by-${resolution}.csv`, useFile(intervals, time_zone), true);
      },
    );

    app.get(
      '/api/portal/green-button.xml',
      {
        schema: {
          summary:
            'My use per hour as a Green Button file (ESPI 1.1), of the period in which the service point was mine',
          ...{ tags, produces: ['application/atom+xml'] },
          querystring: span.refine(ordered, unordered),
        },
      },
      async (request, reply) => {
        const { from, to } = request.query;
        const citizen = await citizenOf(request);
        const { intervals, time_zone } = await myMeter.useOf(citizen, 'hour', new Date(from), new Date(to));
        const made_ms = clock.now_ms();
        const head = { publicUrl, servicePoint: citizen.servicePoint, made_ms, time: timeRules(time_zone, made_ms) };
        const file = { type: 'application/atom+xml; charset=utf-8', name: 'green-button.xml' };
        return sendPieces(reply, file, greenButtonFeed(head, hoursByDay(intervals, time_zone)));
      },
    );
  };
}

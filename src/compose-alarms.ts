// Wires alarms: the kinds there are, what staff see of them, and the jobs that judge and tell them.
import type { FastifyRequest } from 'fastify';
import type { AlarmTelling } from './config.ts';
import { startAlarmJobs } from './metering/alarms/alarm-jobs-service.ts';
import { loadAlarmKinds } from './metering/alarms/alarm-kinds-port.ts';
import { alarmRoutes } from './metering/alarms/alarm-routes.ts';
import { createAlarmService } from './metering/alarms/alarm-service.ts';
import type { JudgingOptions } from './metering/alarms/judge-alarms-service.ts';
import { zoneAlarm } from './metering/alarms/zone-outages.ts';
import { LocalDays } from './metering/readings/local-days.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Mailer } from './platform/mailer.ts';
import type { Metrics } from './platform/metrics.ts';
import type { Pool } from './platform/postgres/database.ts';

export interface AlarmRoutesParts {
  pool: Pool;
  clock: Clock;
  requireStaff(request: FastifyRequest): Promise<void>;
  actorOf(request: FastifyRequest): Buffer | null;
}

export async function composeAlarmRoutes({ pool, clock, requireStaff, actorOf }: AlarmRoutesParts) {
  const names = [zoneAlarm, ...(await loadAlarmKinds())];
  return alarmRoutes({ alarms: createAlarmService({ pool, clock }), names, requireStaff, actorOf });
}

export interface AlarmJobsParts {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  timeZone: string;
  publicUrl: string;
  telling: AlarmTelling;
  mailer: Mailer | null;
  tellContacts: JudgingOptions['tellContacts'];
}

export async function composeAlarmJobs(parts: AlarmJobsParts): Promise<{ stop(): Promise<void> }> {
  const { telling, mailer, timeZone } = parts;
  const kinds = await loadAlarmKinds();
  return startAlarmJobs({
    ...parts,
    ...{ kinds, days: new LocalDays(timeZone), names: [zoneAlarm, ...kinds] },
    consoleUrl: `${parts.publicUrl}/utility/#/alarms`,
    webhook: telling.webhook,
    mail: mailer === null || telling.mailTo.length === 0 ? null : { mailer, to: telling.mailTo },
  });
}

// Wires alarms: the kinds there are, what staff and citizens see of them, being watched over, and the jobs that judge and tell.
import type { FastifyRequest } from 'fastify';
import type { AlarmTelling } from './config.ts';
import { startAlarmJobs } from './metering/alarms/alarm-jobs-service.ts';
import { loadAlarmKinds } from './metering/alarms/alarm-kinds-port.ts';
import { alarmRoutes } from './metering/alarms/alarm-routes.ts';
import { createAlarmService } from './metering/alarms/alarm-service.ts';
import type { JudgingOptions } from './metering/alarms/judge-alarms-service.ts';
import { createHouseholdNotices, createWatching } from './metering/alarms/watch-service.ts';
import { zoneAlarm } from './metering/alarms/zone-outages.ts';
import { startEventJobs } from './metering/events/event-jobs-service.ts';
import { LocalDays } from './metering/readings/local-days.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Mailer } from './platform/mailer.ts';
import type { Metrics } from './platform/metrics.ts';
import type { Pool, Transaction } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';
import { type ConsentRoutesOptions, consentRoutes } from './portal/consent-routes.ts';
import { createConsentService, endLostConsents, eraseConsents } from './portal/consent-service.ts';
import { startContactMails } from './portal/contact-mail-service.ts';
import { createMyNotices } from './portal/my-notices-service.ts';

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
  const { pool, clock, logger } = parts;
  const events = startEventJobs({ pool, clock, logger, types: telling.events?.types ?? [] });
  const alarms = startAlarmJobs({
    ...parts,
    ...{ kinds, days: new LocalDays(timeZone), names: [zoneAlarm, ...kinds] },
    consoleUrl: `${parts.publicUrl}/utility/#/alarms`,
    webhook: telling.webhook,
    mail: mailer === null || telling.mailTo.length === 0 ? null : { mailer, to: telling.mailTo },
    events: telling.events,
  });
  return { stop: async () => void (await Promise.all([events.stop(), alarms.stop()])) };
}

export interface WatchingParts {
  pool: Pool;
  clock: Clock;
  random: Random;
  timeZone: string;
  /** Whether e-mail is sent at all: else nobody could be told. */
  canTell: boolean;
  citizenOf: ConsentRoutesOptions['citizenOf'];
}

/** What citizens see of alarms at their place, and their consent to be watched over. */
export async function composeWatching(parts: WatchingParts) {
  const { pool, clock, timeZone, citizenOf } = parts;
  const watching = createWatching(clock);
  const consents = createConsentService({ ...parts, watching });
  const noticesAt = createHouseholdNotices(pool, clock, await loadAlarmKinds());
  return {
    routes: consentRoutes({ consents, notices: createMyNotices({ clock, timeZone, noticesAt }), citizenOf }),
    /** In the transaction that erases a person. */
    endConsents: (to: Transaction, pseudonym: Buffer) => eraseConsents(to, watching, pseudonym),
  };
}

export interface ContactJobsParts {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  timeZone: string;
  mailer: Mailer;
  /** Whether a credential was revoked, or is unknown. */
  isLost(credentialId: string): Promise<boolean>;
}

export function composeContactJobs({ isLost, ...parts }: ContactJobsParts): { stop(): Promise<void> } {
  const { pool, clock } = parts;
  const endLost = () => endLostConsents({ pool, clock, watching: createWatching(clock) }, isLost);
  return startContactMails({ ...parts, endLost });
}

// A citizen's meter and use, cut to the period in which the service point was theirs.
import { Temporal } from 'temporal-polyfill';
import type { Anchor } from '../anchoring/anchor.ts';
import type { TraceStep } from '../identity/presenting/verdict.ts';
import type { Clock } from '../platform/clock.ts';
import { problem } from '../platform/problem.ts';
import type { CitizenSession } from './citizen-store.ts';

/** What the portal needs of metering. */
export interface MeterReading {
  measuredAt: Date;
  receivedAt: Date;
  register_l: number;
  flags: string[];
}
export interface ServicePointMeter {
  servicePoint: string;
  zone: string;
  usageClass: string;
  meter: { id: number; serial: string; model: string; boreMm: number; format: string };
}
export interface UseInterval {
  start: Date;
  end: Date;
  use_l: number | null;
  /** How much of it is estimated; absent where none is. */
  estimated_l?: number;
}
export interface Metering {
  servicePointMeter(servicePoint: string, at: Date): Promise<ServicePointMeter | null>;
  lastReading(servicePoint: string, from: Date, to: Date): Promise<MeterReading | null>;
  lastAlarm(servicePoint: string, from: Date, to: Date): Promise<{ flag: string; measuredAt: Date } | null>;
  useOf(servicePoint: string, resolution: 'hour' | 'day', from: Date, to: Date): Promise<UseInterval[]>;
}

export interface MyMeterDependencies {
  metering: Metering;
  clock: Clock;
  timeZone: string;
  anchorOf(key: string): Promise<Anchor | null>;
}

export type MyMeterService = ReturnType<typeof createMyMeterService>;

export function createMyMeterService({ metering, clock, timeZone, anchorOf }: MyMeterDependencies) {
  function period(session: CitizenSession): { from: Date; to: Date } {
    const startOf = (day: string, addedDays: number) =>
      new Date(Temporal.PlainDate.from(day).add({ days: addedDays }).toZonedDateTime(timeZone).epochMilliseconds);
    const now = new Date(clock.now_ms());
    const end = session.until === null ? now : startOf(session.until, 1);
    return { from: startOf(session.from, 0), to: end < now ? end : now };
  }

  return {
    /** @throws SERVICE_POINT_UNKNOWN where no meter stands at the service point any more */
    async meterOf(session: CitizenSession) {
      const { from, to: end } = period(session);
      // What the meter told at the end's very instant is the next household's.
      const to = new Date(end.getTime() - 1);
      const at = await metering.servicePointMeter(session.servicePoint, to);
      if (at === null) throw problem('SERVICE_POINT_UNKNOWN');
      const reading = await metering.lastReading(session.servicePoint, from, to);
      const alarm = await metering.lastAlarm(session.servicePoint, from, to);
      return {
        service_point: at.servicePoint,
        address_zone: at.zone,
        meter: { serial: at.meter.serial, model: at.meter.model, bore_mm: at.meter.boreMm, format: at.meter.format },
        last_reading: reading && {
          measured_at: reading.measuredAt.toISOString(),
          received_at: reading.receivedAt.toISOString(),
          register_l: reading.register_l,
          flags: reading.flags,
        },
        last_alarm: alarm && { flag: alarm.flag, measured_at: alarm.measuredAt.toISOString() },
      };
    },

    /** Use per interval; what lies outside the citizen's own period is left out. */
    async useOf(session: CitizenSession, resolution: 'hour' | 'day', from: Date, to: Date) {
      const mine = period(session);
      const first = from > mine.from ? from : mine.from;
      const last = to < mine.to ? to : mine.to;
      const intervals = first < last ? await metering.useOf(session.servicePoint, resolution, first, last) : [];
      return {
        time_zone: timeZone,
        resolution,
        intervals: intervals.map((interval) => ({
          ...interval,
          start: interval.start.toISOString(),
          end: interval.end.toISOString(),
        })),
      };
    },

    /** The trace of a sign-in, its anchors as they stand now: what was pending then may be final by now. */
    freshTrace(trace: TraceStep[]): Promise<TraceStep[]> {
      return Promise.all(
        trace.map(async (step) => {
          const anchor = step.anchor && (await anchorOf(step.anchor.key));
          return anchor ? { ...step, anchor } : step;
        }),
      );
    },
  };
}

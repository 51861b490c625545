// Answers what a meter or a place used, hour by hour or day by day, and what its meter said last.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { alarmFlags, gravestAlarm } from './alarm-flags.ts';
import { type EstimatedHours, estimatedHours } from './estimated-hours.ts';
import { intervalBoundaries, longestSpan_ms, type Resolution } from './interval-boundaries.ts';
import { LocalDays } from './local-days.ts';
import {
  findLastFlagged,
  findLastReading,
  type InstallRow,
  type LastReading,
  listInstalls,
  listInstallsOf,
  type Span,
} from './readings-store.ts';
import { curvesOver } from './register-curve-service.ts';
import { type InstalledSpan, type IntervalUse, useOfIntervals } from './use.ts';
import { listEstimates } from './use-estimate-store.ts';

/** How far back the last alarm is looked for. */
const ALARM_MEMORY_ms = 400 * 86_400_000;

export interface UseQuestion {
  /** One meter wherever it stood, or one place whichever meter stood there. */
  of: { meterId: number } | { servicePointId: string };
  from_ms: number;
  to_ms: number;
  resolution: Resolution;
}

export interface UseService {
  readonly timeZone: string;
  /** @throws SPAN_TOO_LONG */
  useOf(question: UseQuestion): Promise<IntervalUse[]>;
  lastReading(meterId: number, span: Span): Promise<LastReading | null>;
  /** Looked for in the last 400 days of the span at most. */
  lastAlarm(meterId: number, span: Span): Promise<Alarm | null>;
  /** Of whichever meter stood at the place, told while it stood there: what it told elsewhere is another household's. */
  lastReadingAt(servicePointId: string, span: Span): Promise<LastReading | null>;
  lastAlarmAt(servicePointId: string, span: Span): Promise<Alarm | null>;
}

export interface Alarm {
  flag: string;
  measured_at_ms: number;
}

/** @param timeZone IANA name of the utility's zone: its hours and days are meant */
export function createUseService(pool: Pool, timeZone: string): UseService {
  /** What the meter told over the span, as if it had always stood at one place. */
  async function curveOf(meterId: number, from_ms: number, to_ms: number): Promise<InstalledSpan['curve']> {
    const curves = await curvesOver(pool, [{ meterId, from_ms, to_ms }]);
    return curves.get(meterId)?.curve ?? [];
  }

  const days = new LocalDays(timeZone);
  async function estimatesOf(installs: readonly InstallRow[], from_ms: number, to_ms: number): Promise<EstimatedHours> {
    const ids = installs.map(({ install_id }) => install_id);
    const span = { from: days.at(from_ms).date, to: days.at(to_ms).date };
    return estimatedHours(days, installs, await listEstimates(pool, ids, span));
  }

  const lastReading = (meterId: number, span: Span) => findLastReading(pool, meterId, span);

  async function lastAlarm(meterId: number, { from_ms, to_ms }: Span): Promise<Alarm | null> {
    const remembered_ms = Math.max(from_ms, to_ms - ALARM_MEMORY_ms);
    const found = await findLastFlagged(pool, meterId, alarmFlags, { from_ms: remembered_ms, to_ms });
    const flag = found === null ? null : gravestAlarm(found.flags);
    return found === null || flag === null ? null : { flag, measured_at_ms: found.measured_at_ms };
  }

  /** Asks the meters of a place one after another, the latest first, each for the time it stood there. */
  async function newestAt<Found>(
    servicePointId: string,
    { from_ms, to_ms }: Span,
    ask: (meterId: number, span: Span) => Promise<Found | null>,
  ): Promise<Found | null> {
    const installs = await listInstalls(pool, servicePointId, from_ms, to_ms);
    for (const install of installs.reverse()) {
      const found = await ask(install.meter_id, {
        from_ms: Math.max(from_ms, install.from_ms),
        to_ms: Math.min(to_ms, install.until_ms === null ? to_ms : install.until_ms - 1),
      });
      if (found !== null) return found;
    }
    return null;
  }

  return {
    timeZone,
    useOf: async ({ of, from_ms, to_ms, resolution }) => {
      if (to_ms - from_ms > longestSpan_ms[resolution]) {
        throw problem(
          'SPAN_TOO_LONG',
          `by the ${resolution}, ask for at most ${longestSpan_ms[resolution] / 86_400_000} days`,
        );
      }
      const boundaries = intervalBoundaries(from_ms, to_ms, resolution, timeZone);
      if (boundaries.length === 0) return [];
      if ('meterId' in of) {
        const curve = await curveOf(of.meterId, from_ms, to_ms);
        const estimates = await estimatesOf(await listInstallsOf(pool, [of.meterId]), from_ms, to_ms);
        return useOfIntervals([{ from_ms: Number.NEGATIVE_INFINITY, until_ms: null, curve, estimates }], boundaries);
      }
      const spans: InstalledSpan[] = [];
      const installs = await listInstalls(pool, of.servicePointId, from_ms, to_ms);
      for (const install of installs) {
        const begin_ms = Math.max(from_ms, install.from_ms);
        const end_ms = Math.min(to_ms, install.until_ms ?? to_ms);
        const curve = await curveOf(install.meter_id, begin_ms, end_ms);
        const estimates = await estimatesOf([install], begin_ms, end_ms);
        spans.push({ from_ms: install.from_ms, until_ms: install.until_ms, curve, estimates });
      }
      return useOfIntervals(spans, boundaries);
    },
    lastReading,
    lastAlarm,
    lastReadingAt: (servicePointId, span) => newestAt(servicePointId, span, lastReading),
    lastAlarmAt: (servicePointId, span) => newestAt(servicePointId, span, lastAlarm),
  };
}

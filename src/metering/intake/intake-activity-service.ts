// Tells how the intake is doing: each process writes what it counted every few seconds, and whoever serves pages adds up.
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import {
  type IntakeCounts,
  type IntakeMinute,
  type IntakeProcess,
  listMinutes,
  listProcesses,
  removeProcess,
  writeActivity,
} from './intake-activity-store.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakeMetrics } from './intake-metrics.ts';

export interface ActivityTeller {
  /** Tells once more and takes this process off the list. */
  close(): Promise<void>;
}

export interface ActivityTellerOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: IntakeMetrics;
  /** Unlike any other process's, also of an earlier run. */
  processId: string;
}

/** Begins to tell. A database that is away is told later, of all that was counted meanwhile. */
export function tellActivity({ pool, clock, logger, metrics, processId }: ActivityTellerOptions): ActivityTeller {
  const startedAt = new Date(clock.now_ms());
  let told: IntakeCounts = { messages: 0, readings: 0, quarantined: 0, conflicts: 0, refused: 0 };
  let running: Promise<void> = Promise.resolve();

  async function tell(): Promise<void> {
    const now_ms = clock.now_ms();
    const counts = await countsOf(metrics);
    const state: IntakeProcess = {
      ...{ processId, startedAt, toldAt: new Date(now_ms) },
      connections: await amountOf(metrics.connections),
      inFlight: await amountOf(metrics.inFlight),
    };
    await writeActivity(pool, state, difference(counts, told), new Date(now_ms - intakeLimits.activityKept_ms));
    told = counts;
  }

  function next(): Promise<void> {
    running = running
      .then(tell)
      .catch((error: Error) => logger.debug({ err: error }, 'telling of the intake waits for the database'));
    return running;
  }

  const timer = setInterval(next, intakeLimits.tellEvery_ms);
  void next();
  return {
    async close() {
      clearInterval(timer);
      await next();
      await removeProcess(pool, processId).catch(() => {});
    },
  };
}

export interface IntakeActivity {
  processes: IntakeProcess[];
  /** One for each of the last sixty minutes, oldest first; the last one is not over yet. */
  minutes: IntakeMinute[];
}

/** How the intake stands, over all its processes. */
export async function readActivity(pool: Pool, clock: Clock): Promise<IntakeActivity> {
  const now_ms = clock.now_ms();
  const newest_ms = now_ms - (now_ms % MINUTE_ms);
  const oldest_ms = newest_ms - (intakeLimits.activityShown_min - 1) * MINUTE_ms;
  const [processes, counted] = await Promise.all([
    listProcesses(pool, new Date(now_ms - intakeLimits.processGone_ms)),
    listMinutes(pool, new Date(oldest_ms)),
  ]);
  const known = new Map(counted.map((each) => [each.minute.getTime(), each]));
  const minutes = Array.from({ length: intakeLimits.activityShown_min }, (_unused, index) => {
    const at_ms = oldest_ms + index * MINUTE_ms;
    return known.get(at_ms) ?? { minute: new Date(at_ms), ...nothing };
  });
  return { processes, minutes };
}

const MINUTE_ms = 60_000;
const nothing: IntakeCounts = { messages: 0, readings: 0, quarantined: 0, conflicts: 0, refused: 0 };

interface Measured {
  get(): Promise<{ values: { value: number }[] }>;
}

async function amountOf(measured: Measured): Promise<number> {
  return (await measured.get()).values.reduce((sum, { value }) => sum + value, 0);
}

async function countsOf(metrics: IntakeMetrics): Promise<IntakeCounts> {
  const names = Object.keys(nothing) as (keyof IntakeCounts)[];
  const values = await Promise.all(names.map(async (name) => [name, await amountOf(metrics[name])] as const));
  return { ...nothing, ...Object.fromEntries(values) };
}

function difference(now: IntakeCounts, before: IntakeCounts): IntakeCounts {
  return {
    messages: now.messages - before.messages,
    readings: now.readings - before.readings,
    quarantined: now.quarantined - before.quarantined,
    conflicts: now.conflicts - before.conflicts,
    refused: now.refused - before.refused,
  };
}

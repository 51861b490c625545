// SQL for what processes of the intake tell of themselves, and for those who want to see it.
import { inTransaction, type Pool, type Queryable } from '../../platform/postgres/database.ts';

/** What was taken, in messages and readings; `refused` counts connections and packets that were turned away. */
export interface IntakeCounts {
  messages: number;
  readings: number;
  quarantined: number;
  conflicts: number;
  refused: number;
}

export interface IntakeProcess {
  processId: string;
  connections: number;
  /** Messages that wait for their commit. */
  inFlight: number;
  startedAt: Date;
  toldAt: Date;
}

export type IntakeMinute = { minute: Date } & IntakeCounts;

/** Adds what was counted since the last time to the minute of `process.toldAt`, and drops what is older than `before`. */
export async function writeActivity(
  pool: Pool,
  process: IntakeProcess,
  counted: IntakeCounts,
  before: Date,
): Promise<void> {
  await inTransaction(pool, async (transaction) => {
    await transaction.query(
      `INSERT INTO metering.intake_process (process_id, connections, in_flight, started_at, told_at)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (process_id) DO UPDATE SET
         connections = excluded.connections, in_flight = excluded.in_flight, told_at = excluded.told_at`,
      [process.processId, process.connections, process.inFlight, process.startedAt, process.toldAt],
    );
    await transaction.query(
      `INSERT INTO metering.intake_minute AS known
         (minute, process_id, messages, readings, quarantined, conflicts, refused)
       VALUES (date_trunc('minute', $1::timestamptz), $2, $3, $4, $5, $6, $7)
       ON CONFLICT (minute, process_id) DO UPDATE SET
         messages = known.messages + excluded.messages, readings = known.readings + excluded.readings,
         quarantined = known.quarantined + excluded.quarantined, conflicts = known.conflicts + excluded.conflicts,
         refused = known.refused + excluded.refused`,
      [
        ...[process.toldAt, process.processId],
        ...[counted.messages, counted.readings, counted.quarantined, counted.conflicts, counted.refused],
      ],
    );
    await transaction.query('DELETE FROM metering.intake_minute WHERE minute < $1', [before]);
    await transaction.query('DELETE FROM metering.intake_process WHERE told_at < $1', [before]);
  });
}

/** Takes a process that ended off the list; what it took stays. */
export async function removeProcess(from: Queryable, processId: string): Promise<void> {
  await from.query('DELETE FROM metering.intake_process WHERE process_id = $1', [processId]);
}

/** Processes that told of themselves since then, the longest running first. */
export async function listProcesses(from: Queryable, since: Date): Promise<IntakeProcess[]> {
  const { rows } = await from.query<IntakeProcess>(
    `SELECT process_id AS "processId", connections, in_flight AS "inFlight", started_at AS "startedAt", told_at AS "toldAt"
       FROM metering.intake_process WHERE told_at >= $1 ORDER BY started_at, process_id`,
    [since],
  );
  return rows;
}

/** All processes together, oldest first; minutes in which none counted are left out. */
export async function listMinutes(from: Queryable, since: Date): Promise<IntakeMinute[]> {
  const { rows } = await from.query<IntakeMinute>(
    `SELECT minute, sum(messages)::bigint AS messages, sum(readings)::bigint AS readings,
            sum(quarantined)::bigint AS quarantined, sum(conflicts)::bigint AS conflicts, sum(refused)::bigint AS refused
       FROM metering.intake_minute WHERE minute >= $1 GROUP BY minute ORDER BY minute`,
    [since],
  );
  return rows;
}

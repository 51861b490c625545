// The SQL of commands: who gave them, how far they came, and who sends them now.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Acknowledgement, CommandKind, CommandOrder, CommandState } from './command.ts';

export interface CommandRow {
  command_id: number;
  device_id: string;
  kind: CommandKind;
  arguments: CommandOrder;
  state: CommandState;
  created_at: Date;
  expires_at: Date;
  created_by: Buffer | null;
  approved_at: Date | null;
  sends: number;
  last_sent_at: Date | null;
  ended_at: Date | null;
  outcome: string | null;
}

const COLUMNS = `c.command_id, d.device_id, c.kind, c.arguments, c.state, c.created_at, c.expires_at, c.created_by,
  c.approved_at, c.sends, c.last_sent_at, c.ended_at, c.outcome`;
/** Devices that listen in any process hear of it. */
const NOTIFY = `pg_notify('naru_command', (SELECT device_id FROM metering.device d WHERE d.device_no = command.device_no))`;
const OPEN = `('proposed', 'queued', 'sent')`;

/**
 * Looks at a valve command, when it is approved and again before each sending.
 *
 * @returns a sentence of what speaks against it, up to 200 characters; null where nothing does
 */
export type ValvePrecondition = (from: Queryable, commandId: number) => Promise<string | null>;

/** The first precondition of every valve command. */
export const approvedByTwo: ValvePrecondition = async (from, commandId) => {
  const { rowCount } = await from.query(
    'SELECT FROM metering.command WHERE command_id = $1 AND created_by <> approved_by',
    [commandId],
  );
  return rowCount === 1 ? null : 'a valve is moved only where one person asks and another approves';
};

/** The device's own number, locked against another command at the same time; null where there is none or it is revoked. */
export async function lockCommandedDevice(
  to: Queryable,
  deviceId: string,
): Promise<{ deviceNo: number; open: number } | null> {
  const { rows } = await to.query<{ device_no: number }>(
    'SELECT device_no FROM metering.device WHERE device_id = $1 AND revoked_at IS NULL FOR NO KEY UPDATE',
    [deviceId],
  );
  const deviceNo = rows[0]?.device_no;
  if (deviceNo === undefined) return null;
  const { rows: open } = await to.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM metering.command WHERE device_no = $1 AND state IN ${OPEN}`,
    [deviceNo],
  );
  return { deviceNo, open: open[0]?.n ?? 0 };
}

export async function insertCommand(
  to: Queryable,
  command: {
    deviceNo: number;
    order: CommandOrder;
    state: 'proposed' | 'queued';
    actor: Buffer | null;
    at: Date;
    expiresAt: Date;
  },
): Promise<number> {
  const { rows } = await to.query<{ command_id: number }>(
    `INSERT INTO metering.command (device_no, kind, arguments, state, created_by, created_at, expires_at, queued_xid)
     VALUES ($1, $2, $3, $4, $5, $6, $7, CASE $4 WHEN 'queued' THEN pg_current_xact_id() END)
     RETURNING command_id, CASE state WHEN 'queued' THEN ${NOTIFY} END`,
    [
      command.deviceNo,
      command.order.kind,
      JSON.stringify(command.order),
      command.state,
      command.actor,
      command.at,
      command.expiresAt,
    ],
  );
  return rows[0]?.command_id ?? 0;
}

export async function findCommand(
  from: Queryable,
  commandId: number,
  lock = false,
): Promise<(CommandRow & { device_no: number }) | null> {
  const { rows } = await from.query<CommandRow & { device_no: number }>(
    `SELECT ${COLUMNS}, c.device_no FROM metering.command c JOIN metering.device d USING (device_no)
      WHERE c.command_id = $1${lock ? ' FOR UPDATE OF c' : ''}`,
    [commandId],
  );
  return rows[0] ?? null;
}

export async function listCommands(
  from: Queryable,
  deviceId: string,
  before: number | null,
  limit: number,
): Promise<CommandRow[]> {
  const { rows } = await from.query<CommandRow>(
    `SELECT ${COLUMNS} FROM metering.command c JOIN metering.device d USING (device_no)
      WHERE d.device_id = $1 AND ($2::bigint IS NULL OR c.command_id < $2) ORDER BY c.command_id DESC LIMIT $3`,
    [deviceId, before, limit],
  );
  return rows;
}

/** Of a proposed one. */
export async function approveCommand(to: Queryable, commandId: number, actor: Buffer, at: Date): Promise<void> {
  await to.query(
    `UPDATE metering.command SET state = 'queued', approved_by = $2, approved_at = $3, queued_xid = pg_current_xact_id()
      WHERE command_id = $1 RETURNING ${NOTIFY}`,
    [commandId, actor, at],
  );
}

/** @returns false where it had ended already */
export async function cancelCommand(to: Queryable, commandId: number, outcome: string, at: Date): Promise<boolean> {
  const { rowCount } = await to.query(
    `UPDATE metering.command SET state = 'cancelled', outcome = $2, ended_at = $3, claimed_until = NULL
      WHERE command_id = $1 AND state IN ${OPEN}`,
    [commandId, outcome, at],
  );
  return rowCount === 1;
}

export async function expireCommands(to: Queryable, at: Date): Promise<number> {
  const { rowCount } = await to.query(
    `UPDATE metering.command SET state = 'expired', ended_at = $1, claimed_until = NULL
      WHERE state IN ${OPEN} AND expires_at <= $1`,
    [at],
  );
  return rowCount ?? 0;
}

/** Those of these devices that have something to be sent, and when the first of it may be. */
export async function findWaiting(
  from: Queryable,
  deviceIds: readonly string[],
  at: Date,
): Promise<{ deviceId: string; due_ms: number }[]> {
  const { rows } = await from.query<{ device_id: string; due_ms: number }>({
    name: 'metering-find-waiting',
    text: `SELECT d.device_id, min(COALESCE(extract(epoch FROM c.claimed_until), 0))::float8 * 1000 AS due_ms
             FROM metering.device d JOIN metering.command c USING (device_no)
            WHERE d.device_id = ANY($1::text[]) AND c.state IN ('queued', 'sent') AND c.expires_at > $2
            GROUP BY d.device_id`,
    values: [deviceIds, at],
  });
  return rows.map(({ device_id, due_ms }) => ({ deviceId: device_id, due_ms }));
}

/** Devices for which a command was queued since the last look. @param since what that gave as `next`; null only begins */
export async function queuedSince(
  from: Queryable,
  since: string | null,
): Promise<{ deviceIds: string[]; next: string }> {
  const { rows } = await from.query<{ next: string; device_id: string | null }>({
    name: 'metering-queued-since',
    text: `WITH now AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS low, pg_snapshot_xmax(pg_current_snapshot()) AS high)
           SELECT DISTINCT now.low::text AS next, d.device_id
             FROM now
             LEFT JOIN (metering.command c JOIN metering.device d USING (device_no))
               ON c.queued_xid >= $1::xid8 AND c.queued_xid < now.high AND c.state IN ('queued', 'sent')`,
    values: [since ?? '18446744073709551615'],
  });
  return { deviceIds: rows.flatMap(({ device_id }) => device_id ?? []), next: rows[0]?.next ?? '0' };
}

/** Takes what may be sent to the device now, so that no other process does until `claimedUntil`. Oldest first. */
export async function claimCommands(
  to: Queryable,
  deviceId: string,
  claim: { at: Date; claimedUntil: Date; limit: number },
): Promise<(Pick<CommandRow, 'command_id' | 'arguments' | 'kind'> & { first: boolean })[]> {
  const { rows } = await to.query<Pick<CommandRow, 'command_id' | 'arguments' | 'kind'> & { first: boolean }>({
    name: 'metering-claim-commands',
    text: `UPDATE metering.command c
              SET state = 'sent', sends = c.sends + 1, last_sent_at = $2, claimed_until = $3
            WHERE c.command_id IN (
                    SELECT o.command_id FROM metering.command o JOIN metering.device d USING (device_no)
                     WHERE d.device_id = $1 AND o.state IN ('queued', 'sent') AND o.expires_at > $2
                       AND (o.claimed_until IS NULL OR o.claimed_until <= $2)
                     ORDER BY o.command_id LIMIT $4 FOR UPDATE OF o SKIP LOCKED)
        RETURNING c.command_id, c.kind, c.arguments, c.sends = 1 AS first`,
    values: [deviceId, claim.at, claim.claimedUntil, claim.limit],
  });
  return rows.sort((one, other) => one.command_id - other.command_id);
}

/** The device went away before it could be handed over: as if it had not been claimed. */
export async function releaseCommand(to: Queryable, commandId: number): Promise<void> {
  await to.query(
    `UPDATE metering.command
        SET claimed_until = NULL, sends = sends - 1, state = CASE WHEN sends > 1 THEN 'sent' ELSE 'queued' END
      WHERE command_id = $1 AND state = 'sent'`,
    [commandId],
  );
}

/** @returns `ended` where it was waited for, `known` where it had ended before, null where it is none of the device's */
export async function acknowledgeCommand(
  to: Queryable,
  deviceNo: number,
  { commandId, done, reason }: Acknowledgement,
  at: Date,
): Promise<'ended' | 'known' | null> {
  const { rows } = await to.query<{ was: CommandState }>(
    `WITH before AS (SELECT command_id, state FROM metering.command
                      WHERE command_id = $1 AND device_no = $2 FOR UPDATE),
          ended AS (UPDATE metering.command c SET state = $3, outcome = $4, ended_at = $5, claimed_until = NULL
                      FROM before b WHERE c.command_id = b.command_id AND b.state = 'sent')
     SELECT state AS was FROM before`,
    [commandId, deviceNo, done ? 'acknowledged' : 'failed', reason, at],
  );
  const was = rows[0]?.was;
  if (was === undefined || was === 'proposed' || was === 'queued') return null;
  return was === 'sent' ? 'ended' : 'known';
}

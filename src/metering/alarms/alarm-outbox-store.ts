// The SQL of what waits to be told: notices, and the messages made of them.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { ToldEvent } from './alarm-message.ts';

/** `events`: what other programs are told beside alarms, by a webhook of their own. */
export type Channel = 'webhook' | 'mail' | 'events';

const at = (value: string) => `to_timestamp(${value}::float8 / 1000)`;

/** False while another copy makes messages. */
export async function holdNotices(to: Queryable): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.alarm_notices')) AS held`,
  );
  return rows[0]?.held === true;
}

/** Events whose time to be told has come, oldest first. */
export async function listNotices(from: Queryable, now_ms: number, limit: number): Promise<number[]> {
  const { rows } = await from.query<{ event_id: number }>(
    `SELECT event_id FROM metering.alarm_notice WHERE due_at <= ${at('$1')} ORDER BY event_id LIMIT $2`,
    [now_ms, limit],
  );
  return rows.map(({ event_id }) => event_id);
}

/** Messages that were made for a channel within the hour before, and how long ago the last was. */
export async function readPace(
  from: Queryable,
  channel: Channel,
  now_ms: number,
): Promise<{ lastHour: number; lastAgo_ms: number | null }> {
  const { rows } = await from.query<{ last_hour: number; last_ms: number | null }>(
    `SELECT count(*)::int AS last_hour, (extract(epoch FROM max(created_at)) * 1000)::float8 AS last_ms
       FROM metering.alarm_message WHERE channel = $1 AND created_at > ${at('$2')} - interval '1 hour'`,
    [channel, now_ms],
  );
  const [row] = rows;
  return {
    lastHour: row?.last_hour ?? 0,
    lastAgo_ms: row === undefined || row.last_ms === null ? null : now_ms - row.last_ms,
  };
}

/** Each list of events becomes a message for each channel; the notices are done with. */
export async function putMessages(
  to: Queryable,
  messages: readonly (readonly number[])[],
  channels: readonly Channel[],
  now_ms: number,
): Promise<void> {
  await to.query(
    `INSERT INTO metering.alarm_message (channel, event_ids, created_at, due_at)
     SELECT channel, ids.list::bigint[], ${at('$3')}, ${at('$3')}
       FROM unnest($1::text[]) WITH ORDINALITY AS ids (list, place), unnest($2::text[]) AS channel ORDER BY ids.place`,
    [messages.map((ids) => `{${ids.join()}}`), channels, now_ms],
  );
  await to.query('DELETE FROM metering.alarm_notice WHERE event_id = ANY($1::bigint[])', [messages.flat()]);
}

export interface WaitingMessage {
  message_id: number;
  channel: Channel;
  /** Of alarms; none on the channel `events`. */
  event_ids: number[] | null;
  /** As it is sent, on the channel `events`. */
  body: string | null;
  created_at: Date;
  /** With the one that begins now. */
  tries: number;
}

/** The message that waits longest; nobody else tries it until the lease is over. */
export async function takeMessage(
  to: Queryable,
  channels: readonly Channel[],
  now_ms: number,
  lease_ms: number,
): Promise<WaitingMessage | null> {
  const { rows } = await to.query<WaitingMessage>(
    `UPDATE metering.alarm_message SET tries = tries + 1, due_at = ${at('($2::float8 + $3::float8)')}
      WHERE message_id = (
        SELECT message_id FROM metering.alarm_message
         WHERE sent_at IS NULL AND given_up_at IS NULL AND channel = ANY($1::text[]) AND due_at <= ${at('$2')}
         ORDER BY due_at, message_id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING message_id, channel, event_ids, body, created_at, tries`,
    [channels, now_ms, lease_ms],
  );
  return rows[0] ?? null;
}

export async function listToldEvents(from: Queryable, eventIds: readonly number[]): Promise<ToldEvent[]> {
  const { rows } = await from.query<ToldEvent>(
    `SELECT e.event_id, e.alarm_id, e.what, e.at, a.kind, a.service_point_id, a.zone_id, e.told
       FROM metering.alarm_event e JOIN metering.alarm a USING (alarm_id)
      WHERE e.event_id = ANY($1::bigint[]) ORDER BY e.event_id`,
    [eventIds],
  );
  return rows;
}

export async function recordSent(to: Queryable, messageId: number, now_ms: number): Promise<void> {
  await to.query(`UPDATE metering.alarm_message SET sent_at = ${at('$2')}, fault = NULL WHERE message_id = $1`, [
    messageId,
    now_ms,
  ]);
}

/** @param again_ms when it is tried again; null: it is given up */
export async function recordFailed(
  to: Queryable,
  messageId: number,
  fault: string,
  again_ms: number | null,
  now_ms: number,
): Promise<void> {
  await to.query(
    `UPDATE metering.alarm_message
        SET fault = $2, due_at = coalesce(${at('$3')}, due_at), given_up_at = CASE WHEN $3::float8 IS NULL THEN ${at('$4')} END
      WHERE message_id = $1`,
    [messageId, fault.slice(0, 64), again_ms, now_ms],
  );
}

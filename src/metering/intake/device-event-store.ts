// The SQL of what looks wrong with devices.
import type { Queryable } from '../../platform/postgres/database.ts';

/** `trespass`: it published or subscribed where it may not. `acknowledgement`: an answer that makes no sense. */
export type DeviceEventKind = 'clone' | 'flood' | 'trespass' | 'acknowledgement';

export interface DeviceEventRow {
  event_id: number;
  device_id: string;
  kind: DeviceEventKind;
  detail: string;
  first_at: Date;
  last_at: Date;
  times: number;
  closed_at: Date | null;
}

/** Opens an event, or counts it where one of the kind is open for the device. `detail` holds no payload. */
export async function putDeviceEvent(
  to: Queryable,
  event: { deviceNo: number; kind: DeviceEventKind; detail: string; at: Date },
): Promise<void> {
  await to.query(
    `INSERT INTO metering.device_event (device_no, kind, detail, first_at, last_at) VALUES ($1, $2, $3, $4, $4)
     ON CONFLICT (device_no, kind) WHERE closed_at IS NULL
     DO UPDATE SET last_at = EXCLUDED.last_at, detail = EXCLUDED.detail, times = device_event.times + 1`,
    [event.deviceNo, event.kind, event.detail.slice(0, 500), event.at],
  );
}

/** Newest first. @param after the last row of the page before */
export async function listDeviceEvents(
  from: Queryable,
  wanted: { open: boolean | null; after: { last_at_ms: number; eventId: number } | null; limit: number },
): Promise<DeviceEventRow[]> {
  const { rows } = await from.query<DeviceEventRow>(
    `SELECT e.event_id, d.device_id, e.kind, e.detail, e.first_at, e.last_at, e.times, e.closed_at
       FROM metering.device_event e JOIN metering.device d USING (device_no)
      WHERE ($1::boolean IS NULL OR (e.closed_at IS NULL) = $1)
        AND ($2::float8 IS NULL OR (date_trunc('milliseconds', e.last_at), e.event_id)
                                   < (to_timestamp($2::float8 / 1000), $3::bigint))
      ORDER BY e.last_at DESC, e.event_id DESC LIMIT $4`,
    [wanted.open, wanted.after?.last_at_ms ?? null, wanted.after?.eventId ?? null, wanted.limit],
  );
  return rows;
}

/** @returns whose it was; null where there is no such open event */
export async function closeDeviceEvent(to: Queryable, eventId: number, at: Date): Promise<{ deviceNo: number } | null> {
  const { rows } = await to.query<{ device_no: number }>(
    'UPDATE metering.device_event SET closed_at = $2 WHERE event_id = $1 AND closed_at IS NULL RETURNING device_no',
    [eventId, at],
  );
  return rows[0] === undefined ? null : { deviceNo: rows[0].device_no };
}

/** Tells every process which devices connected. @param lines `process opened_at address device` */
export async function announceSessions(to: Queryable, lines: readonly string[]): Promise<void> {
  await to.query(`SELECT pg_notify('naru_session', line) FROM unnest($1::text[]) AS line`, [lines]);
}

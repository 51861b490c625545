// The SQL of what other programs are told: bill runs that are done, bills that another use became known of, and the messages.
import type { Queryable } from '../../platform/postgres/database.ts';
import { type CorrectedBill, type DoneRun, type EventType, eventLimits } from './event-message.ts';

const at = (value: string) => `to_timestamp(${value}::float8 / 1000)`;

/** False while another copy makes messages. */
export async function holdEvents(to: Queryable): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.events')) AS held`,
  );
  return rows[0]?.held === true;
}

/** Runs that are done and were not told of; told with this. */
export async function takeDoneRuns(from: Queryable, now_ms: number): Promise<DoneRun[]> {
  const { rows } = await from.query<DoneRun>(
    `WITH told AS (
       UPDATE metering.bill_run SET told_at = ${at('$1')}
        WHERE run_id IN (SELECT run_id FROM metering.bill_run WHERE state = 'done' AND told_at IS NULL
                          ORDER BY run_id LIMIT $2)
        RETURNING *)
     SELECT run_id, t.tariff_id AS tariff, use_from::text, use_until::text, billed_on::text, zone_id, billed, billed_before, held,
            (SELECT coalesce(sum(payable_won), 0)::float8 FROM metering.bill b WHERE b.run_id = told.run_id) AS payable_won,
            (SELECT count(*) FROM metering.bill b JOIN metering.bill_correction c USING (bill_id)
              WHERE b.run_id = told.run_id) AS corrections,
            finished_at
       FROM told JOIN metering.tariff_text t ON t.sha256 = told.tariff_sha256 ORDER BY run_id`,
    [now_ms, eventLimits.runs],
  );
  return rows;
}

/** Bills that the next one of their place will correct and that were not told of; told with this. Oldest first. */
export async function takeDueCorrections(from: Queryable, now_ms: number): Promise<CorrectedBill[]> {
  const { rows } = await from.query<CorrectedBill>(
    `WITH told AS (
       UPDATE metering.correction_due SET told_at = ${at('$1')}
        WHERE corrected_bill_id IN (SELECT corrected_bill_id FROM metering.correction_due WHERE told_at IS NULL
                                     ORDER BY corrected_bill_id LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING corrected_bill_id, since)
     SELECT bill_id, number, service_point_id, use_from::text, use_until::text, since
       FROM told JOIN metering.bill ON bill_id = corrected_bill_id ORDER BY since, bill_id`,
    [now_ms, eventLimits.bills],
  );
  return rows;
}

/** Whether a message of the type was made so shortly before that the next has to wait. */
export async function wasToldLately(from: Queryable, type: EventType, now_ms: number): Promise<boolean> {
  const { rows } = await from.query(
    `SELECT FROM metering.alarm_message
      WHERE channel = 'events' AND created_at > ${at('$2')} AND body::json->>'type' = $1 LIMIT 1`,
    [type, now_ms - eventLimits.pause_ms],
  );
  return rows.length > 0;
}

export async function putEventMessages(to: Queryable, bodies: readonly string[], now_ms: number): Promise<void> {
  await to.query(
    `INSERT INTO metering.alarm_message (channel, body, created_at, due_at)
     SELECT 'events', body, ${at('$2')}, ${at('$2')} FROM unnest($1::text[]) WITH ORDINALITY AS given (body, place) ORDER BY place`,
    [bodies, now_ms],
  );
}

/** Of every channel: what was sent or given up before an instant. @returns how many messages */
export async function deleteMessagesBefore(to: Queryable, before_ms: number): Promise<number> {
  const { rowCount } = await to.query(
    `DELETE FROM metering.alarm_message WHERE coalesce(sent_at, given_up_at) < ${at('$1')}`,
    [before_ms],
  );
  return rowCount ?? 0;
}

// Which spans of which meters have readings, or a registry, that stored use does not know of yet.
import type { Queryable } from '../../platform/postgres/database.ts';

/** What is new about a meter lies within the span, ends included. */
export interface Touched {
  meterId: number;
  from_ms: number;
  to_ms: number;
}

/** After all that will be read: for a change that holds from an instant on. */
export const endOfTime_ms = Date.UTC(2100, 0, 1);

const HOUR_ms = 3_600_000;

/** To be called in the transaction that stores what is new; one row, however many meters. */
export async function markTouched(to: Queryable, touched: readonly Touched[]): Promise<void> {
  if (touched.length === 0) return;
  await to.query({
    name: 'metering-mark-touched',
    text: 'INSERT INTO metering.touched (meter_ids, from_hours, to_hours) VALUES ($1, $2, $3)',
    values: [
      touched.map((span) => span.meterId),
      touched.map((span) => Math.floor(span.from_ms / HOUR_ms)),
      touched.map((span) => Math.ceil(span.to_ms / HOUR_ms)),
    ],
  });
}

/** False while another copy works: its transaction holds the lock to its end. */
export async function holdUseJob(to: Queryable): Promise<boolean> {
  const { rows } = await to.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('naru.metering.use')) AS held`,
  );
  return rows[0]?.held === true;
}

/** Meters of one mark that was put together of others. */
const METERS_A_MARK = 4_000;

/** Puts marks together where there are more than `marks`: one span a meter, in marks of neighbouring meters. */
export async function gatherTouched(to: Queryable, marks: number): Promise<void> {
  await to.query(
    `WITH taken AS (
       DELETE FROM metering.touched WHERE (SELECT count(*) FROM metering.touched) > $1
       RETURNING meter_ids, from_hours, to_hours),
     spans AS (
       SELECT meter_id, min(from_hour) AS from_hour, max(to_hour) AS to_hour,
              (row_number() OVER (ORDER BY meter_id) - 1) / ${METERS_A_MARK} AS mark
         FROM taken, unnest(meter_ids, from_hours, to_hours) AS span (meter_id, from_hour, to_hour)
        GROUP BY meter_id)
     INSERT INTO metering.touched (meter_ids, from_hours, to_hours)
     SELECT array_agg(meter_id ORDER BY meter_id), array_agg(from_hour ORDER BY meter_id),
            array_agg(to_hour ORDER BY meter_id)
       FROM spans GROUP BY mark ORDER BY mark`,
    [marks],
  );
}

/** Takes the oldest marks away; where the transaction fails they are there again. @returns one span a meter */
export async function takeTouched(from: Queryable, marks: number): Promise<{ marks: number; touched: Touched[] }> {
  const { rows } = await from.query<{ meter_ids: number[]; from_hours: number[]; to_hours: number[] }>(
    `DELETE FROM metering.touched
      WHERE touched_id IN (SELECT touched_id FROM metering.touched ORDER BY touched_id LIMIT $1)
      RETURNING meter_ids, from_hours, to_hours`,
    [marks],
  );
  const spans = new Map<number, Touched>();
  for (const { meter_ids, from_hours, to_hours } of rows) {
    for (const [index, meterId] of meter_ids.entries()) {
      const from_ms = (from_hours[index] ?? 0) * HOUR_ms;
      const to_ms = (to_hours[index] ?? 0) * HOUR_ms;
      const known = spans.get(meterId);
      if (known === undefined) spans.set(meterId, { meterId, from_ms, to_ms });
      else {
        known.from_ms = Math.min(known.from_ms, from_ms);
        known.to_ms = Math.max(known.to_ms, to_ms);
      }
    }
  }
  return { marks: rows.length, touched: [...spans.values()].sort((one, other) => one.meterId - other.meterId) };
}

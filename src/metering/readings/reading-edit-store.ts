// The SQL of edits of readings: only ever added to, the newest of an instant holds.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { Decider, EditDeed, ReadingEdit } from './reading-edits.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** The edits that hold, of all these meters; one an instant. */
export async function listEditsInForce(
  from: Queryable,
  meterIds: readonly number[],
): Promise<Map<number, ReadingEdit[]>> {
  const { rows } = await from.query<ReadingEdit & { meter_id: number }>({
    name: 'metering-list-edits-in-force',
    text: `SELECT DISTINCT ON (meter_id, measured_at) meter_id, ${ms('measured_at')} AS at_ms, deed, register_l
             FROM metering.reading_edit WHERE meter_id = ANY($1::int[])
            ORDER BY meter_id, measured_at, edit_id DESC`,
    values: [meterIds],
  });
  const edits = new Map<number, ReadingEdit[]>();
  for (const { meter_id, ...edit } of rows) {
    const known = edits.get(meter_id);
    if (known === undefined) edits.set(meter_id, [edit]);
    else known.push(edit);
  }
  return edits;
}

export interface NewEdit extends ReadingEdit, Decider {
  meterId: number;
  edited_ms: number;
  reason: string;
}

export async function insertEdit(to: Queryable, edit: NewEdit): Promise<number> {
  const { rows } = await to.query<{ edit_id: number }>(
    `INSERT INTO metering.reading_edit (meter_id, measured_at, deed, register_l, edited_at, actor, rule, reason)
     VALUES ($1, to_timestamp($2::float8 / 1000), $3, $4, to_timestamp($5::float8 / 1000), $6, $7, $8)
     RETURNING edit_id`,
    [edit.meterId, edit.at_ms, edit.deed, edit.register_l, edit.edited_ms, edit.actor, edit.rule, edit.reason],
  );
  return rows[0]?.edit_id ?? 0;
}

/** Edits of one meter come one after another: what each supersedes is known. @returns null where there is no such meter */
export async function holdMeter(to: Queryable, meterId: number): Promise<{ dials: number } | null> {
  const { rows } = await to.query<{ dials: number }>(
    'SELECT dials FROM metering.meter WHERE meter_id = $1 FOR NO KEY UPDATE',
    [meterId],
  );
  return rows[0] ?? null;
}

/** The registers the meter told at the instant, ascending. */
export async function listToldAt(from: Queryable, meterId: number, at_ms: number): Promise<number[]> {
  const { rows } = await from.query<{ register_l: number }>(
    `SELECT register_l
       FROM metering.readings($1, to_timestamp($2::float8 / 1000), to_timestamp($2::float8 / 1000))
      UNION SELECT register_l FROM metering.reading_conflict
             WHERE meter_id = $1 AND measured_at = to_timestamp($2::float8 / 1000)
      ORDER BY 1`,
    [meterId, at_ms],
  );
  return rows.map((row) => row.register_l);
}

export interface EditRow {
  edit_id: number;
  at_ms: number;
  deed: EditDeed;
  register_l: number | null;
  edited_ms: number;
  actor: Buffer | null;
  rule: string | null;
  reason: string;
}

/** All edits of instants of the span, newest first. */
export async function listEdits(
  from: Queryable,
  meterId: number,
  span: { from_ms: number; to_ms: number },
  limit: number,
): Promise<EditRow[]> {
  const { rows } = await from.query<EditRow>(
    `SELECT edit_id, ${ms('measured_at')} AS at_ms, deed, register_l, ${ms('edited_at')} AS edited_ms, actor, rule, reason
       FROM metering.reading_edit
      WHERE meter_id = $1 AND measured_at BETWEEN to_timestamp($2::float8 / 1000) AND to_timestamp($3::float8 / 1000)
      ORDER BY edit_id DESC LIMIT $4`,
    [meterId, span.from_ms, span.to_ms, limit],
  );
  return rows;
}

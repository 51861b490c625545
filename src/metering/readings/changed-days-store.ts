// The SQL of the queue of days whose use changed, for whatever follows from use: each follower goes on from where it was.
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';

/** A local day at an install whose stored use was written, changed or removed. */
export interface ChangedDay {
  install_id: number;
  /** ISO 8601 */
  day: string;
}

export interface Follower {
  /** At most 64 characters; for good, for it is what the place in the queue is kept under. */
  name: string;
  /** Where it begins when it is seen for the first time: with every day stored so far, or with what changes from then on. */
  begins: 'with_everything' | 'with_what_changes';
}

/** Days that one row of the queue holds. Source: migration 0037 */
export const mostDaysARow = 1_000;
/** Rows of the queue looked at in one step. */
const ROWS_AT_ONCE = 100;

interface Place {
  last_id: number;
  walked_install_id: number | null;
  walked_day: string | null;
}

const PLACE = 'last_id, walked_install_id, walked_day::text AS walked_day';

/**
 * The next days for the follower, which moves on in the same transaction: where that fails it will be given them again. Its
 * row stays locked to the end of the transaction, so that two copies never work off the same days.
 *
 * The ids of a sequence may become visible out of order, and a follower that has passed an id would never see a lower one
 * that commits later. Here they can't: whoever writes the queue holds the use job's lock (`holdUseJob`) to the end of its
 * transaction, so an id is drawn only after all lower ones were committed.
 *
 * @param limit days after which no further row of the queue is taken: at most `mostDaysARow` more than this are given
 * @returns each day once, by install and day; none: nothing has changed; null: another copy is at it
 */
export async function followChangedDays(
  transaction: Transaction,
  follower: Follower,
  limit: number,
): Promise<ChangedDay[] | null> {
  const place = (await heldPlace(transaction, follower.name)) ?? (await newPlace(transaction, follower));
  if (place === null) return null;
  if (place.walked_install_id !== null) {
    const stored = await walkStoredDays(transaction, follower.name, place, limit);
    if (stored.length > 0) return stored;
  }
  const { rows } = await transaction.query<ChangedDay>({
    name: 'metering-follow-changed-days',
    text: `WITH next AS (
             SELECT changed_id, install_ids, days,
                    sum(cardinality(days)) OVER (ORDER BY changed_id) - cardinality(days) AS days_before
               FROM (SELECT * FROM metering.use_day_changed WHERE changed_id > $2 ORDER BY changed_id LIMIT $3) queued),
           taken AS MATERIALIZED (SELECT changed_id, install_ids, days FROM next WHERE days_before < $4),
           moved AS (
             UPDATE metering.use_follower SET last_id = (SELECT max(changed_id) FROM taken)
              WHERE name = $1 AND EXISTS (SELECT FROM taken))
           SELECT DISTINCT install_id, day::text AS day FROM taken, unnest(install_ids, days) AS changed (install_id, day)
            ORDER BY install_id, day`,
    values: [follower.name, place.last_id, ROWS_AT_ONCE, limit],
  });
  return rows;
}

/** null where there is no such follower yet, or a copy holds its row. */
async function heldPlace(transaction: Transaction, name: string): Promise<Place | null> {
  const { rows } = await transaction.query<Place>({
    name: 'metering-hold-follower',
    text: `SELECT ${PLACE} FROM metering.use_follower WHERE name = $1 FOR UPDATE SKIP LOCKED`,
    values: [name],
  });
  return rows[0] ?? null;
}

/** null where the follower is there by now, and a copy holds its row. */
async function newPlace(transaction: Transaction, { name, begins }: Follower): Promise<Place | null> {
  const known = await transaction.query('SELECT FROM metering.use_follower WHERE name = $1', [name]);
  if (known.rowCount !== 0) return null;
  await transaction.query(`SELECT pg_advisory_xact_lock(${FOLLOWERS_LOCK})`);
  const { rows } = await transaction.query<Place>(
    `INSERT INTO metering.use_follower (name, last_id, walked_install_id, walked_day)
     SELECT $1, (SELECT coalesce(max(changed_id), 0) FROM metering.use_day_changed),
            CASE WHEN $2 THEN 0 END, CASE WHEN $2 THEN '-infinity'::date END
     ON CONFLICT (name) DO NOTHING RETURNING ${PLACE}`,
    [name, begins === 'with_everything'],
  );
  return rows[0] ?? null;
}

/** Days that were stored before the follower came. What changes meanwhile behind it, the queue will tell. */
async function walkStoredDays(
  transaction: Transaction,
  name: string,
  place: Place,
  limit: number,
): Promise<ChangedDay[]> {
  const { rows } = await transaction.query<ChangedDay>(
    `SELECT install_id, day::text AS day FROM metering.use_day WHERE (install_id, day) > ($1::int, $2::date)
      ORDER BY install_id, day LIMIT $3`,
    [place.walked_install_id, place.walked_day, limit],
  );
  const last = rows.at(-1) ?? null;
  await transaction.query(
    'UPDATE metering.use_follower SET walked_install_id = $2, walked_day = $3::date WHERE name = $1',
    [name, last?.install_id ?? null, last?.day ?? null],
  );
  return rows;
}

/** Held by who adds a follower and who trims the queue: what a follower begins with can't be taken away from under it. */
const FOLLOWERS_LOCK = `hashtext('naru.metering.use_followers')`;

/** Of a follower that is no more: the queue is not kept for it. */
export async function dropFollower(transaction: Transaction, name: string): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(${FOLLOWERS_LOCK})`);
  await transaction.query('DELETE FROM metering.use_follower WHERE name = $1', [name]);
}

/** How long the queue is kept after all followers have passed it: for copies outside the service. */
export const changesKept_days = 14;

/**
 * Takes away what all followers have passed and what is older than it is kept for copies outside; how far is noted.
 * @returns rows of the queue
 */
export async function trimChangedDays(transaction: Queryable, kept_days: number = changesKept_days): Promise<number> {
  await transaction.query(`SELECT pg_advisory_xact_lock(${FOLLOWERS_LOCK})`);
  const { rowCount } = await transaction.query(
    `WITH removed AS (
       DELETE FROM metering.use_day_changed
        WHERE changed_id <= coalesce((SELECT min(last_id) FROM metering.use_follower),
                                     (SELECT max(changed_id) FROM metering.use_day_changed))
          AND changed_at <= now() - make_interval(days => $1)
        RETURNING changed_id),
     noted AS (
       UPDATE metering.use_day_trimmed SET last_id = (SELECT max(changed_id) FROM removed) WHERE EXISTS (SELECT FROM removed))
     SELECT FROM removed`,
    [kept_days],
  );
  return rowCount ?? 0;
}

/**
 * Tells followers of days that are to be looked at again though nothing measured changed: an estimate was made or withdrawn.
 * Waits for the use job, and holds its lock to the end of the transaction, as whoever writes the queue must.
 */
export async function noteChangedDays(transaction: Transaction, days: readonly ChangedDay[]): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('naru.metering.use'))`);
  for (let at = 0; at < days.length; at += mostDaysARow) {
    const some = days.slice(at, at + mostDaysARow);
    await transaction.query('INSERT INTO metering.use_day_changed (install_ids, days) VALUES ($1::int[], $2::date[])', [
      some.map((one) => one.install_id),
      some.map((one) => one.day),
    ]);
  }
}

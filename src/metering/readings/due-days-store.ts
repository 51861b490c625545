// Which days of which installs are to be judged again: what the use job worked over, be it that its use stayed the same.
import type { Queryable } from '../../platform/postgres/database.ts';

/** Days of an install, both ends included. */
export interface DueDays {
  install_id: number;
  /** ISO 8601, or `-infinity` */
  from: string;
  to: string;
}

/** In the transaction that writes their use. Days that are not over yet are left: they are judged once they are. */
export async function markDue(to: Queryable, due: readonly DueDays[]): Promise<void> {
  if (due.length === 0) return;
  await to.query({
    name: 'metering-mark-due',
    text: `INSERT INTO metering.validation_due (install_ids, from_days, to_days)
           SELECT array_agg(install_id), array_agg(from_day), array_agg(least(to_day, judged_until))
             FROM unnest($1::int[], $2::date[], $3::date[]) AS given (install_id, from_day, to_day),
                  metering.validation_progress
            WHERE from_day <= judged_until
           HAVING count(*) > 0`,
    values: [due.map((one) => one.install_id), due.map((one) => one.from), due.map((one) => one.to)],
  });
}

// The SQL of which rules judged last, and how far days that are stored have been judged again.
import type { Queryable } from '../../platform/postgres/database.ts';

/** What a rule's version is once it is no more. */
const GONE = 'gone';

export interface RuleVersion {
  name: string;
  version: string;
}

/** Notes the rules there are now; one that is new, another version, or no more, is to judge stored days again. */
export async function noteRules(to: Queryable, rules: readonly RuleVersion[], now_ms: number): Promise<void> {
  await to.query(
    `WITH given AS (SELECT * FROM unnest($1::text[], $2::text[]) AS given (rule, version)),
     wanted AS (SELECT rule, version FROM given
                UNION ALL SELECT rule, '${GONE}' FROM metering.validation_rule WHERE rule NOT IN (SELECT rule FROM given))
     INSERT INTO metering.validation_rule AS stored (rule, version, after_install, changed_at)
     SELECT rule, version, 0, to_timestamp($3::float8 / 1000) FROM wanted
     ON CONFLICT (rule) DO UPDATE SET version = EXCLUDED.version, after_install = 0, changed_at = EXCLUDED.changed_at
      WHERE stored.version <> EXCLUDED.version`,
    [rules.map((rule) => rule.name), rules.map((rule) => rule.version), now_ms],
  );
}

export interface Replay {
  rules: string[];
  /** The installs after it are next. */
  after: number;
  /** Where another rule's replay is already; null: none is ahead. */
  until: number | null;
}

/** The rules that are farthest behind; null where all are through. */
export async function findReplay(from: Queryable): Promise<Replay | null> {
  const { rows } = await from.query<Replay>(
    `SELECT array_agg(rule ORDER BY rule) AS rules, after_install AS after,
            (SELECT min(ahead.after_install) FROM metering.validation_rule ahead
              WHERE ahead.after_install > behind.after_install) AS until
       FROM metering.validation_rule behind WHERE after_install IS NOT NULL
      GROUP BY after_install ORDER BY after_install LIMIT 1`,
  );
  return rows[0] ?? null;
}

/** @param after null: through */
export async function moveReplay(to: Queryable, rules: readonly string[], after: number | null): Promise<void> {
  await to.query('UPDATE metering.validation_rule SET after_install = $2 WHERE rule = ANY($1::text[])', [rules, after]);
}

/** The next installs by number that stood before an instant, with when each was put in. */
export async function listNextInstalls(
  from: Queryable,
  wanted: { after: number; until: number | null; before_ms: number; limit: number },
): Promise<{ install_id: number; from_ms: number }[]> {
  const { rows } = await from.query<{ install_id: number; from_ms: number }>(
    `SELECT install_id, (extract(epoch FROM from_at) * 1000)::float8 AS from_ms FROM metering.install
      WHERE install_id > $1 AND ($2::int IS NULL OR install_id <= $2) AND from_at < to_timestamp($3::float8 / 1000)
      ORDER BY install_id LIMIT $4`,
    [wanted.after, wanted.until, wanted.before_ms, wanted.limit],
  );
  return rows;
}

/** Findings that are not closed, by rule: for the metric. */
export async function countOpenFindings(from: Queryable): Promise<{ rule: string; open: number }[]> {
  const { rows } = await from.query<{ rule: string; open: number }>(
    `SELECT rule, count(*) AS open FROM metering.finding WHERE state = 'open' GROUP BY rule`,
  );
  return rows;
}

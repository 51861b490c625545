// The SQL of findings: one a day, install and rule, with all that became of it.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { FindingChange, StoredFinding } from './finding.ts';
import type { JudgedSpan } from './judged-store.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

/** What is stored of the days judged, in any state. */
export async function listFindingsOf(
  from: Queryable,
  spans: readonly JudgedSpan[],
  rules: readonly string[],
): Promise<StoredFinding[]> {
  const { rows } = await from.query<StoredFinding>({
    name: 'metering-list-findings-of',
    text: `SELECT finding_id, f.install_id, f.rule, f.day::text AS day, f.rule_version, f.severity, f.state, f.evidence,
                  ${ms('f.from_at')} AS from_ms, ${ms('f.to_at')} AS to_ms
             FROM unnest($1::int[], $2::date[], $3::date[]) AS span (install_id, from_day, to_day)
             JOIN metering.finding f ON f.install_id = span.install_id AND f.day BETWEEN span.from_day AND span.to_day
            WHERE f.rule = ANY($4::text[])`,
    values: [spans.map((one) => one.install_id), spans.map((one) => one.from), spans.map((one) => one.to), rules],
  });
  return rows;
}

/** Writes what changed, each with a line of its history. */
export async function writeChanges(to: Queryable, changes: readonly FindingChange[], at_ms: number): Promise<void> {
  if (changes.length === 0) return;
  const idOf = (one: FindingChange) => (one.what === 'opened' ? null : one.findingId);
  const stateOf = (one: FindingChange) => ('state' in one ? one.state : one.what === 'opened' ? 'open' : 'closed');
  await to.query(
    `WITH given AS MATERIALIZED (
       SELECT * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::int[], $6::text[], $7::date[], $8::text[], $9::smallint[],
                            $10::float8[], $11::float8[], $12::jsonb[])
           AS given (what, finding_id, state, install_id, rule, day, rule_version, severity, from_ms, to_ms, evidence)),
     opened AS (
       INSERT INTO metering.finding (install_id, rule, day, rule_version, severity, from_at, to_at, evidence, state,
                                     opened_at, changed_at)
       SELECT install_id, rule, day, rule_version, severity, to_timestamp(from_ms / 1000), to_timestamp(to_ms / 1000),
              evidence, state, to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000)
         FROM given WHERE what = 'opened' ORDER BY install_id, day, rule
       RETURNING finding_id, install_id, rule, day),
     changed AS (
       UPDATE metering.finding f
          SET rule_version = given.rule_version, severity = given.severity, from_at = to_timestamp(given.from_ms / 1000),
              to_at = to_timestamp(given.to_ms / 1000), evidence = given.evidence, state = given.state,
              changed_at = to_timestamp($1::float8 / 1000)
         FROM given WHERE given.what <> 'opened' AND f.finding_id = given.finding_id)
     INSERT INTO metering.finding_event (finding_id, at, what, rule_version, evidence)
     SELECT coalesce(given.finding_id, opened.finding_id), to_timestamp($1::float8 / 1000), given.what, given.rule_version,
            given.evidence
       FROM given LEFT JOIN opened USING (install_id, rule, day)
      ORDER BY given.install_id, given.day, given.rule`,
    [
      at_ms,
      changes.map((one) => one.what),
      changes.map(idOf),
      changes.map(stateOf),
      changes.map((one) => one.found.install_id),
      changes.map((one) => one.found.rule),
      changes.map((one) => one.found.day),
      changes.map((one) => one.found.rule_version),
      changes.map((one) => one.found.severity),
      changes.map((one) => one.found.from_ms),
      changes.map((one) => one.found.to_ms),
      changes.map((one) => JSON.stringify(one.found.evidence)),
    ],
  );
}

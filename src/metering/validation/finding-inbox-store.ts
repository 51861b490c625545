// The SQL of the inbox: what a rule says of one meter is one case, however many days it says it of.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { FindingState, StoredFinding } from './finding.ts';

const ms = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::float8`;

export interface CaseRow {
  /** The newest finding's number. */
  finding_id: number;
  install_id: number;
  rule: string;
  severity: number;
  days: number;
  first_day: string;
  last_day: string;
  service_point_id: string;
  zone: string;
  meter_id: number;
  serial: string;
}

export interface CasesWanted {
  state: FindingState;
  rule: string | null;
  /** The zone's id. */
  zone: string | null;
  /** At least. */
  severity: number;
  after: { lastDay: string; findingId: number } | null;
  limit: number;
}

/** Cases with findings of the state, the one with the newest day first. */
export async function listCases(from: Queryable, wanted: CasesWanted): Promise<CaseRow[]> {
  const { rows } = await from.query<CaseRow>(
    `SELECT c.finding_id, c.install_id, c.rule, c.severity, c.days, c.first_day::text, c.last_day::text,
            i.service_point_id, z.name AS zone, m.meter_id, m.serial
       FROM (SELECT max(finding_id) AS finding_id, install_id, rule, max(severity) AS severity, count(*) AS days,
                    min(day) AS first_day, max(day) AS last_day
               FROM metering.finding WHERE state = $1 AND ($2::text IS NULL OR rule = $2) GROUP BY install_id, rule) c
       JOIN metering.install i USING (install_id)
       JOIN metering.meter m USING (meter_id)
       JOIN metering.service_point p USING (service_point_id)
       JOIN metering.zone z USING (zone_id)
      WHERE ($3::text IS NULL OR p.zone_id = $3) AND c.severity >= $4
        AND ($5::date IS NULL OR (c.last_day, c.finding_id) < ($5::date, $6::bigint))
      ORDER BY c.last_day DESC, c.finding_id DESC LIMIT $7`,
    [
      ...[wanted.state, wanted.rule, wanted.zone, wanted.severity],
      ...[wanted.after?.lastDay ?? null, wanted.after?.findingId ?? null, wanted.limit],
    ],
  );
  return rows;
}

export interface FindingRow extends StoredFinding {
  opened_at: Date;
  changed_at: Date;
}

const FINDING = `f.finding_id, f.install_id, f.rule, f.day::text AS day, f.rule_version, f.severity, f.state, f.evidence,
                 ${ms('f.from_at')} AS from_ms, ${ms('f.to_at')} AS to_ms, f.opened_at, f.changed_at`;

/** The case that a finding belongs to: what the rule said of that install, the newest day first. */
export async function listCase(from: Queryable, findingId: number, limit: number): Promise<FindingRow[]> {
  const { rows } = await from.query<FindingRow>(
    `SELECT ${FINDING} FROM metering.finding one JOIN metering.finding f USING (install_id, rule)
      WHERE one.finding_id = $1 ORDER BY f.finding_id <> $1, f.day DESC LIMIT $2`,
    [findingId, limit],
  );
  return rows.sort((one, other) => (one.day < other.day ? 1 : -1));
}

export interface FindingEventRow {
  day: string;
  at: Date;
  what: 'opened' | 'changed' | 'closed' | 'reopened' | 'accepted';
  rule_version: string | null;
  actor: Buffer | null;
  reason: string | null;
}

/** What became of these findings, newest first. */
export async function listFindingEvents(
  from: Queryable,
  findingIds: readonly number[],
  limit: number,
): Promise<FindingEventRow[]> {
  const { rows } = await from.query<FindingEventRow>(
    `SELECT f.day::text AS day, e.at, e.what, e.rule_version, e.actor, e.reason
       FROM metering.finding_event e JOIN metering.finding f USING (finding_id)
      WHERE finding_id = ANY($1::bigint[]) ORDER BY e.event_id DESC LIMIT $2`,
    [findingIds, limit],
  );
  return rows;
}

/** The open findings of the case are accepted by somebody. @returns how many were open */
export async function acceptCase(
  to: Queryable,
  findingId: number,
  by: { actor: Buffer | null; reason: string; at_ms: number },
): Promise<number> {
  const { rowCount } = await to.query(
    `WITH accepted AS (
       UPDATE metering.finding f SET state = 'accepted', changed_at = to_timestamp($2::float8 / 1000)
         FROM metering.finding one
        WHERE one.finding_id = $1 AND f.install_id = one.install_id AND f.rule = one.rule AND f.state = 'open'
        RETURNING f.finding_id, f.rule_version, f.evidence)
     INSERT INTO metering.finding_event (finding_id, at, what, rule_version, evidence, actor, reason)
     SELECT finding_id, to_timestamp($2::float8 / 1000), 'accepted', rule_version, evidence, $3, $4 FROM accepted`,
    [findingId, by.at_ms, by.actor, by.reason],
  );
  return rowCount ?? 0;
}

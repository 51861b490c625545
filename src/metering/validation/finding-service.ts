// The inbox of findings: lists cases, shows one with all that was decided about it, and accepts it as it is.
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { readCursor, writeCursor } from '../meters/list-cursor.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { type EditRow, listEdits } from '../readings/reading-edit-store.ts';
import { type EstimateVersion, listEstimateVersions } from '../readings/use-estimate-store.ts';
import {
  acceptCase,
  type CaseRow,
  type CasesWanted,
  type FindingEventRow,
  type FindingRow,
  listCase,
  listCases,
  listFindingEvents,
} from './finding-inbox-store.ts';
import { dayBefore } from './past-days.ts';
import { type InstallPlace, listInstallPlaces } from './profile-store.ts';
import { countOpenFindings } from './rule-store.ts';

const inboxLimits = { caseDays: 400, events: 100, edits: 100, estimates: 100 } as const;
/** Days around a case whose edits and estimates are shown with it. */
const AROUND_days = 2;

export interface CasePage {
  cases: CaseRow[];
  next_cursor: string | null;
  /** Findings that nobody has seen to, by rule. */
  open: { rule: string; open: number }[];
}

export interface ShownCase {
  install: InstallPlace;
  findings: FindingRow[];
  events: FindingEventRow[];
  edits: EditRow[];
  estimates: EstimateVersion[];
}

export type FindingService = ReturnType<typeof createFindingService>;

export function createFindingService({ pool, clock, days }: { pool: Pool; clock: Clock; days: LocalDays }) {
  return {
    /** @throws REQUEST_INVALID for a cursor that is none */
    async listCases(wanted: Omit<CasesWanted, 'after'> & { cursor: string | null }): Promise<CasePage> {
      const mark = wanted.cursor === null ? null : readCursor(wanted.cursor);
      if (wanted.cursor !== null && (typeof mark?.first !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(mark.first))) {
        throw problem('REQUEST_INVALID', 'cursor: not a cursor of this list; start without one');
      }
      const after = mark && { lastDay: String(mark.first), findingId: mark.second };
      const rows = await listCases(pool, { ...wanted, after, limit: wanted.limit + 1 });
      const cases = rows.slice(0, wanted.limit);
      const last = rows.length > wanted.limit ? cases.at(-1) : undefined;
      return {
        cases,
        next_cursor: last === undefined ? null : writeCursor(last.last_day, last.finding_id),
        open: await countOpenFindings(pool),
      };
    },

    /** @throws FINDING_UNKNOWN */
    async getCase(findingId: number): Promise<ShownCase> {
      const findings = await listCase(pool, findingId, inboxLimits.caseDays);
      const [newest, oldest] = [findings[0], findings.at(-1)];
      const [install] = newest === undefined ? [] : await listInstallPlaces(pool, [newest.install_id]);
      if (newest === undefined || oldest === undefined || install === undefined) throw problem('FINDING_UNKNOWN');
      const span = { from: dayBefore(oldest.day, AROUND_days), to: dayBefore(newest.day, -AROUND_days) };
      const instants = { from_ms: days.on(span.from).start_ms, to_ms: days.on(span.to).end_ms };
      const ids = findings.map((one) => one.finding_id);
      return {
        ...{ install, findings },
        events: await listFindingEvents(pool, ids, inboxLimits.events),
        edits: await listEdits(pool, install.meter_id, instants, inboxLimits.edits),
        estimates: await listEstimateVersions(pool, install.install_id, span, inboxLimits.estimates),
      };
    },

    /** Accepts what is open of a case. @throws FINDING_UNKNOWN, FINDING_CLOSED where nothing of it is open */
    async acceptCase(findingId: number, reason: string, actor: Buffer | null): Promise<number> {
      const accepted = await acceptCase(pool, findingId, { actor, reason, at_ms: clock.now_ms() });
      if (accepted > 0) return accepted;
      throw problem((await listCase(pool, findingId, 1)).length === 0 ? 'FINDING_UNKNOWN' : 'FINDING_CLOSED');
    },
  };
}

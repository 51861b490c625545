// Gathers what is known of meters at their places, as alarms are judged from it.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import {
  type FactsQuestion,
  listDaysSince,
  listOddities,
  listTold,
  listWatches,
  type WatchRow,
} from './alarm-facts-store.ts';
import type { LocalSpan, MeterFacts, Span } from './alarm-kind.ts';
import { hoursOfUse } from './hours-of-use.ts';
import { toldStretches } from './told-stretches.ts';
import { without } from './watched-days.ts';

/** @returns by install */
export async function gatherFacts(
  from: Queryable,
  days: LocalDays,
  questions: readonly FactsQuestion[],
  asOf_ms: number,
): Promise<Map<number, MeterFacts>> {
  const stored = grouped(await listDaysSince(from, questions));
  const told = new Map((await listTold(from, questions)).map((one) => [one.install_id, one]));
  const oddities = grouped(await listOddities(from, questions));
  const watches = await listWatches(from, [...new Set(questions.map(({ install }) => install.service_point_id))]);
  return new Map(
    questions.map(({ install, facts_ms }): [number, MeterFacts] => {
      const id = install.install_id;
      const odd = oddities.get(id) ?? [];
      const instants = (what: string) => odd.filter((one) => one.what === what).map(({ from_ms }) => from_ms);
      const conflicts = instants('conflict');
      const ofMeter = told.get(id);
      const watched = watchedSpans(watches.filter((one) => one.service_point_id === install.service_point_id));
      return [
        id,
        {
          ...{ from_ms: facts_ms, asOf_ms, installed_ms: install.from_ms, removed_ms: install.until_ms },
          ...{ bore_mm: install.bore_mm, usageClass: install.usage_class },
          hours: hoursOfUse(days, stored.get(id) ?? []),
          told: toldStretches(ofMeter?.instants ?? [], ofMeter?.flagged ?? new Map(), conflicts),
          ...{ conflicts, misdated: instants('misdated') },
          clones: odd.filter((one) => one.what === 'clone'),
          ...{ watched, watchedDays: daysOf(days, watched, Math.max(facts_ms, install.from_ms), asOf_ms) },
        },
      ];
    }),
  );
}

function grouped<Row extends { install_id: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.install_id);
    if (group === undefined) groups.set(row.install_id, [row]);
    else group.push(row);
  }
  return groups;
}

/** A place is watched while any who live there are watched and not away. */
function watchedSpans(rows: readonly WatchRow[]): Span[] {
  const watches = rows.filter(({ is_away }) => !is_away);
  return watches
    .flatMap(({ watch_id, from_ms, to_ms }) =>
      without(
        [{ from_ms, to_ms }],
        rows.filter((row) => row.is_away && row.watch_id === watch_id),
      ),
    )
    .sort((one, other) => one.from_ms - other.from_ms || one.to_ms - other.to_ms);
}

function daysOf(days: LocalDays, watched: readonly Span[], from_ms: number, to_ms: number): LocalSpan[] {
  if (watched.every((span) => span.to_ms <= from_ms || span.from_ms >= to_ms)) return [];
  const found: LocalSpan[] = [];
  for (let day = days.at(from_ms); day.end_ms <= to_ms; day = days.after(day)) {
    found.push({ day: day.date, from_ms: day.start_ms, to_ms: day.end_ms });
  }
  return found;
}

// Estimates use where nothing measured tells it, as a person asks.
import { Temporal } from 'temporal-polyfill';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { noteChangedDays } from '../readings/changed-days-store.ts';
import { markDue } from '../readings/due-days-store.ts';
import type { EstimateMethod } from '../readings/estimate-method.ts';
import type { LocalDay, LocalDays } from '../readings/local-days.ts';
import type { Decider } from '../readings/reading-edits.ts';
import { listUseDays } from '../readings/use-day-store.ts';
import { insertEstimates, type NewEstimate } from '../readings/use-estimate-store.ts';
import { cannotEstimate } from './decision-faults.ts';
import { apportioned, estimateVersion, ownProfile, profileWeeks, untoldHours } from './estimate.ts';
import { placeAt } from './place-at.ts';
import {
  findClassProfile,
  holdInstalls,
  type InstallPlace,
  listInstallPlaces,
  listPlaceVersions,
} from './profile-store.ts';

/** Days one estimate may span: two months, the longest time between bills. */
export const mostEstimatedDays = 62;

export interface WantedEstimate {
  installId: number;
  /** Local days, both ends included. */
  from: string;
  to: string;
  /** What passed in all hours to be estimated, where somebody knows; else null. */
  sum_l: number | null;
  reason: string;
}

interface MissingHour {
  day: LocalDay;
  hour: number;
}

/**
 * Estimates every hour of the days of which nothing measured tells. A day estimated before gets a new version.
 *
 * @returns hours estimated, by what method, and their litres
 * @throws ESTIMATE_IMPOSSIBLE where nothing is missing, days are not over, or neither the place nor its class has a past
 */
export async function estimateUse(
  { pool, clock, days }: { pool: Pool; clock: Clock; days: LocalDays },
  wanted: WantedEstimate,
  by: Decider,
): Promise<{ hours: number; method: EstimateMethod; sum_l: number }> {
  return inTransaction(pool, async (transaction) => {
    await holdInstalls(transaction, [wanted.installId]);
    const [install] = await listInstallPlaces(transaction, [wanted.installId]);
    if (install === undefined) throw cannotEstimate('install_unknown');
    const missing = await missingHours(transaction, days, install, wanted, clock.now_ms());
    const own = await ownProfiles(transaction, install, missing);
    const profile = own ?? (await classProfiles(transaction, install, missing));
    const method = own === null ? 'class_profile' : 'own_profile';
    const hours_l = apportioned(profile.hours_l, wanted.sum_l);
    const made = byDay(missing, hours_l).map(
      (one): NewEstimate => ({
        ...{ install_id: install.install_id, ...one, method, method_version: estimateVersion },
        evidence: { ...profile.evidence, sum_l: wanted.sum_l },
        ...{ made_ms: clock.now_ms(), reason: wanted.reason, ...by },
      }),
    );
    await keep(transaction, made);
    return { hours: missing.length, method, sum_l: hours_l.reduce((sum, use_l) => sum + use_l, 0) };
  });
}

async function keep(transaction: Transaction, made: readonly NewEstimate[]): Promise<void> {
  await insertEstimates(transaction, made);
  await noteChangedDays(transaction, made);
  await markDue(
    transaction,
    made.map(({ install_id, day }) => ({ install_id, from: day, to: day })),
  );
}

async function missingHours(
  from: Transaction,
  days: LocalDays,
  install: InstallPlace,
  { from: first, to: last }: WantedEstimate,
  now_ms: number,
): Promise<MissingHour[]> {
  const stored = await listUseDays(from, [install.install_id], { from: first, to: last });
  const known = new Map(stored.map((one) => [one.day, one.hours_l]));
  const missing: MissingHour[] = [];
  let spanned = 0;
  for (let day = days.on(first); day.date <= last; day = days.after(day)) {
    spanned += 1;
    if (spanned > mostEstimatedDays) throw cannotEstimate('too_many_days', { most: mostEstimatedDays });
    if (day.end_ms > now_ms) throw cannotEstimate('not_over', { day: day.date });
    for (const hour of untoldHours(day, install, known.get(day.date) ?? null)) missing.push({ day, hour });
  }
  if (missing.length === 0) throw cannotEstimate('all_measured');
  return missing;
}

interface Profile {
  hours_l: number[];
  evidence: Record<string, number | string | null>;
}

/** @returns null where the place's own past is too short for any of the hours */
async function ownProfiles(
  from: Transaction,
  install: InstallPlace,
  missing: readonly MissingHour[],
): Promise<Profile | null> {
  const weekBefore = (day: string, weeks: number) => Temporal.PlainDate.from(day).subtract({ weeks }).toString();
  const [first, last] = [missing[0]?.day.date ?? '', missing.at(-1)?.day.date ?? ''];
  const stored = await listUseDays(from, [install.install_id], {
    from: weekBefore(first, profileWeeks.length),
    to: weekBefore(last, 1),
  });
  const known = new Map(stored.map((one) => [one.day, one.hours_l]));
  const hours_l: number[] = [];
  for (const { day, hour } of missing) {
    const use_l = ownProfile(
      hour,
      profileWeeks.map((weeks) => known.get(weekBefore(day.date, weeks)) ?? null),
    );
    if (use_l === null) return null;
    hours_l.push(use_l);
  }
  return { hours_l, evidence: { weeks: profileWeeks.length, profile_l: Math.round(sumOf(hours_l)) } };
}

async function classProfiles(
  from: Transaction,
  install: InstallPlace,
  missing: readonly MissingHour[],
): Promise<Profile> {
  const versions = await listPlaceVersions(from, [install.service_point_id]);
  const hours_l: number[] = [];
  let places = Number.POSITIVE_INFINITY;
  let profile: Awaited<ReturnType<typeof findClassProfile>> = null;
  let profileOf = '';
  for (const { day, hour } of missing) {
    if (day.date !== profileOf) {
      const place = placeAt(versions, day.start_ms);
      const of = { day: day.date, start_ms: day.start_ms, bore_mm: install.bore_mm };
      profile = place && (await findClassProfile(from, { ...of, ...place }));
      profileOf = day.date;
    }
    const use_l = profile?.hours_l[hour];
    if (use_l === undefined) {
      throw cannotEstimate('too_little_known', { day: day.date });
    }
    places = Math.min(places, profile?.places ?? 0);
    hours_l.push(use_l);
  }
  return { hours_l, evidence: { places, profile_l: Math.round(sumOf(hours_l)) } };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

function byDay(
  missing: readonly MissingHour[],
  litres: readonly number[],
): { day: string; hours_l: (number | null)[] }[] {
  const found = new Map<string, (number | null)[]>();
  for (const [index, { day, hour }] of missing.entries()) {
    const hours_l = found.get(day.date) ?? Array<number | null>(day.boundaries_ms.length - 1).fill(null);
    found.set(day.date, hours_l);
    hours_l[hour] = litres[index] ?? null;
  }
  return [...found].map(([day, hours_l]) => ({ day, hours_l }));
}

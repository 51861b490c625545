// Brings estimates up to date with what is stored: takes back what was measured after all, and fills by rule what nothing tells.
import type { Transaction } from '../../platform/postgres/database.ts';
import { noteChangedDays } from '../readings/changed-days-store.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { listUseDaysOver } from '../readings/use-day-store.ts';
import {
  insertEstimates,
  listStandingEstimates,
  type NewEstimate,
  type StandingEstimate,
} from '../readings/use-estimate-store.ts';
import { estimateVersion, profileWeeks } from './estimate.ts';
import { estimateRules } from './estimate-rules.ts';
import {
  type ClassProfile,
  estimatedAfter_days,
  estimateOfGap,
  type GapEstimate,
  gapEstimate,
  isTooNew,
  type UntoldDay,
} from './gap-estimate.ts';
import { findZoneProfile, listUntoldDays } from './gap-store.ts';
import type { JudgedSpan } from './judged-store.ts';
import { historyDays } from './limits.ts';
import { dayBefore, firstDate } from './past-days.ts';
import { placeAt } from './place-at.ts';
import {
  holdInstalls,
  type InstallPlace,
  listInstallPlaces,
  listPlaceVersions,
  type PlaceVersion,
} from './profile-store.ts';
import { withdrawMeasured, withdrawnBy } from './withdraw-estimates-service.ts';

interface Settling {
  days: LocalDays;
  now_ms: number;
  /** The last day that was taken up for judging. */
  until: string;
}

/**
 * An estimate by rule is of a day that has been over for some days, and is a new version wherever the day would be estimated
 * otherwise by what is stored now. What a person estimated is left to people.
 *
 * @param spans days of installs, one an install: what changed with all the days whose estimate rests on it
 * @returns days whose estimate is another
 */
export async function settleEstimates(
  transaction: Transaction,
  { days, now_ms, until }: Settling,
  spans: readonly JudgedSpan[],
): Promise<{ install_id: number; day: string }[]> {
  const withdrawn = await withdrawMeasured(transaction, spans, now_ms);
  const made = await estimateGaps(transaction, days, estimable(spans, until), now_ms);
  // After all installs are held: whoever estimates by hand holds his before he waits for this lock.
  const changed = [...withdrawn, ...made];
  if (changed.length > 0) await noteChangedDays(transaction, changed);
  return changed;
}

function estimable(spans: readonly JudgedSpan[], until: string): JudgedSpan[] {
  const last = dayBefore(until, estimatedAfter_days);
  return spans.filter(({ from }) => from <= last).map((span) => ({ ...span, to: firstDate(span.to, last) }));
}

async function estimateGaps(
  transaction: Transaction,
  days: LocalDays,
  spans: readonly JudgedSpan[],
  now_ms: number,
): Promise<NewEstimate[]> {
  const gaps = spans.length === 0 ? [] : await listUntoldDays(transaction, spans);
  if (gaps.length === 0) return [];
  const gappy = spansOf(gaps);
  const ids = gappy.map((span) => span.install_id);
  await holdInstalls(transaction, ids);
  const standing = new Map(
    (await listStandingEstimates(transaction, gappy, withdrawnBy)).map((one) => [keyOf(one), one]),
  );
  const untoldOf = await readerOfUntold(transaction, days, gappy);
  const installs = await listInstallPlaces(transaction, ids);
  const places = [...new Set(installs.map((install) => install.service_point_id))];
  const profiles = new ZoneProfiles(transaction, days, installs, await listPlaceVersions(transaction, places));
  const made: NewEstimate[] = [];
  for (const gap of gaps) {
    const stands = standing.get(keyOf(gap));
    if (stands !== undefined && stands.decided_by !== gapEstimate.name) continue;
    const untold = untoldOf(gap, profiles.installOf(gap.install_id));
    const place = profiles.placeOf(gap.install_id, gap.day);
    const isInlet = place === null || place.purpose === 'inlet';
    const estimate = isInlet ? null : estimateOfGap(untold, isTooNew(untold) ? await profiles.of(gap) : null);
    if (isAsItStands(estimate, stands)) continue;
    made.push(versionOf(gap, estimate, untold, now_ms));
  }
  await insertEstimates(transaction, made);
  return made;
}

/** From the first day to the last of each install; given by install and day. */
function spansOf(gaps: readonly { install_id: number; day: string }[]): JudgedSpan[] {
  const spans = new Map<number, JudgedSpan>();
  for (const { install_id, day } of gaps) {
    spans.set(install_id, { install_id, from: spans.get(install_id)?.from ?? day, to: day });
  }
  return [...spans.values()];
}

const keyOf = ({ install_id, day }: { install_id: number; day: string }) => `${install_id} ${day}`;

function isAsItStands(estimate: GapEstimate | null, stands: StandingEstimate | undefined): boolean {
  if (stands === undefined || stands.method === 'withdrawn') return estimate === null;
  return (
    estimate !== null &&
    stands.method === estimate.method &&
    stands.method_version === estimateVersion &&
    estimate.hours_l.every((use_l, hour) => use_l === stands.hours_l[hour])
  );
}

function versionOf(
  { install_id, day }: { install_id: number; day: string },
  estimate: GapEstimate | null,
  untold: UntoldDay,
  made_ms: number,
): NewEstimate {
  const by = { actor: null, rule: gapEstimate.name };
  const { reasons } = estimateRules[gapEstimate.name];
  const of = { install_id, day, method_version: estimateVersion, made_ms, ...by };
  if (estimate === null) {
    const hours_l = untold.day.boundaries_ms.slice(1).map(() => null);
    return { ...of, hours_l, method: 'withdrawn', evidence: {}, reason: reasons.withdrawn.en };
  }
  return { ...of, ...estimate, reason: reasons[estimate.method].en };
}

/** What each day with a gap is estimated from, of what is stored of the installs. */
async function readerOfUntold(from: Transaction, days: LocalDays, gappy: readonly JudgedSpan[]) {
  const spans = gappy.map((span) => ({ ...span, from: dayBefore(span.from, historyDays) }));
  const stored = await listUseDaysOver(from, spans);
  const hoursOf = new Map(stored.map((one) => [keyOf(one), one.hours_l]));
  const toldDays = new Map<number, string[]>();
  for (const { install_id, day, hours_l } of stored) {
    if (hours_l.every((use_l) => use_l === null)) continue;
    const told = toldDays.get(install_id) ?? [];
    toldDays.set(install_id, told);
    told.push(day);
  }
  return ({ install_id, day }: { install_id: number; day: string }, stay: InstallPlace): UntoldDay => {
    const earliest = dayBefore(day, historyDays);
    return {
      ...{ day: days.on(day), stay, told: hoursOf.get(keyOf({ install_id, day })) ?? null },
      weeks: profileWeeks.map((weeks) => hoursOf.get(keyOf({ install_id, day: dayBefore(day, weeks * 7) })) ?? null),
      isToldLately: (toldDays.get(install_id) ?? []).some((told) => told >= earliest && told <= day),
    };
  };
}

/** Profiles of zones by class, bore and day, each asked for once. */
class ZoneProfiles {
  readonly #from: Transaction;
  readonly #days: LocalDays;
  readonly #installs: ReadonlyMap<number, InstallPlace>;
  readonly #versions = new Map<string, PlaceVersion[]>();
  readonly #found = new Map<string, ClassProfile | null>();

  constructor(
    from: Transaction,
    days: LocalDays,
    installs: readonly InstallPlace[],
    versions: readonly PlaceVersion[],
  ) {
    this.#from = from;
    this.#days = days;
    this.#installs = new Map(installs.map((install) => [install.install_id, install]));
    for (const version of versions) {
      const ofPlace = this.#versions.get(version.service_point_id) ?? [];
      this.#versions.set(version.service_point_id, ofPlace);
      ofPlace.push(version);
    }
  }

  installOf(installId: number): InstallPlace {
    const install = this.#installs.get(installId);
    if (install === undefined) throw new Error(`a day was found of install ${installId}, which is none`);
    return install;
  }

  placeOf(installId: number, day: string) {
    const { service_point_id } = this.installOf(installId);
    return placeAt(this.#versions.get(service_point_id) ?? [], this.#days.on(day).start_ms);
  }

  async of({ install_id, day }: { install_id: number; day: string }): Promise<ClassProfile | null> {
    const place = this.placeOf(install_id, day);
    if (place === null) return null;
    const { zone_id, usage_class } = place;
    const { bore_mm } = this.installOf(install_id);
    const key = `${zone_id}\n${usage_class}\n${bore_mm}\n${day}`;
    const found = this.#found.get(key);
    if (found !== undefined) return found;
    const { start_ms } = this.#days.on(day);
    const profile = await findZoneProfile(this.#from, { zone_id, usage_class, bore_mm, day, start_ms });
    this.#found.set(key, profile);
    return profile;
  }
}

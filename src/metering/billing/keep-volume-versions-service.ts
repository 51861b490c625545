// Works out what places used over a period and keeps it as a version where it is news; says of the others what is missing.
import type { Transaction } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { listEstimates } from '../readings/use-estimate-store.ts';
import { dayBefore } from './billing-dates.ts';
import {
  dayKey,
  type Period,
  type PeriodUse,
  type PlaceInstall,
  type PlaceUse,
  periodUse,
  type Untold,
} from './period-use.ts';
import { listInstallsAt, listToldDays } from './period-use-store.ts';
import { keepVersions } from './volume-version-store.ts';

/** What a place used, by which version of it, and the bore of the meter that stood there last. */
export interface KnownUse extends PeriodUse {
  version: number;
  bore_mm: number;
}

/**
 * To be called by the holder of the billing lock: two of one period would make one version twice.
 * @param servicePointIds at most a few thousand: what is read is held in memory
 * @returns by place; a place where no meter stood within the period is absent
 */
export async function keepVolumeVersions(
  transaction: Transaction,
  { days, now_ms }: { days: LocalDays; now_ms: number },
  period: Period,
  servicePointIds: readonly string[],
): Promise<Map<string, KnownUse | Untold>> {
  const from_ms = days.on(period.use_from).start_ms;
  const until_ms = days.on(period.use_until).start_ms;
  const within = ({ from_ms: begins_ms, until_ms: ends_ms }: PlaceInstall) =>
    begins_ms < until_ms && (ends_ms === null || ends_ms > from_ms);
  const installs = await listInstallsAt(transaction, servicePointIds);
  const standing = [...installs.values()].flat().filter(within);
  const told = await listToldDays(
    transaction,
    standing.map((install) => install.install_id),
    period,
  );
  const places = new Map([...installs].filter(([, ofPlace]) => ofPlace.some(within)));
  const uses = await usesOf(transaction, days, period, places, told);
  const found = new Map<string, KnownUse | Untold>();
  const known = new Map<string, PeriodUse>();
  for (const [servicePointId, use] of uses) {
    if ('reason' in use) found.set(servicePointId, use);
    else known.set(servicePointId, use);
  }
  const versions = await keepVersions(transaction, period, known, now_ms);
  for (const [servicePointId, use] of known) {
    const last = installs.get(servicePointId)?.findLast(within);
    const version = versions.get(servicePointId);
    if (last === undefined || version === undefined) throw new Error('a place with use has neither meter nor version');
    found.set(servicePointId, { ...use, version, bore_mm: last.bore_mm });
  }
  return found;
}

/** By stored use alone where that tells all; where something is missing, with what is estimated of it. */
async function usesOf(
  transaction: Transaction,
  days: LocalDays,
  period: Period,
  places: ReadonlyMap<string, readonly PlaceInstall[]>,
  told: PlaceUse['told'],
): Promise<Map<string, PeriodUse | Untold>> {
  const reckon = (installs: readonly PlaceInstall[], estimates: PlaceUse['estimates']) =>
    periodUse(days, period, { installs, told, estimates });
  const uses = new Map([...places].map(([place, installs]) => [place, reckon(installs, new Map())]));
  const untold = [...places].filter(([place]) => 'reason' in (uses.get(place) ?? {}));
  const estimates = await estimatesOf(
    transaction,
    period,
    untold.flatMap(([, installs]) => installs),
  );
  for (const [place, installs] of untold) uses.set(place, reckon(installs, estimates));
  return uses;
}

async function estimatesOf(
  transaction: Transaction,
  { use_from, use_until }: Period,
  installs: readonly PlaceInstall[],
): Promise<PlaceUse['estimates']> {
  if (installs.length === 0) return new Map();
  const ids = installs.map((install) => install.install_id);
  const estimates = await listEstimates(transaction, ids, { from: use_from, to: dayBefore(use_until) });
  return new Map(estimates.map((one) => [dayKey(one.install_id, one.day), one.hours_l]));
}

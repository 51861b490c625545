// Works out what places used over a period and keeps it as a version where it is news; says of the others what is missing.
import type { Transaction } from '../../platform/postgres/database.ts';
import type { LocalDays } from '../readings/local-days.ts';
import { type Period, type PeriodUse, type PlaceInstall, periodUse, type Untold } from './period-use.ts';
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
  const found = new Map<string, KnownUse | Untold>();
  const known = new Map<string, PeriodUse>();
  for (const [servicePointId, ofPlace] of installs) {
    if (!ofPlace.some(within)) continue;
    const use = periodUse(days, period, { installs: ofPlace, told, estimates: new Map() });
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

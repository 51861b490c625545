// Registers a list of devices in parts, each whole or not at all; begun again, it goes on where it stopped.

import { firstProblem } from '../../platform/csv-list.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import { newDeviceSecret } from '../intake/device-secret.ts';
import type { FleetEntry, ProvisionedDevice } from './fleet-entry.ts';
import { completeDeviceList, readDeviceList } from './provision-csv.ts';
import { listKnown } from './provision-store.ts';
import { type Actor, insertStaffAction } from './staff-action-store.ts';

export interface ProvisionedList {
  devices: number;
  /** Of them, those that were registered before. */
  known: number;
}

/**
 * @param by who does it, and when, for the audit
 * @param keep takes each part's devices, with the secrets that were made, before the part is committed: where it fails, none of
 *   the part exists
 * @param provisionFleet registers a part
 * @throws PROVISIONING_INVALID with each problem by line and column, before anything is registered; what `provisionFleet`
 *   throws, with the parts before it done
 */
export async function provisionList(
  pool: Pool,
  file: string,
  options: {
    dryRun: boolean;
    by: { at: Date; actor: Actor };
    keep(devices: readonly ProvisionedDevice[]): Promise<void>;
    provisionFleet(
      entries: readonly FleetEntry[],
      beforeCommit: (provisioned: readonly ProvisionedDevice[]) => Promise<void>,
    ): Promise<ProvisionedDevice[]>;
  },
): Promise<ProvisionedList> {
  const entries = readGood(file);
  if (!options.dryRun) {
    const subject = String(entries.length);
    await insertStaffAction(pool, { ...options.by, action: 'devices_registered', deviceNo: null, subject });
  }
  let known = 0;
  for (const part of partsOf(entries)) {
    known += (await listKnown(pool, idsOf(part))).length;
    if (!options.dryRun) await options.provisionFleet(part, (made) => options.keep(withoutGiven(part, made)));
  }
  return { devices: entries.length, known };
}

/**
 * Gives each new device of a list its secret before anything is registered: whoever keeps the list can send it as often as it
 * takes, and no secret is lost with an answer.
 *
 * @returns the list with `made` secrets added
 * @throws PROVISIONING_INVALID as `provisionList`
 */
export async function completeList(
  pool: Pool,
  random: Random,
  file: string,
): Promise<ProvisionedList & { made: number; list: string }> {
  const entries = readGood(file);
  const known = new Set<string>();
  for (const part of partsOf(entries)) for (const id of await listKnown(pool, idsOf(part))) known.add(id);
  const completed = completeDeviceList(file, known, () => newDeviceSecret(random));
  return { devices: entries.length, known: known.size, ...completed };
}

function readGood(file: string): FleetEntry[] {
  const { entries, problems } = readDeviceList(file);
  if (problems.length > 0) throw problem('PROVISIONING_INVALID', firstProblem(problems), { problems });
  return entries;
}

function* partsOf(entries: readonly FleetEntry[]): Generator<FleetEntry[]> {
  for (let at = 0; at < entries.length; at += deviceLimits.csvRowsAtOnce) {
    yield entries.slice(at, at + deviceLimits.csvRowsAtOnce);
  }
}

const idsOf = (entries: readonly FleetEntry[]): string[] => entries.map(({ deviceId }) => deviceId);

/** Secrets that stood in the list are known, and one of a maker's may begin like a formula: only ours are handed out. */
function withoutGiven(part: readonly FleetEntry[], made: readonly ProvisionedDevice[]): ProvisionedDevice[] {
  const given = new Set(part.filter(({ secret }) => secret !== undefined).map(({ deviceId }) => deviceId));
  return made.map((device) => (given.has(device.deviceId) ? { ...device, secret: null } : device));
}

// Registers a list of devices in parts, each whole or not at all; begun again, it goes on where it stopped.

import { firstProblem } from '../../platform/csv-list.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import type { FleetEntry, ProvisionedDevice } from './fleet-entry.ts';
import { readDeviceList } from './provision-csv.ts';
import { countKnown } from './provision-store.ts';

export interface ProvisionedList {
  devices: number;
  /** Of them, those that were registered before. */
  known: number;
}

/**
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
    keep(devices: readonly ProvisionedDevice[]): Promise<void>;
    provisionFleet(
      entries: readonly FleetEntry[],
      beforeCommit: (provisioned: readonly ProvisionedDevice[]) => Promise<void>,
    ): Promise<ProvisionedDevice[]>;
  },
): Promise<ProvisionedList> {
  const { entries, problems } = readDeviceList(file);
  if (problems.length > 0) {
    throw problem('PROVISIONING_INVALID', firstProblem(problems), { problems });
  }
  let known = 0;
  for (let at = 0; at < entries.length; at += deviceLimits.csvRowsAtOnce) {
    const part = entries.slice(at, at + deviceLimits.csvRowsAtOnce);
    known += await countKnown(
      pool,
      part.map(({ deviceId }) => deviceId),
    );
    if (!options.dryRun) await options.provisionFleet(part, (made) => options.keep(withoutGiven(part, made)));
  }
  return { devices: entries.length, known };
}

/** Secrets that stood in the list are known, and one of a maker's may begin like a formula: only ours are handed out. */
function withoutGiven(part: readonly FleetEntry[], made: readonly ProvisionedDevice[]): ProvisionedDevice[] {
  const given = new Set(part.filter(({ secret }) => secret !== undefined).map(({ deviceId }) => deviceId));
  return made.map((device) => (given.has(device.deviceId) ? { ...device, secret: null } : device));
}

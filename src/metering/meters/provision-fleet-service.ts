// Puts a fleet in place: its zones, service points, meters, devices with their secrets, and which belongs to which.
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { type DeviceSecrets, newDeviceSecret, shortestSecret_chars } from '../intake/device-secret.ts';
import { endOfTime_ms, markTouched } from '../readings/touched-store.ts';
import { type FleetEntry, fleetEntriesAtOnce, type ProvisionedDevice } from './fleet-entry.ts';
import { isDeviceKnown, isTakenLater, putDevice, putInstall, putMeter, putServicePoint } from './provision-store.ts';

/**
 * Provisions all entries, or none. Said again it changes nothing; said with another meter or place it is a swap as of
 * the entry's `installedAt_ms`, and the history stays.
 *
 * @param beforeCommit keeps the new secrets somewhere before the devices exist; where it fails, none does
 * @throws SECRET_TOO_WEAK for a secret below 22 characters, REQUEST_INVALID for more entries than one call may hold,
 *   CONFLICT for a swap dated before what it replaces was put in
 */
export async function provisionFleet(
  pool: Pool,
  random: Random,
  entries: readonly FleetEntry[],
  secrets: DeviceSecrets,
  beforeCommit: (provisioned: readonly ProvisionedDevice[]) => Promise<void> = async () => {},
): Promise<ProvisionedDevice[]> {
  if (entries.length > fleetEntriesAtOnce) {
    throw problem(
      'REQUEST_INVALID',
      `${entries.length} devices at once; at most ${fleetEntriesAtOnce}, send them in parts`,
    );
  }
  for (const { deviceId, secret } of entries) {
    if (secret !== undefined && secret.length < shortestSecret_chars) {
      throw problem(
        'SECRET_TOO_WEAK',
        `the secret of device ${deviceId} has fewer than ${shortestSecret_chars} characters; leave it out to be given one`,
      );
    }
  }
  return inTransaction(pool, async (transaction) => {
    const provisioned: ProvisionedDevice[] = [];
    for (const entry of entries) provisioned.push(await provision(transaction, random, secrets, entry));
    await beforeCommit(provisioned);
    return provisioned;
  });
}

async function provision(
  transaction: Transaction,
  random: Random,
  secrets: DeviceSecrets,
  entry: FleetEntry,
): Promise<ProvisionedDevice> {
  await putServicePoint(transaction, entry.servicePoint, entry.installedAt_ms);
  const meterId = await putMeter(transaction, entry.meter);
  const secret = entry.secret ?? ((await isDeviceKnown(transaction, entry.deviceId)) ? null : newDeviceSecret(random));
  const hash = secret === null ? null : secrets.hashOf(entry.deviceId, secret);
  const deviceNo = await putDevice(transaction, entry, hash);
  const install = { servicePointId: entry.servicePoint.id, meterId, deviceNo, from_ms: entry.installedAt_ms };
  if (await isTakenLater(transaction, install)) {
    throw problem(
      'CONFLICT',
      `device ${entry.deviceId}: the swap is dated before what it replaces was put in; give a later installedAt_ms`,
    );
  }
  const moved = await putInstall(transaction, { ...install, openingRegister_l: entry.openingRegister_l ?? null });
  // Readings may be there already: from the change on they are another place's.
  await markTouched(
    transaction,
    moved.map((id) => ({ meterId: id, from_ms: entry.installedAt_ms, to_ms: endOfTime_ms })),
  );
  return { deviceId: entry.deviceId, meterId, secret };
}

// The key service that the settings name for the issuer's keys; null where the sealed file holds them.
import { issuerKeyTransit, type Settings } from '../config.ts';
import type { KeyService } from '../identity/trust/held-key.ts';
import { createTransitKeys } from '../identity/trust/transit-keys-port.ts';
import { systemRandom } from '../platform/random.ts';

/** @throws SETTING_INVALID */
export function issuerKeyService(settings: Settings): KeyService | null {
  const transit = issuerKeyTransit(settings);
  return transit === null ? null : createTransitKeys({ ...transit, randomBytes: systemRandom.bytes });
}

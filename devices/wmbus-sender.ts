// Whom a wireless M-Bus telegram is from, as text: `KAM.76348799.1B.16` is manufacturer, id, version and medium.
import { manufacturerCode, meterIdOf } from './wmbus-address.ts';
import { linkFrames } from './wmbus-link.ts';

/** The link layer's address, which no encryption hides; null where the bytes are no telegram. */
export function wmbusSender(telegram: Uint8Array): string | null {
  const frames = linkFrames(telegram);
  const address = Array.isArray(frames) ? frames[0]?.address : undefined;
  if (address === undefined) return null;
  const manufacturer = manufacturerCode(address.manufacturer);
  if (!/^[A-Z]{3}$/.test(manufacturer)) return null;
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${manufacturer}.${meterIdOf(address.id)}.${hex(address.version)}.${hex(address.medium)}`.toUpperCase();
}

// Whom an M-Bus telegram is from, as text: `KAM.76348799.1B.16` is manufacturer, id, version and medium.
import { longFrame } from './mbus-long-frame.ts';
import { type MeterAddress, manufacturerCode, meterIdOf } from './wmbus-address.ts';
import { linkFrames } from './wmbus-link.ts';
import { transportHeader } from './wmbus-transport.ts';

/**
 * The link layer's address, which no encryption hides; of a wired long frame that a radio adapter hands on, the one in its
 * long header. Null where the bytes are no telegram, or name nobody.
 */
export function wmbusSender(telegram: Uint8Array): string | null {
  const address = addressOf(telegram);
  if (address === null) return null;
  const manufacturer = manufacturerCode(address.manufacturer);
  if (!/^[A-Z]{3}$/.test(manufacturer)) return null;
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${manufacturer}.${meterIdOf(address.id)}.${hex(address.version)}.${hex(address.medium)}`.toUpperCase();
}

function addressOf(telegram: Uint8Array): MeterAddress | null {
  const wired = longFrame(telegram);
  if (wired !== null) {
    if ('ok' in wired) return null;
    const header = transportHeader(wired.body);
    return 'ok' in header ? null : header.address;
  }
  const frames = linkFrames(telegram);
  return Array.isArray(frames) ? (frames[0]?.address ?? null) : null;
}

// What a simulated meter sends: its registers in a device's format, and what that telegram tells of their times.
import { findFormat } from '../devices/formats.ts';
import type { PayloadFormat } from '../devices/payload-format.ts';
import type { FleetDevice } from './device-list.ts';

export interface Telegram {
  format: string;
  payload: Uint8Array;
  /** Null times for formats that carry none. */
  readings: { measured_at: string | null; register_l: number }[];
}

/** The finest time that a telegram of a format tells; null where it tells none. */
export type Precision_ms = 1_000 | 60_000 | null;

export interface EncodingFormat {
  format: PayloadFormat;
  precision_ms: Precision_ms;
}

const probe_ms = Date.UTC(2026, 2, 1, 10, 17, 37);

/** Throws for a format that no simulated meter can send. */
export function encodingFormat(name: string): EncodingFormat {
  const format = findFormat(name);
  if (format?.encode === undefined) throw new Error(`no simulated meter can send the format '${name.slice(0, 40)}'`);
  return { format, precision_ms: precisionOf(format) };
}

/** Asked of the format itself, with a telegram of its own. */
function precisionOf(format: PayloadFormat): Precision_ms {
  const payload = format.encode?.({
    ...{ meter_id: '23165017', bore_mm: 15, flags: [], utc_offset_min: 0 },
    readings: [{ measured_at_ms: probe_ms, register_l: 225_151 }],
  });
  const decoded = format.decode(payload ?? new Uint8Array(), {});
  const told = decoded.ok ? decoded.uplink.readings[0]?.measured_at : undefined;
  if (told === null || told === undefined) return null;
  return Date.parse(/Z|[+-]\d\d:\d\d$/.test(told) ? told : `${told}Z`) === probe_ms ? 1_000 : 60_000;
}

/** The newest of `times_ms` last. */
export function telegramOf(
  device: FleetDevice,
  { format, precision_ms }: EncodingFormat,
  times_ms: readonly number[],
  registerOf: (at_ms: number) => number,
): Telegram {
  const readings = times_ms.map((measured_at_ms) => ({ measured_at_ms, register_l: registerOf(measured_at_ms) }));
  const payload = format.encode?.({
    meter_id: device.serial,
    bore_mm: device.bore_mm,
    readings,
    flags: device.flags,
    utc_offset_min: device.household.utc_offset_min,
  });
  return {
    format: format.name,
    payload: payload ?? new Uint8Array(),
    readings: readings.map(({ measured_at_ms, register_l }) => ({
      measured_at:
        precision_ms === null ? null : new Date(Math.floor(measured_at_ms / precision_ms) * precision_ms).toISOString(),
      register_l,
    })),
  };
}

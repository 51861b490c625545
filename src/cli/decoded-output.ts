// The shape in which naru decode prints an uplink; docs/wmbus.md describes it, and programs rely on it.
import type { DecodedReading, DecodedUplink, DecodedVolume } from '../../devices/payload-format.ts';

export interface PrintedUplink {
  meter_id: string | null;
  model: string | null;
  /** The current register in cubic metres, as exact as told; null when the payload has none. */
  total_m3: number | null;
  /** What flowed the other way; null when the payload does not say. */
  total_backward_m3: number | null;
  /** `OK`, or the names of what is the matter, sorted, with spaces between; null when the payload says nothing. */
  status: string | null;
  /** The meter's clock, local; null when it is not told. `clock_valid` is false where the meter says not to trust it. */
  meter_datetime: string | null;
  clock_valid?: false;
  flags: string[];
  readings: DecodedReading[];
  /** All volumes as told, in cubic metres. */
  volumes: (Omit<DecodedVolume, 'volume_l'> & { volume_m3: number })[];
  dates: NonNullable<DecodedUplink['dates']>;
}

export function printedUplink(uplink: DecodedUplink): PrintedUplink {
  const { meter_id, model, flags, readings, volumes = [], dates = [], status } = uplink;
  const current = readings.find((reading) => reading.kind !== 'historic');
  const clock = dates.find((date) => date.of === 'clock');
  return {
    meter_id,
    model,
    total_m3: current === undefined ? null : cubicMetres(current.exact_l ?? current.register_l),
    total_backward_m3: backwardOf(current, volumes),
    status: status === undefined ? null : status.join(' ') || 'OK',
    meter_datetime: current?.measured_at ?? clock?.at ?? null,
    ...(clock?.valid === false && current?.measured_at == null ? { clock_valid: false as const } : {}),
    flags,
    readings,
    volumes: volumes.map(({ volume_l, ...rest }) => ({ volume_m3: cubicMetres(volume_l), ...rest })),
    dates,
  };
}

function backwardOf(current: DecodedReading | undefined, volumes: readonly DecodedVolume[]): number | null {
  const told = volumes.find((volume) => volume.of === 'backward' && volume.storage === 0);
  if (told !== undefined) return cubicMetres(told.volume_l);
  return current?.backward_l === undefined ? null : cubicMetres(current.backward_l);
}

/** Dividing by a thousand is exact to the last digit where multiplying by 0.001 is not. */
function cubicMetres(volume_l: number): number {
  return volume_l / 1000;
}

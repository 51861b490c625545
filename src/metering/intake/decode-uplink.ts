// From a delivery to what will be stored: readings with their instants, or the reason why there are none.
import { findFormat } from '../../../devices/formats.ts';
import type { DecodedReading, DecodedUplink, PayloadFormat } from '../../../devices/payload-format.ts';
import { intakeLimits } from './intake-limits.ts';
import { measuredInstant } from './measured-instant.ts';
import type { Delivery, IntakeProblem, PendingReading, PendingUplink } from './uplink.ts';

type Decoded = Pick<PendingUplink, 'format' | 'decoderVersion' | 'readings' | 'problem'>;

/**
 * Decodes and checks; bad data is a value here, never a throw. `problem.code` is the decoder's own, or FORMAT_UNKNOWN,
 * FORMAT_NOT_OF_DEVICE, DEVICE_WITHOUT_METER, METER_NOT_OF_DEVICE, TOO_MANY_READINGS, TIME_UNREADABLE,
 * REGISTER_IMPOSSIBLE, DECODER_FAILED.
 *
 * @param find looks a format up by its topic level; the formats of devices/ unless a test brings its own
 */
export function decodeUplink(
  delivery: Delivery,
  timeZone: string,
  find: (name: string) => PayloadFormat | undefined = findFormat,
): Decoded {
  const { device } = delivery;
  if (delivery.problem !== undefined) {
    return quarantined(delivery.format, null, delivery.problem.code, delivery.problem.detail);
  }
  const format = find(delivery.format);
  if (format === undefined) return quarantined(delivery.format, null, 'FORMAT_UNKNOWN', 'no format has this name');
  const refuse = (code: string, detail: string) => quarantined(format.name, format.version, code, detail);
  if (!device.formats.includes(format.name)) {
    return refuse('FORMAT_NOT_OF_DEVICE', 'the device is not registered for this format');
  }
  if (device.meter === null) return refuse('DEVICE_WITHOUT_METER', 'no meter is assigned to the device');
  const uplink = decodePayload(format, delivery);
  if ('code' in uplink) return refuse(uplink.code, uplink.detail);
  if (uplink.meter_id !== null && !isSameSerial(uplink.meter_id, device.meter.serial)) {
    return refuse('METER_NOT_OF_DEVICE', 'the telegram names another meter than the one assigned to the device');
  }
  const readings = toReadings(uplink, device.meter.meterId, delivery.receivedAt_ms, timeZone);
  if ('code' in readings) return refuse(readings.code, readings.detail);
  return { format: format.name, decoderVersion: format.version, readings, problem: null };
}

function quarantined(format: string, decoderVersion: number | null, code: string, detail: string): Decoded {
  return { format, decoderVersion, readings: [], problem: { code, detail } };
}

function decodePayload(format: PayloadFormat, { payload, device }: Delivery): DecodedUplink | IntakeProblem {
  try {
    const result = format.decode(payload, device.payloadKey === null ? {} : { key: device.payloadKey });
    return result.ok ? result.uplink : result.problem;
  } catch {
    // A decoder promises never to throw; if one does, its device must still not be sent into a loop of redeliveries.
    return { code: 'DECODER_FAILED', detail: 'the decoder failed on this payload' };
  }
}

/** Makers print leading zeros or leave them out. */
function isSameSerial(one: string, other: string): boolean {
  const bare = (serial: string) => serial.toUpperCase().replace(/^0+(?=.)/, '');
  return bare(one) === bare(other);
}

function toReadings(
  uplink: DecodedUplink,
  meterId: number,
  receivedAt_ms: number,
  timeZone: string,
): PendingReading[] | IntakeProblem {
  if (uplink.readings.length > intakeLimits.readingsPerUplink) {
    return { code: 'TOO_MANY_READINGS', detail: `more than ${intakeLimits.readingsPerUplink} readings in a payload` };
  }
  const readings: PendingReading[] = [];
  for (const decoded of uplink.readings) {
    const instant = measuredInstant(decoded.measured_at, receivedAt_ms, timeZone);
    if (instant === null) return { code: 'TIME_UNREADABLE', detail: 'a reading has a time that is no time' };
    if (!Number.isSafeInteger(decoded.register_l) || decoded.register_l < 0) {
      return { code: 'REGISTER_IMPOSSIBLE', detail: 'a register is not a whole number of litres from 0' };
    }
    readings.push({
      meterId,
      measuredAt_ms: instant.at_ms,
      register_l: decoded.register_l,
      clock: instant.clock,
      plausible:
        instant.at_ms >= intakeLimits.earliestMeasured_ms &&
        instant.at_ms <= receivedAt_ms + intakeLimits.clockAhead_ms,
      flags: [],
    });
  }
  return withFlags(readings, uplink.readings, uplink.flags);
}

/** Flags tell the meter's state when it sent: they belong to its newest current reading. */
function withFlags(
  readings: PendingReading[],
  decoded: readonly DecodedReading[],
  flags: readonly string[],
): PendingReading[] {
  if (flags.length === 0) return readings;
  let newest = -1;
  for (const [index, reading] of readings.entries()) {
    if (decoded[index]?.kind === 'historic') continue;
    if (newest < 0 || reading.measuredAt_ms > (readings[newest]?.measuredAt_ms ?? 0)) newest = index;
  }
  return readings.map((reading, index) => (index === newest ? { ...reading, flags } : reading));
}

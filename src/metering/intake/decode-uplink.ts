// From a delivery to what will be stored: readings with their instants, or the reason why there are none.
import { findFormat, topicLevelOf } from '../../../devices/formats.ts';
import type { DecodedReading, DecodedUplink, PayloadFormat } from '../../../devices/payload-format.ts';
import { senmlJson } from '../../../devices/senml-json.ts';
import { PlainPack } from '../../../devices/senml-json-plain.ts';
import type { DeviceLane } from './device-lane.ts';
import { intakeLimits } from './intake-limits.ts';
import { measuredInstant } from './measured-instant.ts';
import type { DecodedDelivery, Delivery, IntakeProblem, PendingReading } from './uplink.ts';
import { clocks, type UplinkBatch } from './uplink-batch.ts';

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
): DecodedDelivery {
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

function quarantined(format: string, decoderVersion: number | null, code: string, detail: string): DecodedDelivery {
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
      plausible: isPlausible(instant.at_ms, receivedAt_ms),
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

const pack = new PlainPack();
const ABSOLUTE = clocks.indexOf('absolute');
const RECEIVED = clocks.indexOf('received');

/**
 * Decodes into the batch's begun uplink: a plain pack of our own format without making an object, all else by
 * `decodeUplink`, to the same result.
 */
export function decodeInto(batch: UplinkBatch, delivery: Delivery, lane: DeviceLane, timeZone: string): void {
  const { format, payload, receivedAt_ms } = delivery;
  const isPlain =
    lane.serial !== null &&
    lane.sendsSenml &&
    (format === SENML_TOPIC || format === senmlJson.name) &&
    pack.read(payload, lane.serial);
  if (!isPlain) {
    batch.addDecoded(decodeUplink(delivery, timeZone));
    return;
  }
  batch.decodedBy(senmlJson.name, senmlJson.version);
  for (let index = 0; index < pack.count; index += 1) {
    const told_ms = pack.times_ms[index] as number;
    const isDated = !Number.isNaN(told_ms);
    const at_ms = isDated ? told_ms : receivedAt_ms;
    batch.addReading(
      at_ms,
      pack.registers_l[index] as number,
      isDated ? ABSOLUTE : RECEIVED,
      isPlausible(at_ms, receivedAt_ms),
    );
  }
}

const SENML_TOPIC = topicLevelOf(senmlJson.name);

function isPlausible(at_ms: number, receivedAt_ms: number): boolean {
  return at_ms >= intakeLimits.earliestMeasured_ms && at_ms <= receivedAt_ms + intakeLimits.clockAhead_ms;
}

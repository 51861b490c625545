// The part of a batch that one transaction stores, its readings in the order of their key and parted by the way they go.
import type { DeviceLane } from './device-lane.ts';
import type { UplinkBatch } from './uplink-batch.ts';

/** Batches hold fewer readings than this, so that meter and place make one exact number. */
const PLACES = 2 ** 20;

/** What one transaction stores. Readings are told by their place in the batch, as uplinks are. */
export interface PartRows {
  batch: UplinkBatch;
  /** Uplinks by place, ascending; the nth has the id `firstId + n`. */
  uplinks: readonly number[];
  firstId: number;
  uplinkOf: Int32Array;
  idOf: Float64Array;
  /** Later than anything known of their meter: they are taken to be new. By meter and instant. */
  newer: number[];
  /** These may be stored already, or contradict what is. By meter and instant, equals as they came. */
  checked: number[];
  /** Of `checked`, those old enough to lie in a reading pack: see readings/pack-limits.ts. */
  old: number[];
  misdated: number[];
  /** Uplinks that go to quarantine. */
  problems: number[];
}

/**
 * Parts the readings and moves their devices' marks on: what is tried again, or comes again while this is in flight, will
 * be checked. The order of the key makes two batches take their locks in one order.
 *
 * @param trusting false sends every reading the checked way
 * @param oldBefore_ms what was measured before is looked for in packs, too, and goes the checked way always
 */
export function partRows(
  batch: UplinkBatch,
  uplinks: readonly number[],
  firstId: number,
  trusting: boolean,
  oldBefore_ms = Number.POSITIVE_INFINITY,
): PartRows {
  const rows: PartRows = {
    ...{ batch, uplinks, firstId, newer: [], checked: [], old: [], misdated: [], problems: [] },
    uplinkOf: new Int32Array(batch.measuredAt_ms.length),
    idOf: new Float64Array(batch.count),
  };
  const keys = new Float64Array(batch.measuredAt_ms.length);
  let plausible = 0;
  for (const run of runsByMeter(batch, uplinks)) {
    let index = placeOf(run);
    const firstKey = run - index;
    const lane = batch.lanes[uplinks[index] as number];
    for (; index < uplinks.length; index += 1) {
      const uplink = uplinks[index] as number;
      if (batch.lanes[uplink] !== lane) break;
      rows.idOf[uplink] = firstId + index;
      const end = batch.endOfReadings(uplink);
      for (let reading = batch.firstReadingOf(uplink); reading < end; reading += 1) {
        rows.uplinkOf[reading] = uplink;
        if (batch.isPlausible(reading)) {
          keys[plausible] = firstKey + reading;
          plausible += 1;
        } else rows.misdated.push(reading);
      }
    }
  }
  if (batch.hasProblems) rows.problems = uplinks.filter((uplink) => batch.problemOf(uplink) !== null);
  const order = byInstantWithinMeter(keys.subarray(0, plausible), batch.measuredAt_ms);
  let meter = -1;
  let last_ms = 0;
  for (let index = 0; index < plausible; index += 1) {
    const key = order[index] ?? 0;
    const reading = placeOf(key);
    const at_ms = batch.measuredAt_ms[reading] ?? 0;
    const lane = batch.lanes[rows.uplinkOf[reading] ?? 0];
    const ofMeter = (key - reading) / PLACES;
    const follows = ofMeter !== meter || at_ms > last_ms;
    meter = ofMeter;
    last_ms = at_ms;
    if (lane === undefined) continue;
    const isNewer = at_ms > lane.mark_ms;
    if (isNewer) lane.mark_ms = at_ms;
    const isOld = at_ms < oldBefore_ms;
    if (isOld) rows.old.push(reading);
    (isNewer && trusting && follows && !isOld ? rows.newer : rows.checked).push(reading);
  }
  return rows;
}

/**
 * Where the uplinks of another connection begin, in the order of their meters. What a socket brought lies together, so
 * there are few to be sorted where devices send much at a time; sorting six readings a message took a twentieth of all time.
 */
function runsByMeter(batch: UplinkBatch, uplinks: readonly number[]): Float64Array {
  const runs = new Float64Array(uplinks.length);
  let count = 0;
  let last: DeviceLane | undefined;
  for (let index = 0; index < uplinks.length; index += 1) {
    const lane = batch.lanes[uplinks[index] as number];
    if (lane === last) continue;
    last = lane;
    runs[count] = (lane?.device.meter?.meterId ?? 0) * PLACES + index;
    count += 1;
  }
  return runs.subarray(0, count).sort();
}

/** The remainder, without the division that `%` does bit by bit for numbers this large. */
function placeOf(key: number): number {
  return key - Math.floor(key / PLACES) * PLACES;
}

/** Orders each meter's few readings by their instant; equal ones stay as they came. In place. */
function byInstantWithinMeter(keys: Float64Array, at_ms: readonly number[]): Float64Array {
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] ?? 0;
    const place = placeOf(key);
    const meterFrom = key - place;
    const instant = at_ms[place] ?? 0;
    let to = index;
    while (to > 0) {
      const before = keys[to - 1] ?? 0;
      if (before < meterFrom || (at_ms[placeOf(before)] ?? 0) <= instant) break;
      keys[to] = before;
      to -= 1;
    }
    keys[to] = key;
  }
  return keys;
}

/** Spans of meters' time in which the part brings readings, ends included; a meter may have several. */
export function touchedBy({ batch, newer, checked, misdated, uplinkOf }: PartRows): {
  meterId: number;
  from_ms: number;
  to_ms: number;
}[] {
  const touched: { meterId: number; from_ms: number; to_ms: number }[] = [];
  for (const readings of [newer, checked]) {
    let last = -1;
    for (const reading of readings) {
      const meterId = batch.lanes[uplinkOf[reading] ?? 0]?.device.meter?.meterId ?? 0;
      const at_ms = batch.measuredAt_ms[reading] ?? 0;
      const span = meterId === last ? touched.at(-1) : undefined;
      if (span === undefined) touched.push({ meterId, from_ms: at_ms, to_ms: at_ms });
      else span.to_ms = at_ms;
      last = meterId;
    }
  }
  // Of those whose clock can't be right the day of receipt is to be judged.
  for (const reading of misdated) {
    const uplink = uplinkOf[reading] ?? 0;
    const at_ms = batch.receivedAt_ms[uplink] ?? 0;
    touched.push({ meterId: batch.lanes[uplink]?.device.meter?.meterId ?? 0, from_ms: at_ms, to_ms: at_ms });
  }
  return touched;
}

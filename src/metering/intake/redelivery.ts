// Which uplinks of a batch may be redeliveries of something stored, as far as can be told without asking the database.

import { isOfCluster } from './cluster-topics.ts';
import type { DeviceLane } from './device-lane.ts';
import { intakeLimits } from './intake-limits.ts';
import { clocks, type UplinkBatch } from './uplink-batch.ts';

/** Through a cluster, packet ids are of each session. */
export const ANY_OF_CLUSTER = -1;

const RECEIVED = clocks.indexOf('received');
const SAME_ms = intakeLimits.cluster.sameTelegram_ms;

/** An uplink that may be the redelivery of a stored one. */
export interface Redelivery {
  deviceNo: number;
  /** `ANY_OF_CLUSTER` where its bytes alone tell. */
  packetId: number;
  payload: Uint8Array;
  /** The meter its readings are of; 0 where there are none. */
  meterId: number;
  /** Between which instants the first delivery's reading must be dated: one instant where the device tells it. */
  from_ms: number;
  to_ms: number;
  /** After and before which instant the first delivery must have been received. */
  after_ms: number;
  before_ms: number;
}

export interface AskedRedelivery {
  /** Its place in the batch. */
  uplink: number;
  redelivery: Redelivery;
}

/** Lanes of uplinks that may be redeliveries, of which nobody has asked yet what was stored before they began. */
export function askedLanes(
  batch: UplinkBatch,
  uplinks: readonly number[],
): [meterId: number, lane: DeviceLane, isSettled: boolean][] {
  const asked = new Set<DeviceLane>();
  for (const uplink of uplinks) {
    const lane = batch.lanes[uplink];
    if (lane === undefined || Number.isNaN(batch.repeatsBefore_ms[uplink])) continue;
    if (Number.isNaN(lane.storedBefore_ms) && lane.device.meter !== null) asked.add(lane);
  }
  // What an earlier connection still has in flight may be stored right after the answer: then it is asked again.
  return [...asked].map((lane) => [lane.device.meter?.meterId ?? 0, lane, !lane.hasEarlierInFlight()]);
}

/**
 * A redelivery repeats a reading that its device told before this connection began, or for DUP at any time before. Where
 * the meter's newest reading of then is older than what the uplink says, it says something new and nothing is asked.
 */
export function askedRedeliveries(batch: UplinkBatch, uplinks: readonly number[]): AskedRedelivery[] {
  const asked: AskedRedelivery[] = [];
  for (const uplink of uplinks) {
    const before_ms = batch.repeatsBefore_ms[uplink] as number;
    const lane = batch.lanes[uplink];
    if (lane !== undefined && isOfCluster(batch.packetIds[uplink] as number))
      asked.push(sameTelegram(batch, uplink, lane));
    if (Number.isNaN(before_ms) || lane === undefined) continue;
    const after_ms = (batch.receivedAt_ms[uplink] as number) - intakeLimits.redeliveryWindow_ms;
    const first = batch.firstReadingOf(uplink);
    const hasReadings = batch.endOfReadings(uplink) > first;
    const isDated = hasReadings && batch.clockOf(first) !== RECEIVED;
    const from_ms = isDated ? (batch.measuredAt_ms[first] as number) : after_ms;
    const isOfThisConnection = before_ms > lane.connectedAt_ms;
    if (hasReadings && batch.isPlausible(first) && !isOfThisConnection && from_ms > lane.storedBefore_ms) continue;
    asked.push({
      uplink,
      redelivery: {
        deviceNo: lane.device.deviceNo,
        packetId: batch.packetIds[uplink] as number,
        payload: batch.payloadOf(uplink),
        meterId: hasReadings ? (lane.device.meter?.meterId ?? 0) : 0,
        from_ms,
        to_ms: isDated ? from_ms : before_ms,
        after_ms,
        before_ms,
      },
    });
  }
  return asked;
}

/** The same bytes of the device at about the same time, whichever copy of the intake a cluster gave them to. */
function sameTelegram(batch: UplinkBatch, uplink: number, lane: DeviceLane): AskedRedelivery {
  const receivedAt_ms = batch.receivedAt_ms[uplink] as number;
  const first = batch.firstReadingOf(uplink);
  const hasReadings = batch.endOfReadings(uplink) > first;
  const isDated = hasReadings && batch.clockOf(first) !== RECEIVED;
  const [after_ms, before_ms] = [receivedAt_ms - SAME_ms, receivedAt_ms + SAME_ms];
  return {
    uplink,
    redelivery: {
      deviceNo: lane.device.deviceNo,
      packetId: ANY_OF_CLUSTER,
      payload: batch.payloadOf(uplink),
      meterId: hasReadings ? (lane.device.meter?.meterId ?? 0) : 0,
      from_ms: isDated ? (batch.measuredAt_ms[first] as number) : after_ms,
      to_ms: isDated ? (batch.measuredAt_ms[first] as number) : before_ms,
      after_ms,
      before_ms,
    },
  };
}

// The bodies of SUBSCRIBE and UNSUBSCRIBE, and the packet ids of the others. Source: MQTT 3.1.1 sections 2.3.1, 3.8, 3.10
import { decodeText, endOfField, isTopicFilter } from './mqtt-text.ts';

export interface FilterList {
  packetId: number;
  /** In the order in which they came. */
  filters: string[];
  /** The QoS asked for with each; none in an UNSUBSCRIBE. */
  qos: number[];
}

/** The packet id at this place; 0, which no packet may have [MQTT-2.3.1-1], where there is none. */
export function packetIdAt(bytes: Uint8Array, at: number, end: number): number {
  return at + 2 > end ? 0 : ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** At least one filter [MQTT-3.8.3-3], each with a QoS of 0, 1 or 2 and no other bit [MQTT-3-8.3-4]. */
export function readSubscribe(bytes: Buffer, start: number, end: number): FilterList | null {
  return readFilters(bytes, start, end, 1);
}

/** At least one filter. [MQTT-3.10.3-2] */
export function readUnsubscribe(bytes: Buffer, start: number, end: number): FilterList | null {
  return readFilters(bytes, start, end, 0);
}

function readFilters(bytes: Buffer, start: number, end: number, qosBytes: 0 | 1): FilterList | null {
  const packetId = packetIdAt(bytes, start, end);
  if (packetId === 0) return null;
  const filters: string[] = [];
  const qos: number[] = [];
  for (let at = start + 2; at < end; at += qosBytes) {
    const until = endOfField(bytes, at, end - qosBytes);
    if (until < 0) return null;
    const filter = decodeText(bytes, at + 2, until);
    if (filter === null || !isTopicFilter(filter)) return null;
    if (qosBytes === 1) {
      if ((bytes[until] as number) > 2) return null;
      qos.push(bytes[until] as number);
    }
    filters.push(filter);
    at = until;
  }
  return filters.length === 0 ? null : { packetId, filters, qos };
}

// The topics of the intake in a cluster: what is subscribed to, and who and what a topic names.
import { gatewayPrefix } from './topic-rules.ts';

const DEVICE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const FORMAT = /^[a-z0-9][a-z0-9._-]{0,31}$/;
const UPLINK = 'naru/v1/up/';
const GATEWAY = 'naru/v1/gateway/';

/** The filters of a group's members. Source: MQTT 5.0 section 4.8.2. */
export function sharedFilters(group: string): string[] {
  return [UPLINK, GATEWAY].map((topics) => `$share/${group}/${topics}+/+`);
}

/**
 * Null for a topic that names no device or no format as they are written here. Of a gateway's topic the format is told as
 * `gateway/{format}`, as everywhere.
 */
export function uplinkTopic(topic: string): { deviceId: string; format: string } | null {
  const isGateways = topic.startsWith(GATEWAY);
  if (!isGateways && !topic.startsWith(UPLINK)) return null;
  const [deviceId = '', format = '', ...more] = topic.slice((isGateways ? GATEWAY : UPLINK).length).split('/');
  if (more.length > 0 || !DEVICE_ID.test(deviceId) || !FORMAT.test(format)) return null;
  return { deviceId, format: isGateways ? `${gatewayPrefix}${format}` : format };
}

/** Ids of the sessions: `{group}-intake-1` and so on. */
export function sessionClientId(group: string, slot: number): string {
  return `${group}-intake-${slot}`;
}

/**
 * A packet id of a session as one number that no other session and no device has: 65,536 and above, so that the store
 * can tell an uplink that came through a cluster from one that a device handed over itself.
 */
export function sessionPacketId(slot: number, packetId: number): number {
  return slot * 65_536 + packetId;
}

export function isOfCluster(packetId: number): boolean {
  return packetId >= 65_536;
}

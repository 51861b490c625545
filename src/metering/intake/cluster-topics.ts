// The topics of the intake in a cluster: what is subscribed to, and who and what a topic names.

const DEVICE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const FORMAT = /^[a-z0-9][a-z0-9._-]{0,31}$/;
const UPLINK = 'naru/v1/up/';

/** The filters of a group's members. Source: MQTT 5.0 section 4.8.2. */
export function sharedFilters(group: string): string[] {
  return [`$share/${group}/${UPLINK}+/+`];
}

/** Null for a topic that names no device or no format as they are written here. */
export function uplinkTopic(topic: string): { deviceId: string; format: string } | null {
  if (!topic.startsWith(UPLINK)) return null;
  const [deviceId = '', format = '', ...more] = topic.slice(UPLINK.length).split('/');
  return more.length === 0 && DEVICE_ID.test(deviceId) && FORMAT.test(format) ? { deviceId, format } : null;
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

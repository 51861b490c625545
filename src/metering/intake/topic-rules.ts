// Which topics a device may publish and subscribe: its own, and no other.

/** What is stored: a device's own message, or one that a gateway publishes for a device. */
export type StoredKind = 'uplink' | 'gateway';

/** `uplink` and `gateway` are stored; `acknowledgement` answers a command; `message` goes to whoever subscribes, and is not stored. */
export type PublishRule =
  | { allowed: true; kind: StoredKind; format: string }
  | { allowed: true; kind: 'acknowledgement' }
  | { allowed: true; kind: 'message' }
  | { allowed: false; reason: 'topic' | 'retained' };

// No `+`: a topic that is published to holds no wildcard [MQTT-3.3.2-2]; `senml+json` travels as `senml-json`.
const FORMAT = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/**
 * `naru/v1/up/{own}/{format}`, `naru/v1/gateway/{own}/{format}` and `naru/v1/ack/{own}`, never retained. Whether it is a
 * gateway is asked later, with what it may publish for.
 */
export function publishRule(deviceId: string, topic: string, retained: boolean): PublishRule {
  if (retained) return { allowed: false, reason: 'retained' };
  if (topic === `naru/v1/ack/${deviceId}`) return { allowed: true, kind: 'acknowledgement' };
  for (const [kind, own] of [
    ['uplink', `naru/v1/up/${deviceId}/`],
    ['gateway', `naru/v1/gateway/${deviceId}/`],
  ] as const) {
    const format = topic.slice(own.length);
    if (topic.startsWith(own) && FORMAT.test(format)) return { allowed: true, kind, format };
  }
  return { allowed: false, reason: 'topic' };
}

/** Only the device's own `down`, spelled out. */
export function maySubscribe(deviceId: string, filter: string): boolean {
  return filter === `naru/v1/down/${deviceId}`;
}

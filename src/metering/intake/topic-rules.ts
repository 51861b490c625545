// Which topics a device may publish and subscribe: its own, and no other.

/** `uplink` is stored; `acknowledgement` answers a command; `message` goes to whoever subscribes, and is not stored. */
export type PublishRule =
  | { allowed: true; kind: 'uplink'; format: string }
  | { allowed: true; kind: 'acknowledgement' }
  | { allowed: true; kind: 'message' }
  | { allowed: false; reason: 'topic' | 'retained' };

// No `+`: a topic that is published to holds no wildcard [MQTT-3.3.2-2]; `senml+json` travels as `senml-json`.
const FORMAT = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/** `naru/v1/up/{own}/{format}` and `naru/v1/ack/{own}`, never retained. */
export function publishRule(deviceId: string, topic: string, retained: boolean): PublishRule {
  if (retained) return { allowed: false, reason: 'retained' };
  if (topic === `naru/v1/ack/${deviceId}`) return { allowed: true, kind: 'acknowledgement' };
  const own = `naru/v1/up/${deviceId}/`;
  const format = topic.slice(own.length);
  if (!topic.startsWith(own) || !FORMAT.test(format)) return { allowed: false, reason: 'topic' };
  return { allowed: true, kind: 'uplink', format };
}

/** Only the device's own `down`, spelled out. */
export function maySubscribe(deviceId: string, filter: string): boolean {
  return filter === `naru/v1/down/${deviceId}`;
}

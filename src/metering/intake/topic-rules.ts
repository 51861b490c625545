// Which topics a device may publish and subscribe: its own, and no other.

/** `uplink` is stored; `acknowledgement` answers a command; `message` goes to whoever subscribes, and is not stored. */
export type PublishRule =
  | { allowed: true; kind: 'uplink'; format: string }
  | { allowed: true; kind: 'acknowledgement' }
  | { allowed: true; kind: 'message' }
  | { allowed: false; reason: 'topic' | 'retained' };

// No `+`: a topic that is published to holds no wildcard [MQTT-3.3.2-2]; `senml+json` travels as `senml-json`.
const FORMAT = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/** No format of a device has a slash in it. */
export const gatewayPrefix = 'gateway/';

/**
 * `naru/v1/up/{own}/{format}` and `naru/v1/ack/{own}`, never retained; and `naru/v1/gateway/{own}/{format}`, an uplink
 * whose format is told as `gateway/{format}`: whether it is a gateway is asked later, with what it may publish for.
 */
export function publishRule(deviceId: string, topic: string, retained: boolean): PublishRule {
  if (retained) return { allowed: false, reason: 'retained' };
  if (topic === `naru/v1/ack/${deviceId}`) return { allowed: true, kind: 'acknowledgement' };
  const own = `naru/v1/up/${deviceId}/`;
  const asGateway = `naru/v1/gateway/${deviceId}/`;
  const isGateways = topic.startsWith(asGateway);
  const format = topic.slice(isGateways ? asGateway.length : own.length);
  if ((!isGateways && !topic.startsWith(own)) || !FORMAT.test(format)) return { allowed: false, reason: 'topic' };
  return { allowed: true, kind: 'uplink', format: isGateways ? `${gatewayPrefix}${format}` : format };
}

/** Only the device's own `down`, spelled out. */
export function maySubscribe(deviceId: string, filter: string): boolean {
  return filter === `naru/v1/down/${deviceId}`;
}

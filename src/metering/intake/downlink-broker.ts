// What a client is sent: what it subscribed to, and the handshakes of what was delivered.
//
// A device hears its commands and nothing else, and those come from us to it alone. So a subscription to them is a note
// here; subscriptions that messages must be routed by are aedes'.
import { type ConnectionSide, type Refusal, waitsFor } from './connection-side-broker.ts';
import { encodeAcknowledgements, encodePublish, encodeSuback, firstByte } from './encode-packet.ts';
import { intakeLimits } from './intake-limits.ts';
import { packetIdAt, readSubscribe, readUnsubscribe } from './packet-body.ts';
import { packetType } from './packet-guard.ts';

const { PUBACK, PUBREC, PUBREL, SUBSCRIBE, UNSUBSCRIBE } = packetType;

export class DownlinkPath {
  readonly #side: ConnectionSide;
  /** Direct subscriptions and the QoS granted to each. */
  readonly #direct = new Map<string, number>();
  /** Those who wait for the PUBACK of what we sent, by packet id. */
  readonly #sent = new Map<number, (acknowledged: boolean) => void>();

  constructor(side: ConnectionSide) {
    this.#side = side;
  }

  subscribe(bytes: Buffer, start: number, end: number, isClean: boolean): Refusal {
    const list = readSubscribe(bytes, start, end);
    if (list === null) return 'malformed_packet';
    const { host, device, bridge } = this.#side;
    const rules = list.filters.map((filter) => host.policy.subscribe(device, filter));
    if (rules.includes('refused')) {
      host.policy.trespassed?.(device, 'subscription');
      return 'subscription';
    }
    // A session that is kept is kept by aedes as a whole.
    if (bridge !== null || !isClean || rules.includes('routed')) {
      // What follows may rely on it.
      this.#side.wait(waitsFor.subscription);
      this.#side.pass((SUBSCRIBE << 4) | 0b0010, bytes.subarray(start, end)).expectSuback(list.packetId, list.filters);
      return null;
    }
    for (const [index, filter] of list.filters.entries()) this.#direct.set(filter, list.qos[index] ?? 0);
    this.#side.write(encodeSuback(list.packetId, list.qos));
    host.policy.listening?.(device);
    return null;
  }

  unsubscribe(bytes: Buffer, start: number, end: number): Refusal {
    const list = readUnsubscribe(bytes, start, end);
    if (list === null) return 'malformed_packet';
    for (const filter of list.filters) this.#direct.delete(filter);
    // It is acknowledged even where nothing was subscribed to. [MQTT-3.10.4-5]
    if (this.#side.bridge === null) this.#side.write(encodeAcknowledgements(firstByte.UNSUBACK, [list.packetId]));
    else {
      this.#side.wait(waitsFor.subscription);
      this.#side.pass((UNSUBSCRIBE << 4) | 0b0010, bytes.subarray(start, end));
    }
    return null;
  }

  /** PUBACK, PUBREC, PUBREL and PUBCOMP. Source: MQTT 3.1.1 section 4.3 */
  handshake(first: number, bytes: Buffer, start: number, end: number): Refusal {
    const type = first >> 4;
    const packetId = packetIdAt(bytes, start, end);
    if (packetId === 0) return 'malformed_packet';
    const { bridge, handshakes } = this.#side;
    if (type === PUBREL) {
      if (bridge !== null) this.#side.pass(firstByte.PUBREL, bytes.subarray(start, end));
      else this.#side.write(encodeAcknowledgements(firstByte.PUBCOMP, [packetId]));
      return null;
    }
    const answer = handshakes.answered(type, packetId);
    if (answer === 'wrong') return 'malformed_packet';
    if (answer === 'unknown') {
      // The client is in the middle of a delivery that we have forgotten: it may end it. [MQTT-4.3.3-1]
      if (type === PUBREC) this.#side.write(encodeAcknowledgements(firstByte.PUBREL, [packetId]));
      return null;
    }
    const waiting = type === PUBACK ? this.#sent.get(packetId) : undefined;
    if (waiting === undefined) {
      this.#side.pass(type << 4, bytes.subarray(start, end));
      return null;
    }
    this.#sent.delete(packetId);
    waiting(true);
    return null;
  }

  /** @returns true once the client has acknowledged (at QoS 0: once it was written), false where it will not */
  send(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<boolean> {
    const { bridge, handshakes } = this.#side;
    const granted = this.#direct.get(topic) ?? bridge?.grantedQos(topic) ?? null;
    if (granted === null || this.#sent.size >= intakeLimits.unacknowledgedToDevice) return Promise.resolve(false);
    if (qos === 0 || granted === 0) {
      this.#side.write(encodePublish(topic, payload, null));
      return Promise.resolve(true);
    }
    // From the top: aedes counts its own ids from 1.
    let packetId = 65_535;
    while (!handshakes.isFree(packetId)) packetId -= 1;
    const bytes = encodePublish(topic, payload, packetId);
    handshakes.sent(bytes[0] as number, packetId);
    return new Promise((resolve) => {
      this.#sent.set(packetId, resolve);
      this.#side.write(bytes);
    });
  }

  /** The connection is gone: what it has not acknowledged it will not. */
  abandon(): void {
    for (const waiting of this.#sent.values()) waiting(false);
    this.#sent.clear();
  }
}

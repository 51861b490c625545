// What a client publishes. An uplink goes straight to the commit queue, and its PUBACK leaves from here once it is stored,
// together with all others that were stored in the same turn.
import { type ConnectionSide, type Refusal, waitsFor } from './connection-side-broker.ts';
import { encodeAcknowledgements, firstByte } from './encode-packet.ts';
import { intakeLimits } from './intake-limits.ts';
import { decodeText, endOfField, isTopicName } from './mqtt-text.ts';
import { packetIdAt } from './packet-body.ts';
import type { PublishRule } from './topic-rules.ts';
import type { Delivery, Settled } from './uplink.ts';

export class UplinkPath {
  readonly #side: ConnectionSide;
  /** The topic last published to, as it travels, and what the policy said of it: a meter has one. */
  #topic: Uint8Array | null = null;
  #format = '';
  /** Packet ids to be acknowledged together; the array is kept for the next ones. */
  readonly #acknowledged: number[] = [];
  #acknowledgements = 0;
  #published = 0;
  #routing = 0;

  constructor(side: ConnectionSide) {
    this.#side = side;
  }

  publish(first: number, bytes: Buffer, start: number, end: number): Refusal {
    const qos = (first >> 1) & 0b11;
    const topicEnd = endOfField(bytes, start, end);
    if (topicEnd < 0) return 'malformed_packet';
    const packetId = qos === 0 ? 0 : packetIdAt(bytes, topicEnd, end);
    // [MQTT-2.3.1-1]
    if (qos !== 0 && packetId === 0) return 'malformed_packet';
    this.#published += 1;
    const { host, device } = this.#side;
    const isRetained = (first & 1) !== 0;
    if (isRetained || !this.#isSameTopic(bytes, start + 2, topicEnd)) {
      const topic = decodeText(bytes, start + 2, topicEnd);
      if (topic === null || !isTopicName(topic)) return 'malformed_packet';
      const rule = host.policy.publish(device, topic, isRetained);
      if (!rule.allowed) {
        host.policy.trespassed?.(device, rule.reason);
        return rule.reason;
      }
      if (rule.kind !== 'uplink') return this.#publishOther(rule, topic, first, packetId, bytes.subarray(start, end));
      this.#topic = Uint8Array.from(bytes.subarray(start + 2, topicEnd));
      this.#format = rule.format;
    }
    if (qos === 2) {
      this.#side.pass(first, bytes.subarray(start, end));
      return null;
    }
    const payload = bytes.subarray(qos === 0 ? topicEnd : topicEnd + 2, end);
    const delivery = this.delivery(this.#format, payload, packetId, (first & 0b1000) !== 0);
    host.queue.add(delivery, qos === 0 ? this.#settledUnasked : this.#settled);
    if (host.queue.isFull()) {
      this.#side.wait(waitsFor.store);
      host.queue.whenRoom(() => this.#side.proceed(waitsFor.store));
    }
    return null;
  }

  /** @param packetId 0 for QoS 0 */
  delivery(format: string, payload: Buffer, packetId: number, redelivered: boolean): Delivery {
    const { host, device, connectedAt_ms } = this.#side;
    return {
      device,
      format,
      payload,
      receivedAt_ms: host.receiptTime(),
      packetId: packetId === 0 ? null : packetId,
      redelivered,
      connectedAt_ms,
    };
  }

  /** Sends what is to be acknowledged, in one write. */
  flush(): void {
    const count = this.#acknowledgements;
    if (count === 0) return;
    this.#acknowledgements = 0;
    this.#side.write(encodeAcknowledgements(firstByte.PUBACK, this.#acknowledged, count));
    if (count > intakeLimits.acknowledgementsKept) this.#acknowledged.length = 0;
  }

  /** Lets the policy slow down who publishes too much. To be called when a chunk has been read. */
  throttle(): void {
    const messages = this.#published;
    if (messages === 0) return;
    this.#published = 0;
    const { host, session } = this.#side;
    const pause_ms = session === null ? 0 : (host.policy.pauseAfter_ms?.(session, messages) ?? 0);
    if (pause_ms <= 0) return;
    this.#side.wait(waitsFor.throttle);
    setTimeout(() => this.#side.proceed(waitsFor.throttle), pause_ms).unref();
  }

  /** What is no uplink: an acknowledgement of a command, or a message to whoever subscribes. */
  #publishOther(rule: PublishRule, topic: string, first: number, packetId: number, body: Buffer): Refusal {
    const qos = (first >> 1) & 0b11;
    if (qos === 2) {
      this.#side.pass(first, body);
      return null;
    }
    const done = () => {
      if (qos === 1) this.#acknowledge(packetId);
    };
    const payload = body.subarray(2 + body.readUInt16BE(0) + 2 * qos);
    if (rule.allowed && rule.kind === 'acknowledgement') {
      const { host, device } = this.#side;
      const stored = host.policy.acknowledged?.(device, payload) ?? Promise.resolve();
      stored.then(done, () => this.#side.close());
      return null;
    }
    if (!rule.allowed || rule.kind !== 'message') return null;
    this.#routing += 1;
    if (this.#routing >= intakeLimits.routingPerConnection) this.#side.wait(waitsFor.routing);
    this.#side.host.route(topic, payload, qos === 1 ? 1 : 0, (first & 1) !== 0, () => {
      this.#routing -= 1;
      done();
      this.#side.proceed(waitsFor.routing);
    });
    return null;
  }

  // One function for all uplinks of the connection: one for each would outlive the young generation with it.
  readonly #settled: Settled = (stored, packetId) => {
    if (!stored) {
      this.#side.close();
      return;
    }
    this.#acknowledge(packetId ?? 0);
    this.#side.host.policy.stored?.(this.#side.device);
  };

  /** At QoS 0 nobody waits for an answer. */
  readonly #settledUnasked: Settled = (stored) => {
    if (stored) this.#side.host.policy.stored?.(this.#side.device);
  };

  #acknowledge(packetId: number): void {
    if (this.#acknowledgements === 0) this.#side.flushSoon();
    this.#acknowledged[this.#acknowledgements] = packetId;
    this.#acknowledgements += 1;
  }

  #isSameTopic(bytes: Uint8Array, start: number, end: number): boolean {
    const topic = this.#topic;
    if (topic === null || topic.length !== end - start) return false;
    for (let at = 0; at < topic.length; at += 1) if (topic[at] !== bytes[start + at]) return false;
    return true;
  }
}

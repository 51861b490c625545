// aedes as the intake uses it: it is handed sessions that were admitted already, and asks them before it does anything.
import { Aedes, type AuthorizeForwardHandler, type Client, type PublishPacket } from 'aedes';
import type { Logger } from '../../platform/logger.ts';
import type { IntakePolicy } from './intake-policy.ts';
import { isMatch } from './mqtt-text.ts';
import type { SessionBridge } from './session-bridge-broker.ts';

export interface SubscriberOptions {
  policy: IntakePolicy;
  logger: Logger;
  refused(reason: string): void;
}

/** @returns the broker; `listen` must have resolved before it is handed a session */
export function createSubscriberBroker({ policy, logger, refused }: SubscriberOptions): Aedes {
  const broker = new SubscriberBroker({
    // The lengths of ids were judged at CONNECT, and the time to the CONNECT was watched.
    maxClientsIdLength: 65_535,
    authorizePublish: (client, packet, done) => {
      if (client === null) return done(new Error('not connected'));
      // A will is asked about when its connection is gone.
      const session = client.conn as SessionBridge;
      const rule = policy.publish(session.device, packet.topic, packet.retain);
      if (!rule.allowed) {
        refused(rule.reason);
        policy.trespassed?.(session.device, rule.reason);
        return done(new Error(`publish refused: ${rule.reason}`));
      }
      if (rule.kind === 'message') return done(null);
      broker.keep(packet);
      if (rule.kind === 'acknowledgement') {
        const stored = policy.acknowledged?.(session.device, Buffer.from(packet.payload)) ?? Promise.resolve();
        stored.then(
          () => done(null),
          () => done(new Error('not stored')),
        );
        return;
      }
      session.store(packet, rule.format, (stored) => done(stored ? null : new Error('not stored')));
    },
    authorizeForward,
  });
  (broker as NodeJS.EventEmitter).on('error', (error: Error) => logger.error({ err: error }, 'MQTT broker'));
  return broker;
}

/** What aedes has and its types leave out. */
const inherited = Aedes.prototype as unknown as { unregisterClient(client: Client): void };

class SubscriberBroker extends Aedes {
  readonly #kept = new WeakSet<PublishPacket>();

  /** This packet goes to no subscriber. Devices never hear each other. */
  keep(packet: PublishPacket): void {
    this.#kept.add(packet);
  }

  /** aedes takes whoever has the id from the list, also where a second connection has taken it from this one. */
  unregisterClient(client: Client): void {
    const { clients } = this as unknown as { clients: Record<string, Client | undefined> };
    if (clients[client.id] === client) inherited.unregisterClient.call(this, client);
    else this.connectedClients -= 1;
  }

  override publish(packet: PublishPacket, sender: unknown, done?: unknown): void {
    if (this.#kept.has(packet) && typeof done === 'function') done(null);
    else (super.publish as (...given: unknown[]) => void).call(this, packet, sender, done);
  }
}

/**
 * At no higher QoS than the client was granted. [MQTT-3.8.4-6] aedes looks for a subscription by the topic's own name,
 * and so forgets it for filters with wildcards.
 */
const authorizeForward: AuthorizeForwardHandler = (client, packet) => {
  const { subscriptions } = client as Client & { subscriptions: Record<string, { qos: number }> };
  let granted = 0;
  for (const filter of Object.keys(subscriptions)) {
    if (isMatch(filter, packet.topic)) granted = Math.max(granted, subscriptions[filter]?.qos ?? 0);
  }
  if (packet.qos > granted) packet.qos = granted as typeof packet.qos;
  return packet;
};

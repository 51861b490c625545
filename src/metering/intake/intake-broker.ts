// The MQTT broker of the intake: who is connected, and the way in and out. What a connection may do is the policy's to
// say; what it does is in connection-broker.ts.
//
// Acknowledged means stored: PUBACK (PUBREC for QoS 2) leaves after the commit of what it acknowledges.
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';
import { AddressBook } from './address-book.ts';
import { Connection } from './connection-broker.ts';
import type { ConnectedClient, ConnectionHost } from './connection-side-broker.ts';
import { createDevicePolicy } from './device-policy-service.ts';
import { intakeLimits } from './intake-limits.ts';
import type { IntakePolicy, Origin } from './intake-policy.ts';
import type { Intake } from './intake-service.ts';
import { createTcpServer, createWebSocketServer, listenOn } from './listeners-broker.ts';
import { strictlyRising } from './receipt-time.ts';
import { createSubscriberBroker } from './subscriber-broker.ts';

export interface IntakeBrokerOptions {
  intake: Omit<Intake, 'partitions'>;
  host: string;
  /** TCP port for MQTT; 0 lets the system choose. */
  mqttPort: number;
  /** Port for MQTT over WebSocket; 0 lets the system choose, null opens none. */
  wsPort: number | null;
  logger: Logger;
  /** Largest packet taken from a client that has shown who it is, its fixed header left out. */
  mostPacket_bytes?: number;
  /** Who may connect and say what; the rules for meters where absent. */
  policy?: IntakePolicy;
}

export interface IntakeBroker {
  /** @returns the ports that are open now */
  listen(): Promise<{ mqtt: number; ws: number | null }>;
  /** Takes in a connection that another listener accepted. `listen` must have resolved. */
  admit(stream: Duplex, origin: Origin): void;
  /** Ends the device's connection; one that is not connected has none to end. */
  disconnect(deviceId: string): void;
  /**
   * Sends a device a message where it listens to that very topic.
   *
   * @returns true once it has acknowledged (at QoS 0: once it was written), false where it will not
   */
  send(deviceId: string, topic: string, payload: Uint8Array, qos: 0 | 1): Promise<boolean>;
  /** Takes nothing new, commits and acknowledges what was taken, closes every connection. At most ten seconds. */
  close(): Promise<void>;
}

export function createIntakeBroker(options: IntakeBrokerOptions): IntakeBroker {
  const { intake, host, mqttPort, wsPort, logger } = options;
  const { queue, metrics } = intake;
  const mostPacket_bytes = options.mostPacket_bytes ?? intakeLimits.packetAfterAuthentication_bytes;
  const policy = options.policy ?? createDevicePolicy(intake);
  const connections = new Set<ConnectedClient>();
  const byClientId = new Map<string, ConnectedClient>();
  const keptSessions = new Set<string>();
  const addresses = new AddressBook(intakeLimits.unauthenticatedPerAddress, intakeLimits.connectionsPerAddress);
  const servers: Server[] = [];
  let seconds = 0;
  let ticking: NodeJS.Timeout | undefined;
  let toFlush: ConnectedClient[] = [];
  let clientsNamed = 0;

  const refused = (reason: string) => metrics.refused.inc({ reason });
  const aedes = createSubscriberBroker({ policy, logger, refused });

  const connectionHost: ConnectionHost = {
    ...{ queue, policy, aedes, refused, mostPacket_bytes },
    now_s: () => seconds,
    receiptTime: strictlyRising(intake.clock),
    freshClientId: () => {
      clientsNamed += 1;
      return `unnamed/${clientsNamed}`;
    },
    enter: (connection) => {
      addresses.authenticated(connection.origin.address);
      // [MQTT-3.1.4-2]
      byClientId.get(connection.clientId)?.close();
      byClientId.set(connection.clientId, connection);
      metrics.connections.set(byClientId.size);
    },
    leave: (connection) => {
      connections.delete(connection);
      addresses.leave(connection.origin.address, connection.isAdmitted);
      if (byClientId.get(connection.clientId) === connection) byClientId.delete(connection.clientId);
      metrics.connections.set(byClientId.size);
    },
    hasKeptSession: (clientId, keeps) => {
      const had = keptSessions.has(clientId);
      if (keeps) keptSessions.add(clientId);
      else keptSessions.delete(clientId);
      return had;
    },
    flushSoon: (connection) => {
      if (toFlush.push(connection) === 1) process.nextTick(flush);
    },
    route: (topic, payload, qos, retain, done) =>
      aedes.publish({ cmd: 'publish', topic, payload, qos, retain, dup: false }, done),
  };

  function flush(): void {
    const batch = toFlush;
    toFlush = [];
    for (const connection of batch) connection.flush();
  }

  function tick(): void {
    seconds += 1;
    for (const connection of connections) connection.watchKeepAlive();
  }

  function admit(stream: Duplex, origin: Origin): void {
    if (!addresses.enter(origin.address)) {
      refused('address');
      stream.on('error', () => {});
      stream.destroy();
      return;
    }
    connections.add(new Connection(stream, origin, connectionHost));
  }

  return {
    admit,
    listen: async () => {
      await aedes.listen();
      ticking = setInterval(tick, 1_000);
      const tcp = createTcpServer(admit);
      servers.push(tcp);
      const mqtt = await listenOn(tcp, host, mqttPort);
      if (wsPort === null) return { mqtt, ws: null };
      const web = createWebSocketServer(admit, mostPacket_bytes);
      servers.push(web);
      return { mqtt, ws: await listenOn(web, host, wsPort) };
    },
    disconnect: (deviceId) => byClientId.get(deviceId)?.close(),
    send: (deviceId, topic, payload, qos) =>
      byClientId.get(deviceId)?.send(topic, payload, qos) ?? Promise.resolve(false),
    close: async () => {
      for (const server of servers) server.close();
      clearInterval(ticking);
      for (const connection of connections) connection.stopReading();
      await queue.close();
      // The acknowledgements of the last batch are written in the turns that follow its commit.
      await sleep(LAST_ACKNOWLEDGEMENTS_ms);
      for (const connection of connections) connection.close();
      await Promise.race([new Promise<void>((resolve) => aedes.close(resolve)), sleep(BROKER_CLOSE_ms)]);
    },
  };
}

const LAST_ACKNOWLEDGEMENTS_ms = 50;
const BROKER_CLOSE_ms = 1_000;

// The MQTT broker of the intake: aedes over TCP and WebSocket, with every decision handed in.
//
// An uplink is committed inside aedes' `authorizePublish`, the one step that aedes 1.2 waits for before it sends PUBACK
// (or PUBREC for QoS 2); `published` handlers run after it. Acknowledged means stored.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { Logger } from '../../platform/logger.ts';
import { AddressBook } from './address-book.ts';
import { GuardedConnection } from './connection-broker.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Intake } from './intake-service.ts';
import { strictlyRising } from './receipt-time.ts';
import { maySubscribe, publishRule } from './topic-rules.ts';
import type { Device } from './uplink.ts';

export interface IntakeBrokerOptions {
  intake: Intake;
  host: string;
  /** TCP port for MQTT; 0 lets the system choose. */
  mqttPort: number;
  /** Port for MQTT over WebSocket; 0 lets the system choose, null opens none. */
  wsPort: number | null;
  logger: Logger;
}

export interface IntakeBroker {
  /** @returns the ports that are open now */
  listen(): Promise<{ mqtt: number; ws: number | null }>;
  /** Takes nothing new, commits and acknowledges what was taken, closes every connection. At most ten seconds. */
  close(): Promise<void>;
}

export function createIntakeBroker(options: IntakeBrokerOptions): IntakeBroker {
  const { intake, host, mqttPort, wsPort, logger } = options;
  const { queue, metrics } = intake;
  const devices = new WeakMap<Client, { device: Device; connectedAt_ms: number }>();
  const receiptTime = strictlyRising(intake.clock);
  const connections = new Set<GuardedConnection>();
  const addresses = new AddressBook(intakeLimits.unauthenticatedPerAddress, intakeLimits.connectionsPerAddress);
  const places = new WeakMap<GuardedConnection, { address: string; authenticated: boolean }>();
  const servers: Server[] = [];

  const broker = new DeviceBroker({
    connectTimeout: intakeLimits.connectWithin_ms,
    maxClientsIdLength: 64,
    preConnect: (_client, packet, done) => {
      // A will is published when the device is gone, when nobody can check it any more: devices have none.
      if (packet.will === undefined) return done(null, true);
      refused('will');
      done(new Error('a device may not leave a will'), false);
    },
    authenticate: (client, userName, secret, done) => {
      intake.authenticate(client.id, userName, secret).then(
        (result) => {
          if (!result.accepted) {
            refused(result.reason);
            return done(connackError(result.reason === 'identity' ? NOT_AUTHORIZED : BAD_USER_NAME_OR_PASSWORD), false);
          }
          devices.set(client, { device: result.device, connectedAt_ms: receiptTime() });
          admitted(client.conn);
          done(null, true);
        },
        () => {
          refused('database_away');
          done(connackError(SERVER_UNAVAILABLE), false);
        },
      );
    },
    authorizePublish: (client, packet, done) => {
      const connected = client === null ? undefined : devices.get(client);
      if (connected === undefined) return done(new Error('not a device'));
      const { device, connectedAt_ms } = connected;
      const rule = publishRule(device.deviceId, packet.topic, packet.retain);
      if (!rule.allowed) {
        refused(rule.reason);
        return done(new Error(`publish refused: ${rule.reason}`));
      }
      if (rule.kind === 'acknowledgement') return done(null);
      const { payload, messageId, qos, dup } = packet;
      queue.add(
        {
          device,
          format: rule.format,
          payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
          receivedAt_ms: receiptTime(),
          packetId: qos === 0 ? null : (messageId ?? null),
          redelivered: dup,
          connectedAt_ms,
        },
        (stored) => done(stored ? null : new Error('not stored')),
      );
    },
    authorizeSubscribe: (client, subscription, done) => {
      const device = devices.get(client)?.device;
      if (device !== undefined && maySubscribe(device.deviceId, subscription.topic)) return done(null, subscription);
      refused('subscription');
      done(new Error('subscribe refused'));
    },
  });
  broker.on('client', () => metrics.connections.set(broker.connectedClients));
  broker.on('clientDisconnect', () => metrics.connections.set(broker.connectedClients));
  (broker as NodeJS.EventEmitter).on('error', (error: Error) => logger.error({ err: error }, 'MQTT broker'));

  function refused(reason: string): void {
    metrics.refused.inc({ reason });
  }

  function admit(stream: Duplex, address: string): void {
    if (!addresses.enter(address)) {
      refused('address');
      stream.on('error', () => {});
      stream.destroy();
      return;
    }
    const connection = new GuardedConnection(stream, queue, refused);
    const place = { address, authenticated: false };
    places.set(connection, place);
    connections.add(connection);
    connection.once('close', () => {
      connections.delete(connection);
      addresses.leave(place.address, place.authenticated);
    });
    broker.handle(connection);
  }

  function admitted(stream: Client['conn']): void {
    const connection = stream as GuardedConnection;
    connection.guard.mostBytes = intakeLimits.packetAfterAuthentication_bytes;
    const place = places.get(connection);
    if (place === undefined || place.authenticated || connection.destroyed) return;
    place.authenticated = true;
    addresses.authenticated(place.address);
  }

  function openWebSocket(): Server {
    const server = createHttpServer(
      { headersTimeout: intakeLimits.connectWithin_ms, connectionsCheckingInterval: 1_000 },
      (_request, response) => response.writeHead(426, { upgrade: 'websocket' }).end(),
    );
    const sockets = new WebSocketServer({
      server,
      maxPayload: 2 * intakeLimits.packetAfterAuthentication_bytes,
      perMessageDeflate: false,
      // [MQTT-6.0.0-3]
      handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false),
    });
    sockets.on('connection', (socket, request) =>
      admit(createWebSocketStream(socket), request.socket.remoteAddress ?? ''),
    );
    return server;
  }

  return {
    listen: async () => {
      await broker.listen();
      const tcp = createServer({ noDelay: true }, (socket) => admit(socket, socket.remoteAddress ?? ''));
      servers.push(tcp);
      const mqtt = await listenOn(tcp, host, mqttPort);
      if (wsPort === null) return { mqtt, ws: null };
      const web = openWebSocket();
      servers.push(web);
      return { mqtt, ws: await listenOn(web, host, wsPort) };
    },
    close: async () => {
      for (const server of servers) server.close();
      await queue.close();
      // The acknowledgements of the last batch are written in the turns that follow its commit.
      await sleep(LAST_ACKNOWLEDGEMENTS_ms);
      await Promise.race([new Promise<void>((resolve) => broker.close(resolve)), sleep(BROKER_CLOSE_ms)]);
      for (const connection of connections) connection.destroy();
    },
  };
}

const BAD_USER_NAME_OR_PASSWORD = 4;
const NOT_AUTHORIZED = 5;
const SERVER_UNAVAILABLE = 3;
const LAST_ACKNOWLEDGEMENTS_ms = 50;
const BROKER_CLOSE_ms = 1_000;

/** @param returnCode of CONNACK. Source: MQTT 3.1.1 table 3.1 */
function connackError(returnCode: number): AuthenticateError {
  return Object.assign(new Error('connection refused'), { returnCode }) as AuthenticateError;
}

/** Devices never hear each other: what one publishes is stored and goes to no subscriber, so it need not be routed. */
class DeviceBroker extends Aedes {
  override publish(packet: PublishPacket, sender: unknown, done?: unknown): void {
    if (typeof sender === 'object' && sender !== null && typeof done === 'function') done(null);
    else (super.publish as (...given: unknown[]) => void).call(this, packet, sender, done);
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

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
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { AddressBook } from './address-book.ts';
import { GuardedConnection } from './connection-broker.ts';
import type { Authentication } from './device-auth-service.ts';
import type { CertificateProof, DeviceLinks, DeviceSession } from './device-credential.ts';
import type { DeviceHooks } from './device-hooks.ts';
import { DeviceTap } from './device-rate.ts';
import { intakeLimits } from './intake-limits.ts';
import type { Intake } from './intake-service.ts';
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
  /** Those who have business with connected devices; nobody where absent. */
  hooks?: DeviceHooks;
}

export interface IntakeBroker extends DeviceLinks {
  /** @returns the ports that are open now */
  listen(): Promise<{ mqtt: number; ws: number | null }>;
  /** Takes over a connection that another listener opened. @param proof of the certificate that it came with */
  admit(stream: Duplex, address: string, proof?: CertificateProof): void;
  /** Takes nothing new, commits and acknowledges what was taken, closes every connection. At most ten seconds. */
  close(): Promise<void>;
}

export function createIntakeBroker(options: IntakeBrokerOptions): IntakeBroker {
  const { intake, host, mqttPort, wsPort, logger, hooks } = options;
  const { queue, metrics } = intake;
  const devices = new WeakMap<Client, { device: Device; connectedAt_ms: number }>();
  const receiptTime = strictlyRising(intake.clock);
  const connections = new Set<GuardedConnection>();
  const addresses = new AddressBook(intakeLimits.unauthenticatedPerAddress, intakeLimits.connectionsPerAddress);
  const places = new WeakMap<GuardedConnection, Place>();
  const clients = new Map<string, Client>();
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
      const place = places.get(client.conn as GuardedConnection);
      intake.authenticate(client.id, userName, secret, place?.proof).then(
        (result) => {
          if (!result.accepted) {
            refused(result.reason);
            return done(connackError(result.reason === 'identity' ? NOT_AUTHORIZED : BAD_USER_NAME_OR_PASSWORD), false);
          }
          devices.set(client, { device: result.device, connectedAt_ms: receiptTime() });
          admitted(client, result);
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
        hooks?.trespassed(device, rule.reason);
        return done(new Error(`publish refused: ${rule.reason}`));
      }
      const { payload, messageId, qos, dup } = packet;
      places.get(client?.conn as GuardedConnection)?.tap.take();
      if (rule.kind === 'acknowledgement') {
        if (hooks === undefined) return done(null);
        return void hooks.acknowledged(device, Buffer.from(payload)).then(
          () => done(null),
          () => done(new Error('not stored')),
        );
      }
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
        (stored) => {
          done(stored ? null : new Error('not stored'));
          if (stored) hooks?.heard(device.deviceId);
        },
      );
    },
    authorizeSubscribe: (client, subscription, done) => {
      const device = devices.get(client)?.device;
      if (device !== undefined && maySubscribe(device.deviceId, subscription.topic)) return done(null, subscription);
      refused('subscription');
      if (device !== undefined) hooks?.trespassed(device, 'subscription');
      done(new Error('subscribe refused'));
    },
  });
  broker.on('client', () => metrics.connections.set(broker.connectedClients));
  broker.on('clientDisconnect', () => metrics.connections.set(broker.connectedClients));
  broker.on('subscribe', (_subscriptions, client) => listens(client));
  // A session that was kept listens without subscribing again.
  broker.on('clientReady', listens);
  (broker as NodeJS.EventEmitter).on('error', (error: Error) => logger.error({ err: error }, 'MQTT broker'));

  function listens(client: Client): void {
    if (Object.keys(subscriptionsOf(client)).length > 0) hooks?.listening(client.id);
  }

  function refused(reason: string): void {
    metrics.refused.inc({ reason });
  }

  function admit(stream: Duplex, address: string, proof?: CertificateProof): void {
    if (!addresses.enter(address)) {
      refused('address');
      stream.on('error', () => {});
      stream.destroy();
      return;
    }
    const tap = new DeviceTap(queue);
    const connection = new GuardedConnection(stream, tap, refused);
    const place: Place = { address, authenticated: false, proof, tap, session: null };
    places.set(connection, place);
    connections.add(connection);
    connection.once('close', () => {
      connections.delete(connection);
      addresses.leave(place.address, place.authenticated);
      if (place.session === null) return;
      const { deviceId } = place.session;
      if (clients.get(deviceId)?.conn === connection) clients.delete(deviceId);
      hooks?.closed(place.session);
    });
    broker.handle(connection);
  }

  function admitted(client: Client, { device, credential }: Admitted): void {
    const connection = client.conn as GuardedConnection;
    connection.guard.mostBytes = intakeLimits.packetAfterAuthentication_bytes;
    const place = places.get(connection);
    if (place === undefined || place.authenticated || connection.destroyed) return;
    place.authenticated = true;
    addresses.authenticated(place.address);
    const { deviceId, deviceNo } = device;
    const session = { deviceId, deviceNo, address: place.address, credential };
    place.session = session;
    clients.set(deviceId, client);
    if (hooks === undefined) return;
    place.tap.limit(hooks.bucketOf(session), () => hooks.throttled(session));
    hooks.opened(session);
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
    admit,
    disconnect: (deviceId) => clients.get(deviceId)?.conn.destroy(),
    send: (deviceId, topic, payload, qos) =>
      new Promise((resolve) => {
        const client = clients.get(deviceId);
        if (client === undefined || !Object.hasOwn(subscriptionsOf(client), topic)) return resolve(false);
        const packet = {
          cmd: 'publish',
          topic,
          payload: Buffer.from(payload),
          qos,
          retain: false,
          dup: false,
        } as const;
        client.publish(packet, (error) => resolve(!error));
      }),
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

interface Place {
  address: string;
  authenticated: boolean;
  proof: CertificateProof | undefined;
  tap: DeviceTap;
  session: DeviceSession | null;
}

type Admitted = Extract<Authentication, { accepted: true }>;

/** aedes keeps them by filter, and leaves them out of its types. */
function subscriptionsOf(client: Client): object {
  return (client as unknown as { subscriptions?: object }).subscriptions ?? {};
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

/**
 * No two receipts at one instant, to the microsecond that the store keeps: a modem without a clock that empties its
 * memory in one go sends as many readings, not one reading and its contradictions.
 */
function strictlyRising(clock: Clock): () => number {
  // Counted in whole microseconds: thousandths of a millisecond don't add up in binary fractions.
  let last_us = 0;
  return () => {
    last_us = Math.max(Math.round(clock.now_ms() * 1_000), last_us + 1);
    return last_us / 1_000;
  };
}

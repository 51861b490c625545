// The ports that devices reach the intake by: MQTT over TCP and over WebSocket.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { intakeLimits } from './intake-limits.ts';
import type { Origin } from './intake-policy.ts';
import { withSharedReads } from './shared-reads-broker.ts';

export type Admit = (stream: Duplex, origin: Origin) => void;

export function createTcpServer(admit: Admit): Server {
  return createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    const socket = withSharedReads(accepted);
    admit(socket, { address: socket.remoteAddress ?? '', transport: 'tcp', proof: null });
  });
}

export function createWebSocketServer(admit: Admit, mostPacket_bytes: number): Server {
  const server = createHttpServer(
    { headersTimeout: intakeLimits.connectWithin_ms, connectionsCheckingInterval: 1_000 },
    (_request, response) => response.writeHead(426, { upgrade: 'websocket' }).end(),
  );
  const sockets = new WebSocketServer({
    server,
    maxPayload: 2 * Math.max(mostPacket_bytes, intakeLimits.packetBeforeAuthentication_bytes),
    perMessageDeflate: false,
    // [MQTT-6.0.0-3]
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false),
  });
  sockets.on('connection', (socket, request) =>
    admit(createWebSocketStream(socket), {
      address: request.socket.remoteAddress ?? '',
      transport: 'websocket',
      proof: null,
    }),
  );
  return server;
}

/** @returns the port that is open now */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

// One device's own connection to the broker: its id, its secret, QoS 1, and every publish waits for its PUBACK.
//
// MQTT 3.1.1 in the few packets that a meter needs, without a library: ten thousand devices in one process leave each a
// socket and a handful of numbers.
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import { topicLevelOf } from '../devices/formats.ts';
import { type Acknowledgement, AcknowledgementReader, connectPacket, PINGREQ, publishPacket } from './mqtt-packets.ts';

export interface DeviceConnection {
  /** Resolves when the broker has acknowledged; through reconnects, as long as the connection is not ended. */
  publish(format: string, payload: Uint8Array): Promise<void>;
  /** Loses the connection, as a radio does; the device comes back after this time. What is in flight is sent again. */
  drop(away_ms: number): void;
  /** Drops the connection; what is not acknowledged by then never will be. */
  end(): Promise<void>;
}

export interface DeviceLogin {
  device_id: string;
  secret: string;
}

export interface DeviceConnectionOptions {
  /** In [0, 1): where in the second after a lost connection this device tries again. */
  spread: number;
  onConnected(): void;
  /** Hears why a connection failed, and whether it was the broker that would not have it or the way there. */
  onRefused(reason: string, byBroker: boolean): void;
}

/** Spread over a second, so that a fleet doesn't come back all at once; twice as long after each try in vain. */
const reconnectFrom_ms = 500;
const reconnectMost = 16;
const connectTimeout_ms = 10_000;
const keepAlive_s = 120;
/** Packet ids in turn, so that one that was just acknowledged is not the next [MQTT-2.3.1-4]. */
const mostPacketId = 65_535;

/** Resolves at once; connects in the background and keeps trying. */
export function connectDevice(url: string, login: DeviceLogin, options: DeviceConnectionOptions): DeviceConnection {
  return new Device(url, login, options);
}

interface Flight {
  topic: string;
  payload: Uint8Array;
  sent: boolean;
  resolve(): void;
  reject(error: Error): void;
}

class Device implements DeviceConnection {
  readonly #url: string;
  readonly #login: DeviceLogin;
  readonly #options: DeviceConnectionOptions;
  /** In the order of their first sending, which is the order of sending them again [MQTT-4.6.0-1]. */
  readonly #flights = new Map<number, Flight>();
  #stream: Duplex | null = null;
  #isConnected = false;
  #heard = false;
  #ended = false;
  #packetId = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #wait_ms: number;
  #tries = 1;

  constructor(url: string, login: DeviceLogin, options: DeviceConnectionOptions) {
    this.#url = url;
    this.#login = login;
    this.#options = options;
    this.#wait_ms = reconnectFrom_ms + Math.floor(options.spread * 1_000);
    this.#connect();
  }

  publish(format: string, payload: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(new Error('the connection was ended'));
    return new Promise((resolve, reject) => {
      const topic = `naru/v1/up/${this.#login.device_id}/${topicLevelOf(format)}`;
      const packetId = this.#freePacketId();
      const flight: Flight = { topic, payload, sent: false, resolve, reject };
      this.#flights.set(packetId, flight);
      if (this.#isConnected) this.#send(packetId, flight);
    });
  }

  drop(away_ms: number): void {
    this.#lost();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), away_ms);
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#lost();
    clearTimeout(this.#timer);
    for (const flight of this.#flights.values()) flight.reject(new Error('the connection was ended'));
    this.#flights.clear();
  }

  #connect(): void {
    if (this.#ended) return;
    const stream = openStream(this.#url);
    const reader = new AcknowledgementReader();
    this.#stream = stream;
    const isMine = () => this.#stream === stream;
    stream.on('data', (bytes: Buffer) => {
      this.#heard = true;
      const acknowledgements = reader.read(bytes);
      if (acknowledgements === null) stream.destroy(new Error('the broker sent what is no MQTT'));
      for (const acknowledgement of acknowledgements ?? []) if (isMine()) this.#take(acknowledgement);
    });
    stream.on('error', (error: Error) => {
      if (isMine()) this.#options.onRefused(error.message, false);
    });
    stream.on('close', () => {
      if (!isMine()) return;
      this.#lost();
      this.#again();
    });
    stream.write(connectPacket(this.#login.device_id, this.#login.secret, keepAlive_s));
    this.#timer = setTimeout(() => {
      if (isMine() && !this.#isConnected) stream.destroy(new Error('the broker did not answer'));
    }, connectTimeout_ms);
  }

  #take(acknowledgement: Acknowledgement): void {
    if (acknowledgement.kind === 'puback') {
      this.#flights.get(acknowledgement.packetId)?.resolve();
      this.#flights.delete(acknowledgement.packetId);
      return;
    }
    if (acknowledgement.kind === 'other') return;
    clearTimeout(this.#timer);
    const refusal = refusals[acknowledgement.returnCode];
    if (acknowledgement.returnCode !== 0) {
      this.#options.onRefused(refusal ?? `Connection refused: ${acknowledgement.returnCode}`, true);
      this.#stream?.destroy();
      return;
    }
    this.#isConnected = true;
    this.#tries = 1;
    this.#options.onConnected();
    for (const [packetId, flight] of this.#flights) this.#send(packetId, flight);
    this.#timer = setInterval(() => this.#ping(), (keepAlive_s * 1_000) / 2);
  }

  /** A way that has gone silent is no way: then the device looks for another. */
  #ping(): void {
    if (!this.#heard) this.#stream?.destroy(new Error('the broker fell silent'));
    this.#heard = false;
    this.#stream?.write(PINGREQ);
  }

  #send(packetId: number, flight: Flight): void {
    this.#stream?.write(publishPacket(flight.topic, flight.payload, packetId, flight.sent));
    flight.sent = true;
  }

  #lost(): void {
    const stream = this.#stream;
    this.#stream = null;
    this.#isConnected = false;
    clearTimeout(this.#timer);
    stream?.destroy();
  }

  #again(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => this.#connect(), this.#wait_ms * this.#tries);
    this.#tries = Math.min(2 * this.#tries, reconnectMost);
  }

  #freePacketId(): number {
    do this.#packetId = (this.#packetId % mostPacketId) + 1;
    while (this.#flights.has(this.#packetId));
    return this.#packetId;
  }
}

/** Source: MQTT 3.1.1 table 3.1. */
const refusals: Record<number, string> = {
  1: 'Connection refused: Unacceptable protocol version',
  2: 'Connection refused: Identifier rejected',
  3: 'Connection refused: Server unavailable',
  4: 'Connection refused: Bad username or password',
  5: 'Connection refused: Not authorized',
};

function openStream(url: string): Duplex {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  switch (protocol) {
    case 'ws:':
    case 'wss:': {
      const socket = new WebSocket(url, 'mqtt', { perMessageDeflate: false });
      return createWebSocketStream(socket);
    }
    case 'mqtts:':
      return connectTls({ host, port: Number(port || 8883), servername: host });
    default:
      return connectTcp({ host, port: Number(port || 1883), noDelay: true });
  }
}

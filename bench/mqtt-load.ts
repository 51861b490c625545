// The load: a thread with many bare MQTT connections, each keeping a window of unacknowledged QoS 1 messages full.
// It writes and reads the few bytes of MQTT itself, so that the load costs little beside what is measured.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';

export interface Load {
  port: number;
  devices: { deviceId: string; secret: string; serial: string }[];
  window: number;
  duration_ms: number;
  /** Time of each device's first reading; the next ones follow by the second. */
  from_s: number;
}

export interface LoadResult {
  acknowledged: number;
  seconds: number;
  ack_p50_ms: number;
  ack_p99_ms: number;
}

const load = workerData as Load;
const latencies_ms: number[] = [];
let stopped = false;
let acknowledged = 0;

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(first: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

class Device {
  readonly #socket: Socket;
  readonly #sentAt_ms = new Map<number, number>();
  readonly #topic: Buffer;
  readonly #serial: string;
  #sent = 0;
  #pending: Buffer = Buffer.alloc(0);
  readonly ready: Promise<void>;
  drained: () => void = () => {};

  constructor({ deviceId, secret, serial }: Load['devices'][number]) {
    this.#serial = serial;
    this.#topic = text(`naru/v1/up/${deviceId}/senml-json`);
    this.#socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
    const head = Buffer.concat([text('MQTT'), Buffer.from([4, 0xc2, 0, 0])]);
    this.#socket.write(packet(0x10, Buffer.concat([head, text(deviceId), text(deviceId), text(secret)])));
    this.ready = new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.once('data', (connack) => {
        if (connack[3] !== 0) reject(new Error(`CONNACK ${connack[3]}`));
        this.#socket.on('data', (bytes) => this.#take(bytes));
        resolve();
      });
    });
  }

  start(): void {
    this.#send(load.window);
  }

  get waiting(): number {
    return this.#sentAt_ms.size;
  }

  end(): void {
    this.#socket.destroy();
  }

  #send(count: number): void {
    const packets: Buffer[] = [];
    for (let n = 0; n < count; n += 1) {
      this.#sent += 1;
      const id = (this.#sent % 65_535) + 1;
      this.#sentAt_ms.set(id, performance.now());
      const payload = `[{"bn":"urn:naru:meter:${this.#serial}:","n":"register","u":"l","v":${this.#sent},"t":${load.from_s + this.#sent}}]`;
      packets.push(packet(0x32, Buffer.concat([this.#topic, Buffer.from([id >> 8, id & 0xff]), Buffer.from(payload)])));
    }
    this.#socket.write(Buffer.concat(packets));
  }

  #take(bytes: Buffer): void {
    const all = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    let at = 0;
    let count = 0;
    for (; at + 4 <= all.length; at += 4) {
      const id = all.readUInt16BE(at + 2);
      latencies_ms.push(performance.now() - (this.#sentAt_ms.get(id) ?? 0));
      this.#sentAt_ms.delete(id);
      count += 1;
    }
    this.#pending = all.subarray(at);
    acknowledged += count;
    if (!stopped) this.#send(count);
    else if (this.waiting === 0) this.drained();
  }
}

const devices = load.devices.map((device) => new Device(device));
await Promise.all(devices.map((device) => device.ready));
const began_ms = performance.now();
for (const device of devices) device.start();
await new Promise((resolve) => setTimeout(resolve, load.duration_ms));
const seconds = (performance.now() - began_ms) / 1000;
const inTime = acknowledged;
stopped = true;
await Promise.all(
  devices.map((device) =>
    device.waiting === 0
      ? null
      : new Promise<void>((resolve) => {
          device.drained = resolve;
        }),
  ),
);
for (const device of devices) device.end();
latencies_ms.sort((one, other) => one - other);
const at = (share: number) => latencies_ms[Math.floor((latencies_ms.length - 1) * share)] ?? 0;
parentPort?.postMessage({
  acknowledged,
  seconds: (seconds * acknowledged) / Math.max(inTime, 1),
  ack_p50_ms: at(0.5),
  ack_p99_ms: at(0.99),
} satisfies LoadResult);

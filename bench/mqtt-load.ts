// The load: a process with many bare MQTT connections. As a load it keeps a window of unacknowledged QoS 1 messages full
// on each; as a fleet at rest it only stays connected, and comes back when it is cut off.
//
// It must cost little beside what is measured: messages are nearly made ahead (load-messages.ts), and acknowledgements are counted by their bytes. All connections read into one buffer, and write past the stream
// (direct-write.ts): a buffer and the events of a stream for each acknowledgement cost 4 µs, a fifth of what a message with
// a window of 1 takes here.
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { writeNow } from './direct-write.ts';
import { type Load, type LoadDevice, type Messages, messagesOf, packet, text } from './load-messages.ts';

export interface Fleet {
  kind: 'fleet';
  port: number;
  devices: LoadDevice[];
  /** Whether each also listens to its commands. */
  subscribe: boolean;
}

export interface LoadResult {
  acknowledged: number;
  /** Where the readings of the device that sent most end. */
  until_s: number;
  seconds: number;
  ack_p50_ms: number;
  ack_p99_ms: number;
  /** Share of one core that this process left unused. */
  idle_share: number;
}

/** Connections opened at once while a fleet comes up; the broker bounds those that have not shown who they are. */
const OPENING = 200;
const RECONNECT_AFTER_ms = 250;
const CONNACK_bytes = 4;
/** Of so many messages of a connection, the time to the acknowledgement is taken of one. */
const WATCHED_EVERY = 8;

interface Opened {
  socket: Socket;
  /** Whom to tell how many bytes came; nobody at first. */
  heard: (bytes: number) => void;
}

/** What came last on any connection; it is looked at before the next read. */
const received = Buffer.allocUnsafeSlow(65_536);

/** Opens a connection and sends its CONNECT. @returns once CONNACK came */
function open(port: number, { deviceId, secret }: LoadDevice): Promise<Opened> {
  const head = Buffer.concat([text('MQTT'), Buffer.from([4, 0xc2, 0, 0])]);
  return new Promise((resolve, reject) => {
    const callback = (bytes: number): boolean => {
      opened.heard(bytes);
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: received, callback } });
    const opened: Opened = {
      socket,
      heard: (bytes) => {
        if (bytes < CONNACK_bytes || received[3] !== 0) return reject(new Error(`CONNACK ${received[3]}`));
        socket.removeAllListeners('error');
        socket.removeAllListeners('close');
        opened.heard = () => {};
        resolve(opened);
      },
    };
    socket.write(packet(0x10, Buffer.concat([head, text(deviceId), text(deviceId), text(secret)])));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before CONNACK')));
  });
}

/** Lets `each` run for all, so many at a time. */
async function inTurns<T>(all: readonly T[], atOnce: number, each: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await each(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

class Sender {
  readonly #socket: Socket;
  readonly #messages: Messages;
  readonly #load: Load;
  #sent = 0;
  acknowledged = 0;
  /** One message at a time is watched: how many were acknowledged when it must have been, and when it left. */
  #watched = 0;
  #watchedAt_ms = 0;
  #watchAt = 0;
  readonly latencies_ms: number[] = [];
  isStopped = false;
  whenDrained: () => void = () => {};

  constructor(opened: Opened, device: LoadDevice, format: string, load: Load) {
    const { socket } = opened;
    this.#socket = socket;
    this.#load = load;
    this.#messages = messagesOf(device, format, load);
    opened.heard = (bytes) => this.#take(bytes);
    socket.on('close', () => {
      if (!this.isStopped) throw new Error(`${device.deviceId}: the broker closed the connection`);
    });
    socket.on('error', () => {});
  }

  get waiting(): number {
    return this.#sent - this.acknowledged;
  }

  send(count: number): void {
    if (this.#watched === 0 && this.#sent >= this.#watchAt) {
      this.#watchAt = this.#sent + WATCHED_EVERY;
      this.#watched = this.#sent + count;
      this.#watchedAt_ms = performance.now();
    }
    for (let rest = count; rest > 0; ) {
      const many = Math.min(rest, this.#load.window - (this.#sent % this.#load.window));
      writeNow(this.#socket, this.#messages.bytes(this.#sent, many));
      this.#sent += many;
      rest -= many;
    }
  }

  end(): void {
    this.isStopped = true;
    this.#socket.destroy();
  }

  #take(bytes: number): void {
    this.#partial += bytes;
    const count = this.#partial >> 2;
    this.#partial &= 3;
    this.acknowledged += count;
    if (this.#watched > 0 && this.acknowledged >= this.#watched) {
      this.latencies_ms.push(performance.now() - this.#watchedAt_ms);
      this.#watched = 0;
    }
    if (!this.isStopped) {
      if (count > 0) this.send(count);
    } else if (this.waiting === 0) this.whenDrained();
  }
  /** Bytes of an acknowledgement that has come in part. */
  #partial = 0;
}

async function sendLoad(load: Load): Promise<LoadResult> {
  const senders: Sender[] = [];
  await inTurns([...load.devices.entries()], OPENING, async ([index, device]) => {
    const format = load.formats[index % load.formats.length] as string;
    senders.push(new Sender(await open(load.port, device), device, format, load));
  });
  const acknowledged = () => senders.reduce((sum, sender) => sum + sender.acknowledged, 0);
  process.send?.('connected');
  await new Promise((resolve) => process.once('message', resolve));
  for (const sender of senders) sender.send(load.window);
  // The first moments warm up both sides and are not counted.
  await new Promise((resolve) => setTimeout(resolve, load.duration_ms / 5));
  const before = acknowledged();
  const cpu = process.cpuUsage();
  const began_ms = performance.now();
  await new Promise((resolve) => setTimeout(resolve, load.duration_ms));
  const counted = acknowledged() - before;
  const took_ms = performance.now() - began_ms;
  const { user, system } = process.cpuUsage(cpu);
  for (const sender of senders) sender.isStopped = true;
  await Promise.all(senders.map((sender) => sender.waiting > 0 && drained(sender)));
  const latencies_ms = senders.flatMap((sender) => sender.latencies_ms).sort((one, other) => one - other);
  const at = (share: number) => latencies_ms[Math.floor((latencies_ms.length - 1) * share)] ?? 0;
  const all = acknowledged();
  for (const sender of senders) sender.end();
  return {
    acknowledged: all,
    until_s:
      load.from_s + load.every_s * load.readingsPerMessage * Math.max(...senders.map((sender) => sender.acknowledged)),
    seconds: (took_ms / 1_000) * (all / counted),
    ack_p50_ms: at(0.5),
    ack_p99_ms: at(0.99),
    idle_share: Math.max(0, 1 - (user + system) / 1_000 / took_ms),
  };
}

function drained(sender: Sender): Promise<void> {
  return new Promise((resolve) => {
    sender.whenDrained = resolve;
  });
}

/** Stays connected; says `all` whenever every device is. */
async function stayConnected(fleet: Fleet): Promise<void> {
  let connected = 0;
  const stay = async (device: LoadDevice): Promise<void> => {
    let opened: Opened;
    try {
      opened = await open(fleet.port, device);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_AFTER_ms));
      return stay(device);
    }
    const { socket } = opened;
    if (fleet.subscribe) {
      const body = Buffer.concat([Buffer.from([0, 1]), text(`naru/v1/down/${device.deviceId}`), Buffer.from([1])]);
      await new Promise((resolve) => {
        opened.heard = resolve;
        socket.write(packet(0x82, body));
      });
      opened.heard = () => {};
    }
    socket.on('error', () => {});
    socket.once('close', () => {
      connected -= 1;
      queue.push(device);
      void work();
    });
    connected += 1;
    if (connected === fleet.devices.length) process.send?.('all');
  };
  const queue: LoadDevice[] = [...fleet.devices];
  let working = 0;
  const work = async (): Promise<void> => {
    if (working >= OPENING) return;
    working += 1;
    for (let device = queue.pop(); device !== undefined; device = queue.pop()) await stay(device);
    working -= 1;
  };
  await Promise.all(Array.from({ length: OPENING }, work));
}

process.on('disconnect', () => process.exit(0));
process.once('message', (task: Load | Fleet) => {
  if (task.kind === 'fleet') void stayConnected(task);
  else void sendLoad(task).then((result) => process.send?.(result));
});

// A conversation with a broker in bare bytes: what is said is sent as it is, what is heard is read by the byte.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { packet } from './mqtt-bytes.ts';

const PINGREQ = Buffer.from([0xc0, 0]);

export class Talk {
  readonly #socket: Socket;
  #heard = '';
  #isClosed = false;
  #news: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      this.#heard += bytes.toString('hex');
      this.#news();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#news();
    });
  }

  static async open(port: number): Promise<Talk> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Talk(socket);
  }

  /** @param bytes hexadecimal, or as they are */
  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes);
  }

  /** The next so many bytes, in hexadecimal; fewer where the broker closes before them. */
  async hear(length: number): Promise<string> {
    while (this.#heard.length < 2 * length && !this.#isClosed) await this.#next();
    const heard = this.#heard.slice(0, 2 * length);
    this.#heard = this.#heard.slice(2 * length);
    return heard;
  }

  /** Everything until the broker closes. */
  async hearTheEnd(): Promise<string> {
    while (!this.#isClosed) await this.#next();
    return this.hear(this.#heard.length / 2);
  }

  /** What the broker says, if anything, before it answers a PINGREQ; it closes instead where it has had enough. */
  async hearUntilPong(): Promise<string> {
    this.send(PINGREQ);
    while (!this.#heard.endsWith('d000') && !this.#isClosed) await this.#next();
    const heard = this.#heard;
    this.#heard = '';
    return heard;
  }

  /** Stops listening, until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#news = resolve;
    });
  }
}

/** A plain CONNECT of a clean session with the client id `p`. */
export function plainConnect(level: number, clientId = 'p', keepAlive_s = 10, flags = 2): Buffer {
  const name = Buffer.from(level === 3 ? '\0\x06MQIsdp' : '\0\x04MQTT', 'latin1');
  const id = Buffer.from(clientId);
  const head = Buffer.from([level, flags, keepAlive_s >> 8, keepAlive_s & 0xff, id.length >> 8, id.length & 0xff]);
  return packet(0x10, Buffer.concat([name, head, id]));
}

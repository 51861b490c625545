// A device's connection as the broker sees it: the socket, with the packet guard in front and a tap that is closed while
// the database is behind.
import { Duplex } from 'node:stream';
import { type GuardRefusal, PacketGuard } from './packet-guard.ts';

const LINGER_ms = 1_000;

export interface Tap {
  isFull(): boolean;
  whenRoom(proceed: () => void): void;
}

/** Bytes pass to the broker only after the guard has seen them; the first refusal closes the connection. */
export class GuardedConnection extends Duplex {
  readonly guard = new PacketGuard();
  readonly #socket: Duplex;
  readonly #tap: Tap;
  readonly #onRefusal: (reason: GuardRefusal) => void;

  constructor(socket: Duplex, tap: Tap, onRefusal: (reason: GuardRefusal) => void) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#tap = tap;
    this.#onRefusal = onRefusal;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.pause();
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return;
    const refusal = this.guard.accept(chunk);
    if (refusal !== null) {
      this.#onRefusal(refusal);
      this.destroy();
      return;
    }
    if (!this.push(chunk)) this.#socket.pause();
  }

  override _read(): void {
    if (!this.#tap.isFull()) {
      this.#socket.resume();
      return;
    }
    this.#socket.pause();
    this.#tap.whenRoom(() => {
      if (!this.destroyed) this._read();
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#socket.write(chunk)) done();
    else this.#socket.once('drain', done);
  }

  /** One write for what gathered in a turn: the acknowledgements of a batch leave in one segment. */
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  /** Ends rather than cuts, for a moment: an acknowledgement or a refusal that was written must still leave. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const cut = () => this.#socket.destroy();
    this.#socket.end(cut);
    setTimeout(cut, LINGER_ms).unref();
    done(error);
  }
}

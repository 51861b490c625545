// How much one device may send: a bucket of tokens, and a tap that is closed for that device alone while it is empty.
import type { Clock } from '../../platform/clock.ts';

/** What a connection asks before it reads on. The same as the commit queue's. */
interface Tap {
  isFull(): boolean;
  whenRoom(proceed: () => void): void;
}

export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #at_ms: number;

  /** @param most tokens of a full bucket, with which it begins */
  constructor(clock: Clock, perSecond: number, most: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#most = most;
    this.#tokens = most;
    this.#at_ms = clock.now_ms();
  }

  /** What was read already is taken, below nothing too: the debt is waited for. */
  take(): void {
    this.#fill();
    this.#tokens -= 1;
  }

  /** Milliseconds until there is a token; 0 where there is. */
  wait_ms(): number {
    this.#fill();
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1_000);
  }

  #fill(): void {
    const now_ms = this.#clock.now_ms();
    const passed_ms = Math.max(0, now_ms - this.#at_ms);
    this.#tokens = Math.min(this.#most, this.#tokens + (passed_ms / 1_000) * this.#perSecond);
    this.#at_ms = now_ms;
  }
}

/** Closes the tap of one device: nothing more is read from its socket, which the sender feels, and nothing is lost. */
export class DeviceTap implements Tap {
  readonly #shared: Tap;
  #bucket: TokenBucket | null = null;
  #onThrottled: () => void = () => {};

  constructor(shared: Tap) {
    this.#shared = shared;
  }

  /** From here on the device's messages are counted. @param onThrottled called each time that it is held up */
  limit(bucket: TokenBucket, onThrottled: () => void): void {
    this.#bucket = bucket;
    this.#onThrottled = onThrottled;
  }

  take(): void {
    this.#bucket?.take();
  }

  isFull(): boolean {
    return this.#shared.isFull() || (this.#bucket?.wait_ms() ?? 0) > 0;
  }

  whenRoom(proceed: () => void): void {
    const wait_ms = this.#bucket?.wait_ms() ?? 0;
    if (wait_ms === 0) {
      this.#shared.whenRoom(proceed);
      return;
    }
    this.#onThrottled();
    setTimeout(proceed, wait_ms).unref();
  }
}

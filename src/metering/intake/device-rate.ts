// How much one device may send: a bucket of tokens. While it is empty nothing more is read from that device alone, which the
// sender feels, and nothing is lost.
import type { Clock } from '../../platform/clock.ts';

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

  /**
   * Takes a token for each message that was read, below nothing too: the debt is waited for.
   *
   * @returns milliseconds until there is a token; 0 where there is
   */
  waitAfter_ms(messages: number): number {
    this.#fill();
    this.#tokens -= messages;
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1_000);
  }

  #fill(): void {
    const now_ms = this.#clock.now_ms();
    const passed_ms = Math.max(0, now_ms - this.#at_ms);
    this.#tokens = Math.min(this.#most, this.#tokens + (passed_ms / 1_000) * this.#perSecond);
    this.#at_ms = now_ms;
  }
}

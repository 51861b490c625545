// Says on the error stream how far a long part of a benchmark is.
import { performance } from 'node:perf_hooks';

const EVERY_ms = 30_000;

export class Progress {
  readonly #what: string;
  #said_ms = performance.now();
  #done = 0;

  /** @param what is counted, as in "meters judged" */
  constructor(what: string) {
    this.#what = what;
  }

  add(done: number): void {
    this.#done += done;
    if (performance.now() - this.#said_ms < EVERY_ms) return;
    this.#said_ms = performance.now();
    console.error(`${this.#done.toLocaleString('en')} ${this.#what}`);
  }
}

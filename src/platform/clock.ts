// Time as an argument: the only file that reads the machine's clock.

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now_ms(): number;
}

export const systemClock: Clock = { now_ms: () => Date.now() };

// Structured logs on standard error. Nothing about a person is logged: rooms log ids of processes, epochs and batches.
import pino, { type Logger } from 'pino';

export type { Logger };

/** `level`: one of pino's levels, `silent` for none. */
export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

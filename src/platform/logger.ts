// Structured logs on standard error. Nothing about a person is logged: rooms log ids of processes, epochs and batches.
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

/** `level`: one of pino's levels, `silent` for none. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: loggedError } },
    destination,
  );
}

/** SQLSTATE class of errors whose very message repeats the value that was refused. */
const dataException = /^22/;

/** What a log may hold of an error: PostgreSQL's `detail` and `where` hold whole rows, so only named members pass. */
function loggedError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, constraint, table } = error as { code?: unknown; constraint?: unknown; table?: unknown };
  const quotes = typeof code === 'string' && dataException.test(code);
  const stack = error.stack?.slice(error.stack.indexOf('\n    at ') + 1);
  return { type: error.name, code, constraint, table, message: quotes ? undefined : error.message, stack };
}

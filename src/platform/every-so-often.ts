// Work that is done again and again for as long as a role lives.
import type { Logger } from './logger.ts';

/**
 * Never twice at once; a failure is logged, and the next turn tries again.
 *
 * @param what in the log, as in "judging alarms failed"
 * @returns stops, and waits for the turn that runs
 */
export function everySoOften(
  every_ms: number,
  what: string,
  logger: Logger,
  work: () => Promise<void>,
): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= work()
      .catch((error: Error) => logger.warn({ err: error }, `${what} failed; tried again soon`))
      .finally(() => {
        running = null;
      });
  }, every_ms);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

// Works imports off for as long as the worker lives: one small transaction after another, with pauses between them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';
import type { ImportService } from './import-offers-service.ts';

/** Between two looks where nothing waits. */
const LOOK_EVERY_ms = 1_000;
/** Between two transactions of an import: the thread and the database are others', too. */
const PAUSE_ms = 20;

/** @returns stops after the transaction that runs; what is left is worked off after the next start */
export function startImportJobs(options: { imports: Pick<ImportService, 'workOff'>; logger: Logger }): {
  stop(): Promise<void>;
} {
  const { imports, logger } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function work(): Promise<void> {
    while (!signal.aborted) {
      const worked = await imports.workOff().catch((error: Error) => {
        logger.warn({ err: error }, 'working off an import failed; tried again soon');
        return null;
      });
      await sleep(worked === null ? LOOK_EVERY_ms : PAUSE_ms, undefined, { signal }).catch(() => {});
    }
  }

  const working = work();
  return {
    stop: async () => {
      stopping.abort();
      await working;
    },
  };
}

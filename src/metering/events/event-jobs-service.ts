// Runs the making of messages to other programs for as long as the worker lives, and deletes those that are long done with.
import { everySoOften } from '../../platform/every-so-often.ts';
import type { Logger } from '../../platform/logger.ts';
import { eventLimits } from './event-message.ts';
import { deleteOldMessages, type EventOptions, makeEvents, settleFollowing } from './make-events-service.ts';

/** @returns stops the job after the transaction that runs */
export function startEventJobs({ logger, ...options }: EventOptions & { logger: Logger }): { stop(): Promise<void> } {
  let isSettled = false;
  return everySoOften(eventLimits.makeEvery_ms, 'making messages of events', logger, async () => {
    if (!isSettled) await settleFollowing(options);
    isSettled = true;
    await makeEvents(options);
    await deleteOldMessages(options);
  });
}

// Which notices go into which messages: each into its own, until there are too many; then all that wait into one.
import { alarmLimits } from './alarm-limits.ts';

/**
 * @param eventIds that wait to be told, oldest first
 * @param lastHour messages made within the last hour
 * @param lastAgo_ms since the last one was made; null: none ever was
 * @returns the events of each message; none where it is better to wait
 */
export function plannedMessages(eventIds: readonly number[], lastHour: number, lastAgo_ms: number | null): number[][] {
  if (eventIds.length === 0) return [];
  const left = alarmLimits.messagesAnHour - lastHour;
  if (eventIds.length <= left) return eventIds.map((id) => [id]);
  return left > 0 || lastAgo_ms === null || lastAgo_ms >= alarmLimits.digestEvery_ms ? [[...eventIds]] : [];
}

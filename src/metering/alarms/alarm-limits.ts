// The bounds of judging and telling alarms.

const MINUTE_ms = 60_000;
const HOUR_ms = 60 * MINUTE_ms;

export const alarmLimits = {
  /** Between two looks at what changed; shorter ones would judge a meter once for each of its readings. */
  judgeEvery_ms: MINUTE_ms,
  /** Installs read, judged and written with one statement each. */
  judgedAtOnce: 500,
  /** Changed days and due installs taken in one transaction. */
  taken: 2_000,
  /** Even if nothing is heard. */
  judgeAgain_ms: 24 * HOUR_ms,
  /** A commit may be seen so much later than its receipt. */
  lateCommit_ms: 10 * MINUTE_ms,
  /** A silence waits so long to be told: others of its zone may follow, and are one alarm then. */
  silenceWaits_ms: 15 * MINUTE_ms,
  /** So much before the zone's alarm the first of its meters may have told last. */
  zoneBefore_ms: 6 * HOUR_ms,
  tellEvery_ms: 5_000,
  /** Messages an hour and channel; what is more goes into digests. */
  messagesAnHour: 20,
  digestEvery_ms: 10 * MINUTE_ms,
  /** Events one message names; further ones are counted. */
  eventsAMessage: 50,
  /** Notices put into messages in one transaction. */
  notices: 5_000,
  /** A try that was not reported back is made again after this. */
  lease_ms: 2 * MINUTE_ms,
  webhookTimeout_ms: 10_000,
} as const;

/** Waits before each further try; after the last a message is given up. Source: Standard Webhooks 1.0.0, "Deliverability". */
const tryAgainAfter_ms: readonly number[] = [
  5_000,
  5 * MINUTE_ms,
  30 * MINUTE_ms,
  2 * HOUR_ms,
  5 * HOUR_ms,
  10 * HOUR_ms,
  14 * HOUR_ms,
  20 * HOUR_ms,
  24 * HOUR_ms,
];

/** @param tries made so far, at least one; null: none is left */
export function nextTry_ms(tries: number): number | null {
  return tryAgainAfter_ms[tries - 1] ?? null;
}

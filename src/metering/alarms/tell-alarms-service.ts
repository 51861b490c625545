// Tells alarms: makes messages of the notices that came with the alarms' own transactions, and sends them until they are
// taken, at least once.
import type { Clock } from '../../platform/clock.ts';
import type { Mailer } from '../../platform/mailer.ts';
import { inTransaction, type Pool } from '../../platform/postgres/database.ts';
import { alarmLimits, nextTry_ms } from './alarm-limits.ts';
import { type AlarmName, mailOf, webhookBody } from './alarm-message.ts';
import {
  type Channel,
  holdNotices,
  listNotices,
  listToldEvents,
  putMessages,
  readPace,
  recordFailed,
  recordSent,
  takeMessage,
  type WaitingMessage,
} from './alarm-outbox-store.ts';
import { plannedMessages } from './planned-messages.ts';
import { sendWebhook, type WebhookTarget } from './webhook-port.ts';

export interface TellingOptions {
  pool: Pool;
  clock: Clock;
  names: readonly AlarmName[];
  timeZone: string;
  /** The console's page of alarms. */
  consoleUrl: string;
  webhook: WebhookTarget | null;
  mail: { mailer: Mailer; to: readonly string[] } | null;
  /** Where messages go that other rooms put beside those of alarms. */
  events: WebhookTarget | null;
}

function channelsOf({ webhook, mail }: TellingOptions): Channel[] {
  return [...(webhook === null ? [] : (['webhook'] as const)), ...(mail === null ? [] : (['mail'] as const))];
}

/** Where nothing is told to anybody, notices are done with at once. @returns how many messages were made */
export async function makeMessages(options: TellingOptions): Promise<number> {
  const channels = channelsOf(options);
  return inTransaction(options.pool, async (transaction) => {
    if (!(await holdNotices(transaction))) return 0;
    const now_ms = options.clock.now_ms();
    const eventIds = await listNotices(transaction, now_ms, alarmLimits.notices);
    if (eventIds.length === 0) return 0;
    const [channel] = channels;
    const pace = channel === undefined ? null : await readPace(transaction, channel, now_ms);
    const messages = pace === null ? [eventIds] : plannedMessages(eventIds, pace.lastHour, pace.lastAgo_ms);
    await putMessages(transaction, messages, channels, now_ms);
    return messages.length * channels.length;
  });
}

/** Sends one message that waits. @returns null where none does */
export async function sendNext(options: TellingOptions): Promise<{ channel: Channel; fault: string | null } | null> {
  const { pool, clock } = options;
  const channels: Channel[] = [...channelsOf(options), ...(options.events === null ? [] : (['events'] as const))];
  const message = await takeMessage(pool, channels, clock.now_ms(), alarmLimits.lease_ms);
  if (message === null) return null;
  const fault = await send(options, message);
  const now_ms = clock.now_ms();
  if (fault === null) await recordSent(pool, message.message_id, now_ms);
  else {
    const wait_ms = nextTry_ms(message.tries);
    await recordFailed(pool, message.message_id, fault, wait_ms === null ? null : now_ms + wait_ms, now_ms);
  }
  return { channel: message.channel, fault };
}

async function send(options: TellingOptions, { message_id, channel, event_ids, body, created_at }: WaitingMessage) {
  const { pool, clock, webhook, mail, names, timeZone, consoleUrl } = options;
  if (body !== null) {
    if (options.events === null) return 'channel_away';
    return sendWebhook(options.events, `event-message-${message_id}`, clock.now_ms(), body);
  }
  const events = await listToldEvents(pool, event_ids ?? []);
  const id = `alarm-message-${message_id}`;
  if (channel === 'webhook' && webhook !== null) {
    return sendWebhook(webhook, id, clock.now_ms(), webhookBody(events, created_at));
  }
  if (mail === null) return 'channel_away';
  return mail.mailer.send({ id, to: mail.to, ...mailOf(events, names, timeZone, consoleUrl) });
}

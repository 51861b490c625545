// What is told of alarms, to machines and to people: places and times, and nothing about a person.
import { Temporal } from 'temporal-polyfill';
import { alarmLimits } from './alarm-limits.ts';

/** An event as it is told; `told` is the alarm as it was from then on, kept with the event: a message tried again is the same. */
export interface ToldEvent {
  event_id: number;
  alarm_id: number;
  what: string;
  at: Date;
  kind: string;
  service_point_id: string | null;
  zone_id: string;
  told: { began_at: string; ended_at: string | null; grade: number; times: number; amount: number | null };
}

/** Of a kind, as people read it. */
export interface AlarmName {
  kind: string;
  label: { ko: string; en: string };
  advice: { ko: string; en: string };
}

/** The body of a webhook. Source: Standard Webhooks 1.0.0, "Payload structure" */
export function webhookBody(events: readonly ToldEvent[], created: Date): string {
  const [only] = events;
  const document =
    events.length === 1 && only !== undefined
      ? { type: `alarm.${only.what}`, timestamp: only.at.toISOString(), data: eventData(only) }
      : {
          type: 'alarm.digest',
          timestamp: created.toISOString(),
          data: {
            events: events
              .slice(0, alarmLimits.eventsAMessage)
              .map((event) => ({ ...eventData(event), what: event.what })),
            more: Math.max(0, events.length - alarmLimits.eventsAMessage),
          },
        };
  return JSON.stringify(document);
}

function eventData({ event_id, alarm_id, kind, service_point_id, zone_id, told }: ToldEvent) {
  return {
    ...{ event_id: String(event_id), alarm_id: String(alarm_id), kind, service_point: service_point_id, zone: zone_id },
    ...{ grade: told.grade, times: told.times, amount: told.amount },
    ...{ began_at: iso(told.began_at), ended_at: told.ended_at === null ? null : iso(told.ended_at) },
  };
}

function iso(text: string): string {
  return Temporal.Instant.from(text).toString();
}

const turns: Readonly<Record<string, { ko: string; en: string }>> = {
  opened: { ko: '발생', en: 'opened' },
  worsened: { ko: '악화', en: 'worse' },
  cleared: { ko: '해소', en: 'cleared' },
  withdrawn: { ko: '취소', en: 'withdrawn' },
};

/**
 * An e-mail to the utility's staff, Korean first.
 *
 * @param consoleUrl where alarms are looked at
 */
export function mailOf(
  events: readonly ToldEvent[],
  names: readonly AlarmName[],
  timeZone: string,
  consoleUrl: string,
): { subject: string; text: string } {
  const shown = events.slice(0, alarmLimits.eventsAMessage);
  const more = events.length - shown.length;
  const [only] = events;
  const subject =
    events.length === 1 && only !== undefined
      ? `[나루] ${nameOf(only, names).label.ko} ${turnOf(only).ko}: ${placeOf(only)}`
      : `[나루] 경보 ${events.length}건 / ${events.length} alarms`;
  const lines = shown.map((event) => lineOf(event, names, timeZone));
  if (more > 0) lines.push(`그 밖에 ${more}건 / and ${more} more`);
  return { subject, text: `${lines.join('\n\n')}\n\n${consoleUrl}\n` };
}

function lineOf(event: ToldEvent, names: readonly AlarmName[], timeZone: string): string {
  const { label, advice } = nameOf(event, names);
  const began = Temporal.Instant.from(event.told.began_at).toZonedDateTimeISO(timeZone);
  const since = began.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
  const turn = turnOf(event);
  const times = event.told.times > 1 ? ` ×${event.told.times}` : '';
  return [
    `${label.ko} ${turn.ko}${times}: ${placeOf(event)}, ${since}부터. ${advice.ko}`,
    `${label.en}, ${turn.en}${times}: ${placeOf(event)}, since ${since}. ${advice.en}`,
  ].join('\n');
}

function placeOf({ service_point_id, zone_id }: ToldEvent): string {
  return service_point_id === null ? zone_id : `${service_point_id} (${zone_id})`;
}

function nameOf({ kind }: ToldEvent, names: readonly AlarmName[]): AlarmName {
  return (
    names.find((name) => name.kind === kind) ?? { kind, label: { ko: kind, en: kind }, advice: { ko: '', en: '' } }
  );
}

function turnOf({ what }: ToldEvent): { ko: string; en: string } {
  return turns[what] ?? { ko: what, en: what };
}

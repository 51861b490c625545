// Techem mk-radio 3 and 4 on water meters: what was used up to the last due date and since, in tenths of a cubic metre.
// Source: wmbusmeters, drivers mkradio3 and mkradio4, and FHEM's and other open decoders of the same telegram.
import { dateFrom, endOfDay } from './mbus-local-time.ts';
import { registerOf } from './mbus-uplink.ts';
import { type Refusal, refusal } from './wmbus-link.ts';
import { keptVolume, type ModelTold, registerVolume, type Telegram, type WmbusModel } from './wmbus-model.ts';

const unit_l = 100;
const content_bytes = 9;

/** A byte, then due date, volume at it, today's date, volume since; months follow as differences. All little-endian. */
function readOwn({ header, data }: Telegram): ModelTold | Refusal | null {
  if (header !== null) return null;
  if (data.length < content_bytes) return refusal('FRAME_TOO_SHORT', 'the telegram ends inside its registers');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const due = view.getUint16(1, true);
  const today = view.getUint16(5, true);
  const due_l = view.getUint16(3, true) * unit_l;
  const volume_l = due_l + view.getUint16(7, true) * unit_l;
  const dueDay = { day: due & 0x1f, month: (due >> 5) & 0x0f, year: due >> 9 };
  const dueAt = dateFrom(2000 + dueDay.year, dueDay.month, dueDay.day);
  // Today has no year: it is within a year of the due date.
  const day = (today >> 4) & 0x1f;
  const month = (today >> 9) & 0x0f;
  const isNextYear = month < dueDay.month || (month === dueDay.month && day <= dueDay.day);
  const todayAt = dueAt === null ? null : dateFrom(2000 + dueDay.year + (isNextYear ? 1 : 0), month, day);
  return {
    // The day is too coarse a time for the current register; when it was received is nearer.
    readings: [
      { measured_at: null, ...registerOf(volume_l) },
      ...(dueAt === null ? [] : [{ measured_at: endOfDay(dueAt), ...registerOf(due_l), kind: 'historic' as const }]),
    ],
    volumes: [registerVolume(volume_l), keptVolume(due_l, 1, dueAt)],
    dates: [
      ...(todayAt === null ? [] : [{ of: 'clock' as const, at: todayAt, storage: 0 }]),
      ...(dueAt === null ? [] : [{ of: 'kept' as const, at: dueAt, storage: 1 }]),
    ],
  };
}

/** 62 is warm water, 72 cold. */
const types = [0x70, 0x74, 0x95].flatMap((version) => [0x62, 0x72].map((medium) => ['TCH', version, medium] as const));

export const techemMkRadio: WmbusModel = {
  name: 'Techem mk-radio',
  types,
  readOwn,
  examples: [
    {
      payload_hex: '2f446850785634127472a2069f33640050083200000000000000000000000000000000000000000000000000000000000',
      register_l: 15_000,
    },
  ],
};

// Days of a city's month as packing would have left them: a row a meter and day of UTC, by COPY.

import { packDays } from '../src/metering/readings/reading-pack-store.ts';
import type { BinaryWriter } from '../src/platform/postgres/binary-writer.ts';
import { CopyMessage, sendCopy } from '../src/platform/postgres/copy-in.ts';
import type { Pool, Transaction } from '../src/platform/postgres/database.ts';
import { inTransaction } from '../src/platform/postgres/database.ts';
import {
  type MonthOptions,
  READINGS_A_TELEGRAM,
  type Registers,
  receiptOf,
  uplinkIdOf,
  useMessage,
} from './month-registers.ts';

const HOUR_ms = 3_600_000;
const DAY_ms = 24 * HOUR_ms;
const METERS_A_COPY = 5_000;
const ABSOLUTE = Buffer.from('absolute');
const COLUMNS = `(register_l, meter_id, day, clock, measured_ms, register_steps, received_ats, uplink_ids, first_places)`;
/** Days from 1970 to PostgreSQL's epoch. */
const EPOCH_day = 10_957;
const PACK_bytes = 1_200;

interface ToldDay {
  hours: number[];
  registers_l: number[];
}

/** Copies the hours up to `end`, a midnight of UTC, with the use of the local days that are over. @returns readings */
export async function copyPacks(
  to: Transaction,
  registers: Registers,
  options: MonthOptions,
  end: number,
): Promise<number> {
  const { meters, begin_ms } = options;
  const isLost = new Uint8Array(meters + 1);
  let readings = 0;
  let first = 0;
  while (first < end) {
    const day = Math.floor((begin_ms + first * HOUR_ms) / DAY_ms);
    const until = Math.min(end, ((day + 1) * DAY_ms - begin_ms) / HOUR_ms);
    for (let from = 1; from <= meters; from += METERS_A_COPY) {
      const last = Math.min(meters, from + METERS_A_COPY - 1);
      const uses: (readonly number[])[] = [];
      const message = new CopyMessage(`COPY metering.reading_pack ${COLUMNS} FROM STDIN (FORMAT binary)`);
      message.copy((writer) => {
        for (let meter = from; meter <= last; meter += 1) {
          const told = hoursOf(registers, meter, { first, until }, isLost, uses);
          readings += told.hours.length;
          if (told.hours.length > 0) writePack(writer, options, meter, day, told);
        }
        writer.room(2);
      });
      await sendCopy(to, message);
      const midnight = Math.ceil(first / 24) * 24;
      if (uses.length > 0) await sendCopy(to, useMessage(from, uses, begin_ms + (midnight - 24) * HOUR_ms));
    }
    first = until;
  }
  return readings;
}

/** What came of these hours; where a local day ends among them, its use as well. */
function hoursOf(
  registers: Registers,
  meter: number,
  { first, until }: { first: number; until: number },
  isLost: Uint8Array,
  uses: (readonly number[])[],
): ToldDay {
  const told: ToldDay = { hours: [], registers_l: [] };
  for (let hour = first; hour < until; hour += 1) {
    if (hour % READINGS_A_TELEGRAM === 0) isLost[meter] = registers.isLost() ? 1 : 0;
    const register_l = registers.after(meter, hour);
    if (hour > 0 && hour % 24 === 0) uses.push(registers.dayOf(meter));
    if (isLost[meter] === 1) continue;
    told.hours.push(hour);
    told.registers_l.push(register_l);
  }
  return told;
}

function writePack(writer: BinaryWriter, options: MonthOptions, meter: number, day: number, told: ToldDay): void {
  const base_l = told.registers_l[0] as number;
  const telegramOf = (hour: number) => hour - (hour % READINGS_A_TELEGRAM);
  const telegrams = [...new Set(told.hours.map(telegramOf))];
  writer.room(PACK_bytes);
  writer.int16(9);
  writer.int32(8);
  writer.int64(base_l);
  writer.int32(4);
  writer.int32(meter);
  writer.int32(4);
  writer.int32(day - EPOCH_day);
  writer.int32(ABSOLUTE.length);
  writer.bytes(ABSOLUTE);
  writeIntegers(
    writer,
    told.hours.map((hour) => options.begin_ms + hour * HOUR_ms - day * DAY_ms),
  );
  writeIntegers(
    writer,
    told.registers_l.map((register_l) => register_l - base_l),
  );
  writeWide(writer, 'timestamptz', telegrams.length, (at) => {
    writer.timestamp(receiptOf(options, meter, telegrams[at] as number));
  });
  writeWide(writer, 'int8', telegrams.length, (at) => {
    writer.int64(uplinkIdOf(options, meter, telegrams[at] as number));
  });
  writeIntegers(
    writer,
    telegrams.map((telegram) => told.hours.findIndex((hour) => telegramOf(hour) === telegram) + 1),
  );
}

function writeIntegers(writer: BinaryWriter, values: readonly number[]): void {
  const from = writer.beginSized();
  writer.arrayHeader('int4', values.length, false);
  for (const value of values) {
    writer.int32(4);
    writer.int32(value);
  }
  writer.endSized(from);
}

function writeWide(
  writer: BinaryWriter,
  element: 'timestamptz' | 'int8',
  count: number,
  write: (at: number) => void,
): void {
  const from = writer.beginSized();
  writer.arrayHeader(element, count, false);
  for (let at = 0; at < count; at += 1) {
    writer.int32(8);
    write(at);
  }
  writer.endSized(from);
}

const COMPARED_METERS = 50;
class Undone extends Error {}

/** Takes packs that were copied apart and has them packed in earnest: byte for byte the same. Leaves all as it was. */
export async function expectTruePacks(pool: Pool, day: number): Promise<void> {
  const meterIds = Array.from({ length: COMPARED_METERS }, (_, n) => n + 1);
  const date = `'1970-01-01'::date + ${day}`;
  const those = `day = ${date} AND meter_id <= ${COMPARED_METERS}`;
  await inTransaction(pool, async (to) => {
    const read = () =>
      to.query(
        `SELECT p::text AS pack, pg_column_size(p) AS bytes FROM metering.reading_pack p WHERE ${those} ORDER BY meter_id`,
      );
    const copied = (await read()).rows;
    await to.query(
      `INSERT INTO metering.reading (measured_at, register_l, received_at, uplink_id, meter_id, clock, flags)
       SELECT measured_at, register_l, received_at, uplink_id, meter_id, clock, flags FROM metering.packed_reading WHERE ${those}`,
    );
    await to.query(`DELETE FROM metering.reading_pack WHERE ${those}`);
    await packDays(
      to,
      meterIds.map((meterId) => ({ meterId, day })),
    );
    const packed = (await read()).rows;
    if (copied.length === 0 || JSON.stringify(copied) !== JSON.stringify(packed)) {
      throw new Error('packs that were copied are others than packing makes');
    }
    throw new Undone();
  }).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
}

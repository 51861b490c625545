// What the meters of a city's month measure, and the use that it comes to.
import type { BinaryWriter } from '../src/platform/postgres/binary-writer.ts';
import { CopyMessage } from '../src/platform/postgres/copy-in.ts';

const HOUR_ms = 3_600_000;
/** A modem measures by the hour and sends this many registers at a time. */
export const READINGS_A_TELEGRAM = 6;
/** One telegram in so many never comes. */
const LOST = 200;
/** Litres an hour for a household that uses the most, by the hour of the day. */
const HOURLY = [3, 2, 1, 1, 2, 8, 22, 30, 21, 12, 9, 9, 11, 9, 7, 7, 9, 14, 24, 30, 29, 23, 15, 8];

export interface MonthOptions {
  meters: number;
  days: number;
  /** Midnight of the first day. */
  begin_ms: number;
}

/** Registers that only rise, a household's use by the hour with chance of its own; the same in every run. */
export class Registers {
  readonly #litres: Float64Array;
  #chance = 0x2545f491;

  constructor(meters: number) {
    this.#hours_l = new Int16Array((meters + 1) * 24);
    this.#litres = Float64Array.from({ length: meters + 1 }, (_, meter) => 100_000 + ((meter * 7_919) % 900_000));
  }

  /** Of the last 24 hours, by meter: what passed from one register to the next. */
  readonly #hours_l: Int16Array;

  /** The register at that hour. */
  after(meter: number, hour: number): number {
    this.#chance ^= this.#chance << 13;
    this.#chance ^= this.#chance >>> 17;
    this.#chance ^= this.#chance << 5;
    const most_l = HOURLY[hour % 24] as number;
    const use_l = (this.#chance >>> 8) % (most_l + (meter % 5) + 1);
    this.#hours_l[meter * 24 + ((hour + 23) % 24)] = use_l;
    this.#litres[meter] = (this.#litres[meter] as number) + use_l;
    return this.#litres[meter] as number;
  }

  /** The litres of the day that the last register ended. */
  dayOf(meter: number): number[] {
    return Array.from(this.#hours_l.subarray(meter * 24, meter * 24 + 24));
  }

  isLost(): boolean {
    return (this.#chance >>> 3) % LOST === 0;
  }
}

/** When the telegram came whose first register is of that hour. */
export function receiptOf({ begin_ms }: MonthOptions, meter: number, hour: number): number {
  return begin_ms + (hour + READINGS_A_TELEGRAM) * HOUR_ms + (meter % 3_600_000);
}

export const uplinkIdOf = ({ meters }: MonthOptions, meter: number, hour: number): number => hour * meters + meter;

const COPY_USE = 'COPY metering.use_day (install_id, day, told_hours, hours_l) FROM STDIN (FORMAT binary)';
const USE_ROW_bytes = 2 + 8 + 8 + 8 + 4 + 20 + 24 * 8;
/** Days from 1970 to PostgreSQL's epoch. */
const EPOCH_day = 10_957;
/** Asia/Seoul, which has no summer time. */
const ZONE_ms = 9 * HOUR_ms;

export function useMessage(firstInstall: number, uses: readonly (readonly number[])[], day_ms: number): CopyMessage {
  const message = new CopyMessage(COPY_USE);
  message.copy((writer) => {
    writer.room(uses.length * USE_ROW_bytes + 2);
    for (const [index, hours_l] of uses.entries()) writeUseDay(writer, firstInstall + index, day_ms, hours_l);
  });
  return message;
}

/** A local day of the zone that the month is in; all 24 hours of it told. */
function writeUseDay(writer: BinaryWriter, installId: number, day_ms: number, hours_l: readonly number[]): void {
  writer.int16(4);
  writer.int32(4);
  writer.int32(installId);
  writer.int32(4);
  writer.int32(Math.floor((day_ms + ZONE_ms) / (24 * HOUR_ms)) - EPOCH_day);
  writer.int32(4);
  writer.int32(2 ** 24 - 1);
  const from = writer.beginSized();
  writer.arrayHeader('int4', 24, false);
  for (const use_l of hours_l) {
    writer.int32(4);
    writer.int32(use_l);
  }
  writer.endSized(from);
}

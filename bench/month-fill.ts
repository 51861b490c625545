// A city's month as the intake would have stored it: meters, places, and each hour's register, by COPY.
import { CopyMessage, sendCopy } from '../src/platform/postgres/copy-in.ts';
import { inTransaction, type Pool, type Transaction } from '../src/platform/postgres/database.ts';

const HOUR_ms = 3_600_000;
/** A modem measures by the hour and sends this many registers at a time. */
export const READINGS_A_TELEGRAM = 6;
/** Telegrams of one commit, as under load. */
const TELEGRAMS_A_COMMIT = 5_000;
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

/** Zones, places, meters and where they stand since before the month; meter n stands at place n. */
export async function fillRegistry(pool: Pool, { meters, begin_ms }: MonthOptions): Promise<void> {
  await pool.query(
    `INSERT INTO metering.zone (zone_id, name) SELECT 'zone-' || n, 'zone ' || n FROM generate_series(0, 99) n`,
  );
  await pool.query(
    `INSERT INTO metering.service_point (service_point_id, zone_id, usage_class)
     SELECT 'sp-' || n, 'zone-' || n % 100, 'domestic' FROM generate_series(1, $1::int) n`,
    [meters],
  );
  await pool.query(
    `INSERT INTO metering.meter (meter_id, serial, model, bore_mm, dials) OVERRIDING SYSTEM VALUE
     SELECT n, (20000000 + n)::text, 'bench', 15, 5 FROM generate_series(1, $1::int) n`,
    [meters],
  );
  await pool.query(
    `INSERT INTO metering.install (install_id, service_point_id, meter_id, from_at) OVERRIDING SYSTEM VALUE
     SELECT n, 'sp-' || n, n, to_timestamp($2::float8 / 1000) FROM generate_series(1, $1::int) n`,
    [meters, begin_ms - 100 * 24 * HOUR_ms],
  );
  await pool.query('ANALYZE metering.meter, metering.install, metering.service_point');
}

/** Registers that only rise, a household's use by the hour with chance of its own; the same in every run. */
export class Registers {
  readonly #litres: Float64Array;
  #chance = 0x2545f491;

  constructor(meters: number) {
    this.#litres = Float64Array.from({ length: meters + 1 }, (_, meter) => 100_000 + ((meter * 7_919) % 900_000));
  }

  after(meter: number, hour: number): number {
    this.#chance ^= this.#chance << 13;
    this.#chance ^= this.#chance >>> 17;
    this.#chance ^= this.#chance << 5;
    const most_l = HOURLY[hour % 24] as number;
    this.#litres[meter] = (this.#litres[meter] as number) + ((this.#chance >>> 8) % (most_l + (meter % 5) + 1));
    return this.#litres[meter] as number;
  }

  isLost(): boolean {
    return (this.#chance >>> 3) % LOST === 0;
  }
}

const COLUMNS = '(measured_at, register_l, received_at, uplink_id, meter_id, clock, flags)';
const ABSOLUTE = Buffer.from('absolute');
const ROW_bytes = 74;

/**
 * Copies the days' readings into `table`, in the order in which they would arrive: telegram after telegram of every meter.
 * `marks` writes as well what each commit would have touched.
 *
 * @returns readings
 */
export async function copyDays(
  to: Transaction,
  table: string,
  registers: Registers,
  { meters, begin_ms }: MonthOptions,
  days: { first: number; count: number },
  marks: boolean,
): Promise<number> {
  let readings = 0;
  let sending: Promise<void> = Promise.resolve();
  for (let hour = days.first * 24; hour < (days.first + days.count) * 24; hour += READINGS_A_TELEGRAM) {
    const received_ms = begin_ms + (hour + READINGS_A_TELEGRAM) * HOUR_ms;
    for (let first = 1; first <= meters; first += TELEGRAMS_A_COMMIT) {
      const last = Math.min(meters, first + TELEGRAMS_A_COMMIT - 1);
      const told: number[] = [];
      const message = new CopyMessage(`COPY ${table} ${COLUMNS} FROM STDIN (FORMAT binary${marks ? '' : ', FREEZE'})`);
      message.copy((writer) => {
        writer.room((last - first + 1) * READINGS_A_TELEGRAM * ROW_bytes);
        for (let meter = first; meter <= last; meter += 1) {
          const isLost = registers.isLost();
          for (let n = 0; n < READINGS_A_TELEGRAM; n += 1) {
            const register_l = registers.after(meter, hour + n);
            if (isLost) continue;
            writer.int16(7);
            writer.int32(8);
            writer.timestamp(begin_ms + (hour + n) * HOUR_ms);
            writer.int32(8);
            writer.int64(register_l);
            writer.int32(8);
            writer.timestamp(received_ms + (meter % 3_600_000));
            writer.int32(8);
            writer.int64(hour * meters + meter);
            writer.int32(4);
            writer.int32(meter);
            writer.int32(ABSOLUTE.length);
            writer.bytes(ABSOLUTE);
            writer.int32(-1);
          }
          if (!isLost) told.push(meter);
        }
        writer.room(2);
      });
      readings += told.length * READINGS_A_TELEGRAM;
      await sending;
      sending = sendCopy(to, message);
      // A rejection is met by the next await; until then nobody listens.
      sending.catch(() => {});
      if (!marks) continue;
      await sending;
      const firstHour = begin_ms / HOUR_ms + hour;
      await to.query(
        `INSERT INTO metering.touched (meter_ids, from_hours, to_hours)
         SELECT $1::int[], array_fill($2::int, ARRAY[cardinality($1::int[])]), array_fill($3::int, ARRAY[cardinality($1::int[])])`,
        [told, firstHour, firstHour + READINGS_A_TELEGRAM - 1],
      );
    }
  }
  await sending;
  return readings;
}

/** The month up to its last day, loaded as a partition of its own with its key made afterwards. @returns readings */
export async function fillMonth(pool: Pool, registers: Registers, options: MonthOptions): Promise<number> {
  const from = new Date(options.begin_ms).toISOString();
  const to = new Date(options.begin_ms + 40 * 24 * HOUR_ms).toISOString();
  const readings = await inTransaction(pool, async (transaction) => {
    await transaction.query(
      'CREATE TABLE metering.reading_filled (LIKE metering.reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
    );
    return copyDays(
      transaction,
      'metering.reading_filled',
      registers,
      options,
      { first: 0, count: options.days - 1 },
      false,
    );
  });
  await inTransaction(pool, async (transaction) => {
    await transaction.query(`SET LOCAL maintenance_work_mem = '512MB'`);
    await transaction.query(
      `ALTER TABLE metering.reading_filled ADD PRIMARY KEY (meter_id, measured_at),
         ADD CONSTRAINT filled CHECK (measured_at >= '${from}' AND measured_at < '${to}')`,
    );
    await transaction.query(
      `ALTER TABLE metering.reading ATTACH PARTITION metering.reading_filled FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
    await transaction.query('ALTER TABLE metering.reading_filled DROP CONSTRAINT filled');
  });
  await pool.query('ANALYZE metering.reading_filled');
  return readings;
}

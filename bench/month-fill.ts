// A city's month as the intake would have stored it: meters, places, and each hour's register, by COPY.

import type { BinaryWriter } from '../src/platform/postgres/binary-writer.ts';
import { CopyMessage, sendCopy } from '../src/platform/postgres/copy-in.ts';
import { inTransaction, type Pool, type Transaction } from '../src/platform/postgres/database.ts';
import { copyPacks } from './month-packs.ts';
import {
  type MonthOptions,
  READINGS_A_TELEGRAM,
  type Registers,
  receiptOf,
  uplinkIdOf,
  useMessage,
} from './month-registers.ts';

const HOUR_ms = 3_600_000;
/** Telegrams of one commit, as under load. */
const TELEGRAMS_A_COMMIT = 5_000;

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
    `INSERT INTO metering.service_point_version
       (service_point_id, from_at, recorded_at, zone_id, usage_class, households, purpose)
     SELECT service_point_id, to_timestamp($1::float8 / 1000), to_timestamp($1::float8 / 1000), zone_id, usage_class, 1, 'billed'
       FROM metering.service_point`,
    [begin_ms - 100 * 24 * HOUR_ms],
  );
  await pool.query(
    `INSERT INTO metering.meter (meter_id, serial, model, bore_mm, dials) OVERRIDING SYSTEM VALUE
     SELECT n, (20000000 + n)::text, 'bench', 13, 5 FROM generate_series(1, $1::int) n`,
    [meters],
  );
  await pool.query(
    `INSERT INTO metering.install (install_id, service_point_id, meter_id, from_at) OVERRIDING SYSTEM VALUE
     SELECT n, 'sp-' || n, n, to_timestamp($2::float8 / 1000) FROM generate_series(1, $1::int) n`,
    [meters, begin_ms - 100 * 24 * HOUR_ms],
  );
  await pool.query('ANALYZE metering.meter, metering.install, metering.service_point');
}

/** What rows are loaded into before it becomes a partition. */
const FILLED = 'metering.reading_filled';
const COLUMNS = '(measured_at, register_l, received_at, uplink_id, meter_id, clock, flags)';
const ABSOLUTE = Buffer.from('absolute');
const ROW_bytes = 74;

/**
 * Copies the registers of these hours into `table`, in the order in which they would arrive: telegram after telegram of every
 * meter. `marks`: as the intake does, with what each commit touched for the use job. Else the use of the days that are over
 * is copied with them, as the use job would have stored it.
 *
 * @returns readings
 */
export async function copyHours(
  to: Transaction,
  table: string,
  registers: Registers,
  of: MonthOptions,
  hours: { first: number; end: number },
  marks: boolean,
): Promise<number> {
  const { meters, begin_ms } = of;
  // Made in the same transaction, then.
  const isOwn = table === FILLED;
  let readings = 0;
  let sending: Promise<void> = Promise.resolve();
  const send = async (message: CopyMessage) => {
    await sending;
    sending = sendCopy(to, message);
    // A rejection is met by the next await; until then nobody listens.
    sending.catch(() => {});
  };
  let next = hours.first;
  for (let hour = hours.first; hour < hours.end; hour = next) {
    // Of a telegram that begins before the first hour, what is left of it.
    const telegram = hour - (hour % READINGS_A_TELEGRAM);
    next = telegram + READINGS_A_TELEGRAM;
    const of_h = next - hour;
    const dayBefore = !marks && hour > 0 && hour % 24 === 0 ? hour / 24 - 1 : null;
    for (let first = 1; first <= meters; first += TELEGRAMS_A_COMMIT) {
      const last = Math.min(meters, first + TELEGRAMS_A_COMMIT - 1);
      const told: number[] = [];
      const message = new CopyMessage(`COPY ${table} ${COLUMNS} FROM STDIN (FORMAT binary${isOwn ? ', FREEZE' : ''})`);
      const uses: (readonly number[])[] = [];
      message.copy((writer) => {
        writer.room((last - first + 1) * READINGS_A_TELEGRAM * ROW_bytes);
        for (let meter = first; meter <= last; meter += 1) {
          const isLost = registers.isLost();
          for (let n = 0; n < of_h; n += 1) {
            const register_l = registers.after(meter, hour + n);
            if (n === 0 && dayBefore !== null) uses.push(registers.dayOf(meter));
            if (isLost) continue;
            writeReading(writer, meter, {
              ...{ measured_ms: begin_ms + (hour + n) * HOUR_ms, register_l },
              ...{ received_ms: receiptOf(of, meter, telegram), uplinkId: uplinkIdOf(of, meter, telegram) },
            });
          }
          if (!isLost) told.push(meter);
        }
        writer.room(2);
      });
      readings += told.length * of_h;
      await send(message);
      if (dayBefore !== null) await send(useMessage(first, uses, begin_ms + dayBefore * 24 * HOUR_ms));
      if (!marks) continue;
      await sending;
      await markCommit(to, told, begin_ms / HOUR_ms + hour);
    }
  }
  await sending;
  return readings;
}

function writeReading(
  writer: BinaryWriter,
  meter: number,
  told: { measured_ms: number; register_l: number; received_ms: number; uplinkId: number },
): void {
  writer.int16(7);
  writer.int32(8);
  writer.timestamp(told.measured_ms);
  writer.int32(8);
  writer.int64(told.register_l);
  writer.int32(8);
  writer.timestamp(told.received_ms);
  writer.int32(8);
  writer.int64(told.uplinkId);
  writer.int32(4);
  writer.int32(meter);
  writer.int32(ABSOLUTE.length);
  writer.bytes(ABSOLUTE);
  writer.int32(-1);
}

async function markCommit(to: Transaction, meters: readonly number[], firstHour: number): Promise<void> {
  await to.query(
    `INSERT INTO metering.touched (meter_ids, from_hours, to_hours)
     SELECT $1::int[], array_fill($2::int, ARRAY[cardinality($1::int[])]), array_fill($3::int, ARRAY[cardinality($1::int[])])`,
    [meters, firstHour, firstHour + READINGS_A_TELEGRAM - 1],
  );
}

/**
 * The month up to its last day: days that are settled by its end as packs, the others as rows, both loaded as partitions of
 * their own, or straight into hypertables.
 *
 * @param settled_h the hour, a midnight of UTC, before which all is packed
 * @returns readings
 */
export async function fillMonth(
  pool: Pool,
  registers: Registers,
  options: MonthOptions,
  settled_h: number,
): Promise<number> {
  const { rows } = await pool.query(
    `SELECT relkind = 'p' AS parts FROM pg_class WHERE oid = 'metering.reading'::regclass`,
  );
  const hasPartitions = rows[0]?.parts === true;
  const from = new Date(options.begin_ms).toISOString();
  const to = new Date(options.begin_ms + 40 * 24 * HOUR_ms).toISOString();
  const table = hasPartitions ? FILLED : 'metering.reading';
  const hours = { first: settled_h, end: (options.days - 1) * 24 };
  const readings = await inTransaction(pool, async (transaction) => {
    if (hasPartitions) {
      await transaction.query(
        `CREATE TABLE metering.reading_pack_filled PARTITION OF metering.reading_pack
           FOR VALUES FROM ('${from.slice(0, 10)}') TO ('${to.slice(0, 10)}');
         CREATE TABLE metering.reading_filled (LIKE metering.reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
      );
    }
    const packed = await copyPacks(transaction, registers, options, settled_h);
    return packed + (await copyHours(transaction, table, registers, options, hours, false));
  });
  await pool.query('ANALYZE metering.reading_pack');
  if (!hasPartitions) return readings;
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

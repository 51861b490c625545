// The checked half of a commit: rows that may be stored already, that contradict what is, or that stand apart.
//
// Every statement may be sent again after a commit whose answer was lost: nothing is stored twice.
import { numberArray } from '../../platform/postgres/binary-writer.ts';
import type { Queryable, Transaction } from '../../platform/postgres/database.ts';
import { keepPacks, markLate } from '../readings/reading-pack-store.ts';
import type { PartRows } from './part-rows.ts';
import { clocks } from './uplink-batch.ts';

const GIVEN = `unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::timestamptz[], $5::bigint[])
               AS given (meter_id, measured_at, register_l, received_at, uplink_id)`;

function givenValues({ batch, uplinkOf, idOf }: PartRows, readings: readonly number[]): Buffer[] {
  const uplinks = readings.map((reading) => uplinkOf[reading] as number);
  return [
    numberArray(
      'int4',
      uplinks.map((uplink) => batch.lanes[uplink]?.device.meter?.meterId ?? 0),
    ),
    numberArray(
      'timestamptz',
      readings.map((reading) => batch.measuredAt_ms[reading] as number),
    ),
    numberArray(
      'int8',
      readings.map((reading) => batch.registers_l[reading] as number),
    ),
    numberArray(
      'timestamptz',
      uplinks.map((uplink) => batch.receivedAt_ms[uplink] as number),
    ),
    numberArray(
      'int8',
      uplinks.map((uplink) => idOf[uplink] as number),
    ),
  ];
}

function joinedFlags({ batch }: PartRows, readings: readonly number[]): (string | null)[] {
  return readings.map((reading) => batch.flagsOf(reading).join(',') || null);
}

const insertInto = (andWhere: string) => `
  INSERT INTO metering.reading (measured_at, register_l, received_at, uplink_id, meter_id, clock, flags)
  SELECT measured_at, register_l, received_at, uplink_id, meter_id, clock, string_to_array(flags, ',')
    FROM unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::timestamptz[], $5::bigint[],
                $6::metering.reading_clock[], $7::text[])
         AS given (meter_id, measured_at, register_l, received_at, uplink_id, clock, flags)
   ${andWhere}
  ON CONFLICT DO NOTHING`;

const INSERT = { name: 'metering-insert-readings', text: insertInto('') };
const INSERT_UNPACKED = {
  name: 'metering-insert-unpacked-readings',
  text: insertInto(`WHERE NOT EXISTS (SELECT FROM metering.packed_readings(meter_id, measured_at, measured_at))`),
};

/**
 * Where some are old enough to lie in packs, the packs are kept as they are until the transaction ends, and looked into. The
 * insert is the statement after that: its snapshot has all that was packed before.
 *
 * @returns how many were new
 */
export async function insertChecked(to: Transaction, rows: PartRows): Promise<number> {
  const isOld = rows.old.length > 0;
  if (isOld) await keepPacks(to);
  const { rowCount } = await to.query({
    ...(isOld ? INSERT_UNPACKED : INSERT),
    values: [
      ...givenValues(rows, rows.checked),
      rows.checked.map((reading) => clocks[rows.batch.clockOf(reading)]),
      joinedFlags(rows, rows.checked),
    ],
  });
  const added = rowCount ?? 0;
  if (isOld && added > 0) await markLate(to, daysOf(rows));
  return added;
}

function daysOf({ batch, old, uplinkOf }: PartRows): { meterId: number; at_ms: number }[] {
  return old.map((reading) => ({
    meterId: batch.lanes[uplinkOf[reading] as number]?.device.meter?.meterId ?? 0,
    at_ms: batch.measuredAt_ms[reading] as number,
  }));
}

/** Runs after the insert, as a statement of its own: only so does it see rows that another batch committed meanwhile. */
export async function insertConflicts(to: Queryable, rows: PartRows): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-conflicts',
    text: `INSERT INTO metering.reading_conflict (meter_id, measured_at, register_l, received_at, uplink_id)
           SELECT given.meter_id, given.measured_at, given.register_l, given.received_at, given.uplink_id
             FROM ${GIVEN}
            CROSS JOIN LATERAL metering.readings(given.meter_id, given.measured_at, given.measured_at) stored
            WHERE stored.register_l <> given.register_l
           ON CONFLICT DO NOTHING`,
    values: givenValues(rows, rows.checked),
  });
  return rowCount ?? 0;
}

export async function insertMisdated(to: Queryable, rows: PartRows): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-misdated',
    text: `INSERT INTO metering.misdated_reading (meter_id, measured_at, register_l, received_at, uplink_id, flags)
           SELECT meter_id, measured_at, register_l, received_at, uplink_id, string_to_array(flags, ',')
             FROM unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::text[])
                  AS given (meter_id, measured_at, register_l, received_at, uplink_id, flags)
           ON CONFLICT DO NOTHING`,
    values: [...givenValues(rows, rows.misdated), joinedFlags(rows, rows.misdated)],
  });
  return rowCount ?? 0;
}

/**
 * Remembers uplinks whose first reading was there already, of an earlier uplink: their own redelivery could not be found
 * through it. Runs after the inserts, to see what they took.
 */
export async function insertRepeated(to: Queryable, rows: PartRows): Promise<void> {
  const { batch, uplinkOf } = rows;
  const first = [...rows.checked, ...rows.misdated].filter(
    (reading) => batch.firstReadingOf(uplinkOf[reading] as number) === reading,
  );
  if (first.length === 0) return;
  await to.query({
    name: 'metering-insert-repeated',
    text: `INSERT INTO metering.repeated_uplink (meter_id, measured_at, received_at, uplink_id)
           SELECT meter_id, measured_at, received_at, uplink_id FROM ${GIVEN}
            WHERE NOT EXISTS (SELECT FROM metering.readings(given.meter_id, given.measured_at, given.measured_at) x
                               WHERE x.uplink_id = given.uplink_id)
              AND NOT EXISTS (SELECT FROM metering.reading_conflict x
                               WHERE x.meter_id = given.meter_id AND x.measured_at = given.measured_at
                                 AND x.register_l = given.register_l AND x.uplink_id = given.uplink_id)
              AND NOT EXISTS (SELECT FROM metering.misdated_reading x
                               WHERE x.meter_id = given.meter_id AND x.measured_at = given.measured_at
                                 AND x.register_l = given.register_l AND x.uplink_id = given.uplink_id)
           ON CONFLICT DO NOTHING`,
    values: givenValues(rows, first),
  });
}

export async function insertQuarantine(to: Queryable, { batch, problems, idOf }: PartRows): Promise<number> {
  const { rowCount } = await to.query({
    name: 'metering-insert-quarantine',
    text: `INSERT INTO metering.quarantine (uplink_id, received_at, device_no, code, detail)
           SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::text[], $5::text[])
           ON CONFLICT DO NOTHING`,
    values: [
      numberArray(
        'int8',
        problems.map((uplink) => idOf[uplink] as number),
      ),
      numberArray(
        'timestamptz',
        problems.map((uplink) => batch.receivedAt_ms[uplink] as number),
      ),
      numberArray(
        'int4',
        problems.map((uplink) => batch.lanes[uplink]?.device.deviceNo ?? 0),
      ),
      problems.map((uplink) => batch.problemOf(uplink)?.code ?? ''),
      problems.map((uplink) => batch.problemOf(uplink)?.detail ?? ''),
    ],
  });
  return rowCount ?? 0;
}

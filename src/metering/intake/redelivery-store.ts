// What the database knows of earlier deliveries: how late a meter's newest reading is, and whether an uplink is stored.
//
// No index stands over raw uplinks for this: an uplink is found through the reading it became or
// repeated, or its place in quarantine.
import { numberArray } from '../../platform/postgres/binary-writer.ts';
import type { Queryable } from '../../platform/postgres/database.ts';
import { ANY_OF_CLUSTER, type Redelivery } from './redelivery.ts';

/** The newest instant stored of each meter that has one. */
export async function findNewestReadings(
  from: Queryable,
  meterIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await from.query<{ meter_id: number; at_ms: number }>({
    name: 'metering-find-newest',
    text: `SELECT given.meter_id, round(extract(epoch FROM newest.measured_at) * 1000)::float8 AS at_ms
             FROM unnest($1::int[]) AS given (meter_id)
            CROSS JOIN LATERAL metering.readings_before(given.meter_id, 'infinity', 1) newest`,
    values: [numberArray('int4', meterIds)],
  });
  return new Map(rows.map(({ meter_id, at_ms }) => [meter_id, at_ms]));
}

/** @returns the places in `asked` of those whose first delivery is stored: same device, packet id (or any of a cluster) and bytes */
export async function findRedelivered(from: Queryable, asked: readonly Redelivery[]): Promise<ReadonlySet<number>> {
  const { rows } = await from.query<{ place: number }>({
    name: 'metering-find-redelivered',
    text: `
      SELECT asked.place
        FROM unnest($1::int[], $2::int[], $3::bytea[], $4::int[], $5::timestamptz[], $6::timestamptz[],
                    $7::timestamptz[], $8::timestamptz[]) WITH ORDINALITY
             AS asked (device_no, packet_id, payload, meter_id, from_at, to_at, after_at, before_at, place)
       WHERE EXISTS (
         SELECT FROM (
           SELECT uplink_id FROM metering.readings(asked.meter_id, asked.from_at, asked.to_at) x
            WHERE x.received_at > asked.after_at AND x.received_at < asked.before_at
            UNION ALL
           SELECT uplink_id FROM metering.reading_conflict x
            WHERE x.meter_id = asked.meter_id AND x.measured_at BETWEEN asked.from_at AND asked.to_at
              AND x.received_at > asked.after_at AND x.received_at < asked.before_at
            UNION ALL
           SELECT uplink_id FROM metering.misdated_reading x
            WHERE x.meter_id = asked.meter_id AND x.measured_at BETWEEN asked.from_at AND asked.to_at
              AND x.received_at > asked.after_at AND x.received_at < asked.before_at
            UNION ALL
           SELECT uplink_id FROM metering.repeated_uplink x
            WHERE x.meter_id = asked.meter_id AND x.measured_at BETWEEN asked.from_at AND asked.to_at
              AND x.received_at > asked.after_at AND x.received_at < asked.before_at
            UNION ALL
           SELECT uplink_id FROM metering.quarantine x
            WHERE x.device_no = asked.device_no
              AND x.received_at > asked.after_at AND x.received_at < asked.before_at) there
          CROSS JOIN LATERAL metering.find_uplink(there.uplink_id) u
          WHERE u.device_no = asked.device_no AND u.payload = asked.payload
            AND (u.packet_id = asked.packet_id OR (asked.packet_id = ${ANY_OF_CLUSTER} AND u.packet_id > 65535)))`,
    values: [
      numberArray(
        'int4',
        asked.map((one) => one.deviceNo),
      ),
      numberArray(
        'int4',
        asked.map((one) => one.packetId),
      ),
      asked.map((one) => one.payload),
      numberArray(
        'int4',
        asked.map((one) => one.meterId),
      ),
      numberArray(
        'timestamptz',
        asked.map((one) => one.from_ms),
      ),
      numberArray(
        'timestamptz',
        asked.map((one) => one.to_ms),
      ),
      numberArray(
        'timestamptz',
        asked.map((one) => one.after_ms),
      ),
      numberArray(
        'timestamptz',
        asked.map((one) => one.before_ms),
      ),
    ],
  });
  return new Set(rows.map(({ place }) => place - 1));
}

/** Whether a try whose answer was lost was committed: its first uplink is there. */
export async function isStored(from: Queryable, firstId: number): Promise<boolean> {
  const { rows } = await from.query<{ stored: boolean }>(
    'SELECT EXISTS (SELECT FROM metering.find_uplink($1)) AS stored',
    [firstId],
  );
  return rows[0]?.stored === true;
}

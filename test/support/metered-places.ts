// Places with a meter each, and readings of them stored as the intake stores them, worked off to use.
import { commitPart } from '../../src/metering/intake/commit-batch-store.ts';
import { DeviceLane } from '../../src/metering/intake/device-lane.ts';
import { partRows } from '../../src/metering/intake/part-rows.ts';
import { openPartitions, type Partitions } from '../../src/metering/intake/partition-service.ts';
import { UplinkBatch } from '../../src/metering/intake/uplink-batch.ts';
import type { LocalDays } from '../../src/metering/readings/local-days.ts';
import { endOfTime_ms, markTouched } from '../../src/metering/readings/touched-store.ts';
import { workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';

export interface ToldReading {
  meterId: number;
  at_ms: number;
  register_l: number;
  /** False: its clock can't be right. */
  plausible?: boolean;
}

export interface Place {
  zone?: string;
  usageClass?: string;
  from_ms: number;
  until_ms?: number;
  opening_l?: number;
}

export class MeteredPlaces {
  readonly #pool: Pool;
  readonly #days: LocalDays;
  readonly #partitions: Partitions;
  #nextUplink = 1_000_000;

  private constructor(pool: Pool, days: LocalDays, partitions: Partitions) {
    this.#pool = pool;
    this.#days = days;
    this.#partitions = partitions;
  }

  static async open(pool: Pool, days: LocalDays, now_ms: number): Promise<MeteredPlaces> {
    return new MeteredPlaces(pool, days, await openPartitions(pool, { now_ms: () => now_ms }));
  }

  /** @returns the meter's and the install's number */
  async add({ zone = 'z', usageClass = 'domestic', from_ms, until_ms, opening_l }: Place): Promise<[number, number]> {
    await this.#pool.query('INSERT INTO metering.zone (zone_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [zone]);
    const { rows } = await this.#pool.query<{ meter_id: number; install_id: number }>(
      `WITH meter AS (
         INSERT INTO metering.meter (serial, model, bore_mm, dials)
         SELECT coalesce(max(meter_id), 0) + 1, 'test', 15, 5 FROM metering.meter RETURNING meter_id),
       place AS (
         INSERT INTO metering.service_point (service_point_id, zone_id, usage_class)
         SELECT 'sp-' || meter_id, $1, $2 FROM meter RETURNING service_point_id),
       version AS (
         INSERT INTO metering.service_point_version
         SELECT service_point_id, '2000-01-01', '2000-01-01', $1, $2, 1, 'billed' FROM place)
       INSERT INTO metering.install (service_point_id, meter_id, from_at, until_at, opening_register_l)
       SELECT service_point_id, meter_id, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000), $5
         FROM place, meter RETURNING meter_id, install_id`,
      [zone, usageClass, from_ms, until_ms ?? null, opening_l ?? null],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('no place was added');
    await markTouched(this.#pool, [{ meterId: row.meter_id, from_ms, to_ms: until_ms ?? endOfTime_ms }]);
    return [row.meter_id, row.install_id];
  }

  /** One transaction, each reading checked against what is there. */
  async tell(readings: readonly ToldReading[], received_ms: number): Promise<void> {
    if (readings.length === 0) return;
    const at_ms = readings.map((reading) => reading.at_ms).concat(received_ms);
    const all = [...at_ms.keys()];
    for (const table of ['reading', 'uplink_pack'] as const) await this.#partitions.ensureFor(table, at_ms, all);
    const batch = new UplinkBatch();
    for (const { meterId, at_ms: measuredAt_ms, register_l, plausible = true } of readings) {
      const meter = { meterId, serial: '' };
      const device = { deviceNo: 1, deviceId: 'test', formats: [], payloadKey: null, meter };
      const delivery = {
        ...{ device, format: 'test', payload: new Uint8Array([1]), receivedAt_ms: received_ms, packetId: null },
        ...{ redelivered: false, connectedAt_ms: 0 },
      };
      batch.begin(new DeviceLane(device, 0, null), delivery, Number.NaN, () => {});
      const reading = { meterId, measuredAt_ms, register_l, clock: 'absolute' as const, plausible, flags: [] };
      batch.addDecoded({ format: 'test', decoderVersion: 1, readings: [reading], problem: null });
    }
    const firstId = this.#nextUplink;
    this.#nextUplink += readings.length;
    await commitPart(this.#pool, partRows(batch, [...readings.keys()], firstId, false));
  }

  /** @returns days of stored use that changed */
  async workOff(): Promise<number> {
    let written = 0;
    for (;;) {
      const done = await workOffUse(this.#pool, this.#days);
      written += done?.days ?? 0;
      if (done !== null && done.marks === 0) return written;
    }
  }
}

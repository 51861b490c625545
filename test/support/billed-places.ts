// Places whose meters' readings go through the real store, and what a test does with their bills: time and use made plain.

import { followUse } from '../../src/metering/billing/follow-use-service.ts';
import { type BillRunOrder, startBillRun } from '../../src/metering/billing/start-bill-run-service.ts';
import { workOffBillRun } from '../../src/metering/billing/work-off-bill-run-service.ts';
import { commitPart } from '../../src/metering/intake/commit-batch-store.ts';
import { DeviceLane } from '../../src/metering/intake/device-lane.ts';
import { partRows } from '../../src/metering/intake/part-rows.ts';
import { openPartitions } from '../../src/metering/intake/partition-service.ts';
import { UplinkBatch } from '../../src/metering/intake/uplink-batch.ts';
import type { FleetEntry } from '../../src/metering/meters/fleet-entry.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import { workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { shippedText } from './shipped-tariff.ts';
import { fleetEntry, testSecrets } from './test-intake.ts';

export const HOUR_ms = 3_600_000;

/** A register at a local instant: `2026-03-01T00:00`. */
export interface Told {
  serial: string;
  at: string;
  register_l: number;
}

/** @param timeZone of the utility @param today the local day on which everything happens */
export async function billedPlaces(pool: Pool, timeZone: string, today: string) {
  const days = new LocalDays(timeZone);
  const clock = { now_ms: () => days.on(today).start_ms + 9 * HOUR_ms };
  const at = { clock, days };
  const partitions = await openPartitions(pool, clock);
  let nextId = 1_000_000;

  const instant_ms = (local: string) => {
    const [day = '', time = '00:00'] = local.split('T');
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return days.on(day).start_ms + hours * HOUR_ms + minutes * 60_000;
  };

  async function meterIdOf(serial: string): Promise<number> {
    const { rows } = await pool.query<{ meter_id: number }>('SELECT meter_id FROM metering.meter WHERE serial = $1', [
      serial,
    ]);
    return rows[0]?.meter_id ?? 0;
  }

  /** As the intake stores them, and the use job after it. */
  async function tell(told: readonly Told[]): Promise<void> {
    const instants = told.map((one) => instant_ms(one.at));
    for (const table of ['reading', 'uplink_pack'] as const) {
      await partitions.ensureFor(table, [...instants, clock.now_ms()], [...told.keys(), told.length]);
    }
    const batch = new UplinkBatch();
    for (const [index, { serial, register_l }] of told.entries()) {
      const meterId = await meterIdOf(serial);
      const device = { deviceNo: 1, deviceId: 'test', formats: [], payloadKey: null, meter: { meterId, serial: '' } };
      const delivery = {
        ...{ device, format: 'test', payload: new Uint8Array([1]), receivedAt_ms: clock.now_ms() - 1, packetId: null },
        ...{ redelivered: false, connectedAt_ms: 0 },
      };
      batch.begin(new DeviceLane(device, 0, null), delivery, Number.NaN, () => {});
      const reading = {
        ...{ meterId, measuredAt_ms: instants[index] ?? 0, register_l, clock: 'absolute' as const },
        ...{ plausible: true, flags: [] },
      };
      batch.addDecoded({ format: 'test', decoderVersion: 1, readings: [reading], problem: null });
    }
    const firstId = nextId;
    nextId += told.length;
    await commitPart(pool, partRows(batch, [...told.keys()], firstId, false));
    await workOff();
  }

  async function workOff(): Promise<void> {
    for (;;) {
      const done = await workOffUse(pool, days);
      if (done !== null && done.marks === 0) return;
    }
  }

  /** A register a day at midnight, from one day to another. */
  const daily = (serial: string, from: string, until: string, register_l: number, day_l: number): Told[] => {
    const told: Told[] = [];
    for (let day = days.on(from), passed_l = register_l; day.date <= until; day = days.after(day)) {
      told.push({ serial, at: day.date, register_l: passed_l });
      passed_l += day_l;
    }
    return told;
  };

  const march = { use_from: '2026-03-01', use_until: '2026-04-01', billed_on: '2026-04-10' };
  return {
    at,
    days,
    tell,
    daily,
    workOff,
    instant_ms,
    march,
    april: { use_from: '2026-04-01', use_until: '2026-05-01', billed_on: '2026-05-10' },
    follow: () => followUse(pool, at),
    provision: (entries: readonly FleetEntry[]) => provisionFleet(pool, systemRandom, entries, testSecrets),
    /** A place with a meter of 13 mm since the year began: `sp-SERIAL`. */
    place: (serial: string, given: Partial<FleetEntry> = {}): FleetEntry => {
      const entry = fleetEntry(`dev-${serial}`, serial);
      return {
        ...entry,
        meter: { ...entry.meter, bore_mm: 13 },
        installedAt_ms: days.on('2026-01-01').start_ms,
        ...given,
      };
    },
    start: (order: Partial<BillRunOrder>) =>
      startBillRun(
        { pool, ...at },
        {
          ...{
            tariff: { name: 'gimhae-current.yaml', text: shippedText('gimhae-current') },
            ...march,
            startedBy: null,
          },
          ...order,
        },
      ),
    /** All runs to their end. */
    async bill(placesAtOnce?: number): Promise<void> {
      for (;;) {
        const part = await workOffBillRun(pool, at, placesAtOnce);
        if (part === null || part.run_id === null) return;
      }
    },
  };
}

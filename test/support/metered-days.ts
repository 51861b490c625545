// Meters whose registers come in real uplinks to a real store, with the worker's jobs run by hand at times of a test's own.

import { anchorKey } from '../../src/anchoring/anchor-keys.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { commitPart } from '../../src/metering/intake/commit-batch-store.ts';
import { decodeUplink } from '../../src/metering/intake/decode-uplink.ts';
import { DeviceLane } from '../../src/metering/intake/device-lane.ts';
import { partRows } from '../../src/metering/intake/part-rows.ts';
import { openPartitions } from '../../src/metering/intake/partition-service.ts';
import type { Device } from '../../src/metering/intake/uplink.ts';
import { UplinkBatch } from '../../src/metering/intake/uplink-batch.ts';
import type { FleetEntry } from '../../src/metering/meters/fleet-entry.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import {
  buildZoneDays,
  noteChangedDays,
  type ProofOptions,
  proofLimits,
} from '../../src/metering/proofs/build-zone-days-service.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import { workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import { inTransaction, type Pool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { testSecrets } from './test-intake.ts';

export const DAY_ms = 86_400_000;
const HOUR_ms = 3_600_000;

export interface Told {
  serial: string;
  /** Registers in one uplink, received a minute after the last of them. */
  registers: readonly (readonly [at_ms: number, register_l: number])[];
  received_ms?: number;
}

export class MeteredDays {
  readonly pool: Pool;
  readonly days: LocalDays;
  readonly clock = { at_ms: 0, now_ms: () => this.clock.at_ms };
  readonly options: ProofOptions;
  #devices = new Map<string, Device>();
  #nextId = 1_000_000;

  private constructor(pool: Pool, timeZone: string, now_ms: number) {
    this.pool = pool;
    this.days = new LocalDays(timeZone);
    this.clock.at_ms = now_ms;
    this.options = {
      ...{ pool, days: this.days, clock: this.clock, random: systemRandom },
      anchor: (transaction, kind, name, value) => enqueueChange(transaction, anchorKey(kind, name), value),
    };
  }

  static async open(pool: Pool, timeZone: string, fleet: readonly FleetEntry[], from_ms: number, until_ms: number) {
    const made = new MeteredDays(pool, timeZone, until_ms);
    const partitions = await openPartitions(pool, made.clock);
    for (const table of ['reading', 'uplink_pack'] as const) {
      const months: number[] = [];
      for (let at_ms = from_ms; at_ms < until_ms + 31 * DAY_ms; at_ms += 20 * DAY_ms) months.push(at_ms);
      await partitions.ensureFor(
        table,
        months,
        months.map((_, place) => place),
      );
    }
    await made.add(fleet);
    return made;
  }

  async add(fleet: readonly FleetEntry[]): Promise<void> {
    const provisioned = await provisionFleet(this.pool, systemRandom, [...fleet], testSecrets);
    for (const [at, { deviceId, formats, meter }] of fleet.entries()) {
      const meterId = provisioned[at]?.meterId ?? 0;
      const { rows } = await this.pool.query<{ device_no: number }>(
        'SELECT device_no FROM metering.device WHERE device_id = $1',
        [deviceId],
      );
      const device = { deviceNo: rows[0]?.device_no ?? 0, deviceId, formats, payloadKey: null };
      this.#devices.set(meter.serial, { ...device, meter: { meterId, serial: meter.serial } });
    }
  }

  /** As the intake stores them: decoded from their bytes, one transaction. */
  async tell(told: readonly Told[]): Promise<void> {
    const batch = new UplinkBatch();
    for (const { serial, registers, received_ms } of told) {
      const device = this.#devices.get(serial);
      if (device === undefined) throw new Error(`no meter ${serial}`);
      const pack = registers.map(([at_ms, v], place) => ({
        ...(place === 0 ? { bn: `urn:naru:meter:${serial}:` } : {}),
        ...{ n: 'register', u: 'l', v, t: at_ms / 1_000 },
      }));
      const delivery = {
        ...{ device, format: 'senml+json', payload: Buffer.from(JSON.stringify(pack)), packetId: null },
        ...{
          receivedAt_ms: received_ms ?? (registers.at(-1)?.[0] ?? 0) + 60_000,
          redelivered: false,
          connectedAt_ms: 0,
        },
      };
      const decoded = decodeUplink(delivery, this.days.timeZone);
      if (decoded.problem !== null) throw new Error(decoded.problem.detail);
      batch.begin(new DeviceLane(device, 0, null), delivery, Number.NaN, () => {});
      batch.addDecoded(decoded);
    }
    const firstId = this.#nextId;
    this.#nextId += told.length;
    const places = told.map((_, place) => place);
    await commitPart(this.pool, partRows(batch, places, firstId, false));
  }

  /** An hourly meter, six registers in an uplink; `use` gives the litres of each hour. */
  hourly(serial: string, from_ms: number, until_ms: number, start_l: number, use: (hour: number) => number): Told[] {
    const told: Told[] = [];
    let register_l = start_l;
    let registers: [number, number][] = [];
    for (let hour = 0, at_ms = from_ms; at_ms < until_ms; hour += 1, at_ms += HOUR_ms) {
      registers.push([at_ms, register_l]);
      register_l += use(hour);
      if (registers.length === 6 || at_ms + HOUR_ms >= until_ms) {
        told.push({ serial, registers });
        registers = [];
      }
    }
    return told;
  }

  async workOff(): Promise<void> {
    for (;;) {
      const done = await workOffUse(this.pool, this.days);
      if (done !== null && done.marks === 0) return;
    }
  }

  /** Lets all that is due be due, and does it. @returns meter-days found to be altered */
  async hash(): Promise<number> {
    await this.workOff();
    while ((await noteChangedDays(this.options)) > 0);
    this.clock.at_ms += proofLimits.afterDay_ms + proofLimits.afterChange_ms;
    let altered = 0;
    for (;;) {
      const built = await buildZoneDays(this.options);
      if (built === null) return altered;
      altered += built.altered;
    }
  }

  transaction = <T>(work: Parameters<typeof inTransaction<T>>[1]) => inTransaction(this.pool, work);
}

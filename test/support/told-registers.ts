// Registers told by meters, stored as the intake stores them, without a broker; and the use job, until nothing is left.
import { commitPart } from '../../src/metering/intake/commit-batch-store.ts';
import { DeviceLane } from '../../src/metering/intake/device-lane.ts';
import { partRows } from '../../src/metering/intake/part-rows.ts';
import { openPartitions } from '../../src/metering/intake/partition-service.ts';
import { UplinkBatch } from '../../src/metering/intake/uplink-batch.ts';
import type { LocalDays } from '../../src/metering/readings/local-days.ts';
import { workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';

export interface Told {
  meterId: number;
  at_ms: number;
  register_l: number;
  /** When it came; absent: at once. */
  receivedAt_ms?: number;
}

/** Uplinks of one pack at most. */
const AT_ONCE = 1_000;

export async function toldRegisters(pool: Pool, days: LocalDays) {
  const partitions = await openPartitions(pool, { now_ms: () => 0 });
  let nextId = 1_000_000;

  async function commit(told: readonly Told[]): Promise<void> {
    const batch = new UplinkBatch();
    for (const { meterId, at_ms, register_l, receivedAt_ms = at_ms } of told) {
      const device = { deviceNo: 1, deviceId: 'test', formats: [], payloadKey: null, meter: { meterId, serial: '' } };
      const delivery = {
        ...{ device, format: 'test', payload: new Uint8Array([1]), receivedAt_ms, packetId: null },
        ...{ redelivered: false, connectedAt_ms: 0 },
      };
      batch.begin(new DeviceLane(device, 0, null), delivery, Number.NaN, () => {});
      const reading = { meterId, measuredAt_ms: at_ms, register_l, clock: 'absolute' as const, plausible: true };
      batch.addDecoded({
        ...{ format: 'test', decoderVersion: 1, problem: null },
        readings: [{ ...reading, flags: [] }],
      });
    }
    const places = told.map((_, place) => place);
    await partitions.ensureFor(
      'reading',
      told.map(({ at_ms }) => at_ms),
      places,
    );
    await partitions.ensureFor(
      'uplink_pack',
      told.map(({ at_ms, receivedAt_ms = at_ms }) => receivedAt_ms),
      places,
    );
    // Nothing is packed here.
    await commitPart(pool, partRows(batch, places, nextId, false, Number.NEGATIVE_INFINITY));
    nextId += told.length;
  }

  return {
    tell: async (told: readonly Told[]) => {
      for (let at = 0; at < told.length; at += AT_ONCE) await commit(told.slice(at, at + AT_ONCE));
    },
    /** @returns days of use written */
    workOff: async () => {
      let written = 0;
      for (;;) {
        const done = await workOffUse(pool, days);
        written += done?.days ?? 0;
        if (done !== null && done.marks === 0) return written;
      }
    },
  };
}

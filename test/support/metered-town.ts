// A town below the socket: real deliveries through the real commit queue, and the worker's jobs run by hand, all at times
// that a test sets.
import { findFormat } from '../../devices/formats.ts';
import { loadAlarmKinds } from '../../src/metering/alarms/alarm-kinds-port.ts';
import { judgeChanged } from '../../src/metering/alarms/judge-alarms-service.ts';
import { followExceptions } from '../../src/metering/billing/follow-exceptions-service.ts';
import { followUse } from '../../src/metering/billing/follow-use-service.ts';
import { type BillRunOrder, startBillRun } from '../../src/metering/billing/start-bill-run-service.ts';
import { workOffBillRun } from '../../src/metering/billing/work-off-bill-run-service.ts';
import { type CommitQueue, createCommitQueue } from '../../src/metering/intake/commit-service.ts';
import { createIntakeMetrics, type IntakeMetrics } from '../../src/metering/intake/intake-metrics.ts';
import { openPartitions } from '../../src/metering/intake/partition-service.ts';
import type { Device } from '../../src/metering/intake/uplink.ts';
import type { FleetEntry } from '../../src/metering/meters/fleet-entry.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import { LocalDays } from '../../src/metering/readings/local-days.ts';
import { gatherUse, workOffUse } from '../../src/metering/readings/work-off-use-service.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { Pool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { testSecrets } from './test-intake.ts';

/** Prices that any change of use shows in: two tiers, and a charge of the bore. */
export const madeTariff = `naru_tariff: 1
id: made
name: { ko: 시험, en: Made for a test }
verified: true
sources: [{ document: made for a test, as_of: 2025-01-01 }]
classes:
  domestic: { ko: 가정용, en: domestic }
components:
  - id: water
    kind: volume
    name: { ko: 상수도, en: Water }
    lines: [{ id: water-tiers, classes: [domestic], tiers: [{ up_to_m3: 10, price: 500 }, { price: 900 }] }]
  - id: bore
    kind: fixed
    name: { ko: 구경별 정액요금, en: Bore charge }
    lines: [{ id: bore-charge, by_bore: { 15: 1100 } }]
`;

export interface Telegram {
  serial: string;
  registers: readonly (readonly [at_ms: number, register_l: number])[];
  received_ms: number;
  /** SenML without. */
  format?: string;
}

export class MeteredTown {
  readonly pool: Pool;
  readonly days: LocalDays;
  readonly clock = { at_ms: 0, now_ms: () => this.clock.at_ms };
  #queue: CommitQueue | null = null;
  readonly #devices = new Map<string, Device>();

  constructor(pool: Pool, timeZone: string) {
    this.pool = pool;
    this.days = new LocalDays(timeZone);
  }

  async provision(entries: readonly FleetEntry[]): Promise<void> {
    const made = await provisionFleet(this.pool, systemRandom, [...entries], testSecrets);
    const { rows } = await this.pool.query<{ device_no: number; device_id: string }>(
      'SELECT device_no, device_id FROM metering.device WHERE device_id = ANY($1)',
      [entries.map(({ deviceId }) => deviceId)],
    );
    const numbers = new Map(rows.map(({ device_id, device_no }) => [device_id, device_no]));
    for (const [index, { deviceId, formats, meter }] of entries.entries()) {
      const device = { deviceNo: numbers.get(deviceId) ?? 0, deviceId, formats, payloadKey: null };
      this.#devices.set(meter.serial, {
        ...device,
        meter: { meterId: made[index]?.meterId ?? 0, serial: meter.serial },
      });
    }
  }

  /** A process of the intake of its own: it knows of partitions and readings what it asked or met itself. */
  async newIntake(): Promise<CommitQueue> {
    const metrics: IntakeMetrics = createIntakeMetrics(createMetrics(), () => queue.inFlight());
    const queue: CommitQueue = createCommitQueue({
      ...{ pool: this.pool, partitions: await openPartitions(this.pool, this.clock), timeZone: this.days.timeZone },
      clock: this.clock,
      ...{ logger: createLogger('silent'), metrics: () => metrics },
    });
    return queue;
  }

  /** Resolves when all are acknowledged. @throws Error where one is not */
  async send(telegrams: readonly Telegram[], through?: CommitQueue): Promise<void> {
    this.#queue ??= await this.newIntake();
    const queue = through ?? this.#queue;
    for (let at = 0; at < telegrams.length; at += IN_FLIGHT) {
      await Promise.all(telegrams.slice(at, at + IN_FLIGHT).map((telegram) => this.#sendOne(queue, telegram)));
    }
  }

  #sendOne(queue: CommitQueue, telegram: Telegram): Promise<void> {
    const { serial, received_ms, format = 'senml-json' } = telegram;
    const device = this.#devices.get(serial);
    if (device === undefined) throw new Error(`no meter ${serial}`);
    const delivery = {
      ...{ device, format, payload: payloadOf(telegram), packetId: null },
      ...{ receivedAt_ms: received_ms, redelivered: false, connectedAt_ms: received_ms - 60_000 },
    };
    return new Promise((resolve, reject) =>
      queue.add(delivery, (stored) => (stored ? resolve() : reject(new Error('not stored')))),
    );
  }

  async workOff(): Promise<void> {
    await gatherUse(this.pool);
    for (;;) {
      const done = await workOffUse(this.pool, this.days);
      if (done !== null && done.marks === 0) return;
    }
  }

  async judge(): Promise<void> {
    const kinds = await loadAlarmKinds();
    const options = { pool: this.pool, clock: this.clock, days: this.days, kinds, tellContacts: async () => {} };
    while ((await judgeChanged(options))?.more !== false);
  }

  /** What changed since is followed first. @returns the run's number */
  async bill(order: Pick<BillRunOrder, 'use_from' | 'use_until'> & Partial<BillRunOrder>): Promise<number> {
    const at = { clock: this.clock, days: this.days };
    while ((await followUse(this.pool, at))?.days !== 0);
    while ((await followExceptions(this.pool, at))?.entries !== 0);
    const tariff = { name: 'made.yaml', text: madeTariff };
    const run = await startBillRun(
      { pool: this.pool, ...at },
      { tariff, billed_on: order.use_until, startedBy: null, ...order },
    );
    for (;;) {
      const part = await workOffBillRun(this.pool, at);
      if (part?.run_id === null) return run;
    }
  }
}

/** Telegrams handed to the queue before their acknowledgements are waited for. */
const IN_FLIGHT = 20_000;

function payloadOf({ serial, registers, format = 'senml-json' }: Telegram): Uint8Array {
  const payload = findFormat(format)?.encode?.({
    readings: registers.map(([measured_at_ms, register_l]) => ({ measured_at_ms, register_l })),
    ...{ meter_id: serial, bore_mm: 15, flags: [], utc_offset_min: 540 },
  });
  if (payload === undefined) throw new Error(`no meter sends ${format}`);
  return payload;
}

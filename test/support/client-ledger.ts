// What each client was told, to be compared with the store: nothing acknowledged may be missing, nothing be there twice.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { connectDevice, type DeviceConnection } from '../../simulators/mqtt-device.ts';
import { chanceAt } from '../../simulators/seeded-chance.ts';
import { type IntakeHouse, PATIENCE, type TestMeter, telegramOf } from './intake-house.ts';

export class ClientLedger {
  readonly meters: readonly TestMeter[];
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  /** Connections that the broker took, over all meters. */
  connects = 0;
  readonly #house: IntakeHouse;
  readonly #seed: number;
  readonly #from_ms = Math.floor(Date.now() / 60_000) * 60_000 - 300 * 24 * 3_600_000;
  #connections: DeviceConnection[] = [];
  readonly #next = new Map<string, number>();
  #stopping = false;

  constructor(house: IntakeHouse, meters: readonly TestMeter[], seed: number) {
    this.#house = house;
    this.meters = meters;
    this.#seed = seed;
  }

  /** Connects every meter; each comes back by itself whenever it loses its connection. */
  connect(url: string): void {
    this.#connections = this.meters.map((meter, index) =>
      connectDevice(url, meter, {
        spread: chanceAt(this.#seed, index),
        onConnected: () => {
          this.connects += 1;
        },
        onRefused: () => {},
      }),
    );
  }

  /** Each meter sends `count` more telegrams, `window` at a time. Resolves when all are acknowledged. */
  async publish(count: number, window = 1, pause_ms = 0): Promise<void> {
    await Promise.all(
      this.meters.flatMap((_, index) =>
        Array.from({ length: window }, async () => {
          for (let each = 0; each < Math.ceil(count / window) && !this.#stopping; each += 1) {
            await this.#send(index);
            if (pause_ms > 0) await sleep(pause_ms);
          }
        }),
      ),
    );
  }

  /** Sends until `stop`, each meter a telegram after the other, with a pause between them. */
  publishOn(window = 1, pause_ms = 0): Promise<void> {
    return this.publish(Number.MAX_SAFE_INTEGER, window, pause_ms);
  }

  /** No new telegram is sent; those on their way are waited for by whoever waits for `publish`. */
  stop(): void {
    this.#stopping = true;
  }

  async #send(index: number): Promise<void> {
    const meter = this.meters[index] as TestMeter;
    const register_l = (this.#next.get(meter.serial) ?? 0) + 1;
    this.#next.set(meter.serial, register_l);
    const name = `${meter.serial}/${register_l}`;
    this.sent.add(name);
    await this.#connections[index]?.publish(meter.format, telegramOf(meter, register_l, this.#from_ms)).then(
      () => void this.acknowledged.add(name),
      // The test ended it: never acknowledged, and not to be found missing.
      () => {},
    );
  }

  async close(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#connections.map((connection) => connection.end()));
  }

  /** Waits until at least so many are acknowledged. */
  async untilAcknowledged(count: number): Promise<void> {
    await expect.poll(() => this.acknowledged.size, PATIENCE).toBeGreaterThanOrEqual(count);
  }

  /** @param apart telegrams that are expected in quarantine */
  async compare(apart = 0): Promise<void> {
    const serials = this.meters.map(({ serial }) => serial);
    const { rows } = await this.#house.pool.query<{ name: string; n: number }>(
      `SELECT m.serial || '/' || r.register_l AS name, count(*) AS n
         FROM metering.reading r JOIN metering.meter m USING (meter_id) WHERE m.serial = ANY ($1) GROUP BY 1`,
      [serials],
    );
    const stored = new Map(rows.map(({ name, n }) => [name, n]));
    const { rows: twice } = await this.#house.pool.query(
      `SELECT d.device_id, u.format, count(*) AS times, array_agg(u.packet_id) AS packet_ids
         FROM metering.uplink u JOIN metering.device d USING (device_no)
        WHERE d.device_id = ANY ($1) GROUP BY d.device_id, u.format, u.payload HAVING count(*) > 1`,
      [this.meters.map(({ device_id }) => device_id)],
    );
    process.stdout.write(`${this.sent.size} sent, ${this.acknowledged.size} acknowledged, ${stored.size} stored\n`);
    const missing = [...this.acknowledged].filter((name) => !stored.has(name));
    expect(missing.length).toBe(apart);
    expect([...stored].filter(([, times]) => times > 1)).toEqual([]);
    expect([...stored.keys()].filter((name) => !this.sent.has(name))).toEqual([]);
    expect(twice).toEqual([]);
    expect(await this.#house.count('metering.reading_conflict')).toBe(0);
    expect(await this.#house.count('metering.misdated_reading')).toBe(0);
    expect(await this.#house.count('metering.quarantine')).toBe(apart);
  }
}

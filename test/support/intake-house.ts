// An intake of a test's own: a database, devices, and as many real processes of the broker role as the test starts.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { findFormat } from '../../devices/formats.ts';
import { createDeviceSecrets } from '../../src/metering/intake/device-secret.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { openPool, type Pool } from '../../src/platform/postgres/database.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type NaruProcess, runNaru } from './naru-process.ts';
import { onServer } from './on-server.ts';
import { fleetEntry, secretOf } from './test-intake.ts';

const UP_WITHIN_ms = 60_000;
/** A poll waits for a state and says nothing about how soon it comes. */
export const PATIENCE = { timeout: 60_000, interval: 50 };

export interface IntakeProcess extends NaruProcess {
  mqttUrl: string;
  mqttPort: number;
  httpUrl: string;
}

export interface TestMeter {
  device_id: string;
  secret: string;
  serial: string;
  format: string;
}

const NARU_SECRET = 'k3v9QpL8sXw2Nf7Rb5Tj1Yc6Hm4Dg0A-for-this-test';

export class IntakeHouse {
  readonly secrets = createDeviceSecrets(NARU_SECRET);
  readonly folder: string;
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly mqttPort: number;
  readonly #httpPort: number;
  readonly #database: string | null;
  #processes: NaruProcess[] = [];
  #nextSerial = 50_000_000;

  private constructor(folder: string, databaseUrl: string, database: string | null, ports: [number, number]) {
    this.folder = folder;
    this.databaseUrl = databaseUrl;
    this.#database = database;
    this.pool = openPool(databaseUrl);
    [this.mqttPort, this.#httpPort] = ports;
  }

  /** @param databaseUrl a server of the test's own, migrated; without it a database on the run's server */
  static async open(databaseUrl?: string): Promise<IntakeHouse> {
    const folder = mkdtempSync(join(tmpdir(), 'naru-intake-'));
    const ports: [number, number] = [await freePort(0), await freePort(0)];
    if (databaseUrl !== undefined) return new IntakeHouse(folder, databaseUrl, null, ports);
    const database = `test_${randomBytes(6).toString('hex')}`;
    await onServer(inject('postgresUrl'), `CREATE DATABASE ${database} TEMPLATE naru_template`);
    return new IntakeHouse(folder, inject('postgresUrl').replace(/postgres$/, database), database, ports);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.kill()));
    await this.pool.end();
    if (this.#database !== null)
      await onServer(inject('postgresUrl'), `DROP DATABASE IF EXISTS ${this.#database} WITH (FORCE)`);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Registers meters and their devices; formats in turn. */
  async meters(count: number, formats: readonly string[], name = 'meter'): Promise<TestMeter[]> {
    const meters = Array.from({ length: count }, (_, index) => ({
      device_id: `${name}-${index}`,
      secret: secretOf(`${name}-${index}`),
      serial: String(this.#nextSerial + index),
      format: formats[index % formats.length] ?? '',
    }));
    this.#nextSerial += count;
    const entries = meters.map(({ device_id, serial, format }) => fleetEntry(device_id, serial, [format]));
    for (let at = 0; at < entries.length; at += 500)
      await provisionFleet(this.pool, systemRandom, entries.slice(at, at + 500), this.secrets);
    return meters;
  }

  /** Starts a process with the roles api and broker and waits until it serves; a restart takes the same ports. */
  async start(settings: Record<string, string> = {}): Promise<IntakeProcess> {
    const environment = {
      DATABASE_URL: this.databaseUrl,
      CHAIN_RPC_URL: 'http://127.0.0.1:9',
      CHAIN_COMMITTER_KEY: `0x${'1f'.repeat(32)}`,
      PUBLIC_URL: 'https://naru.test',
      WALLET_URL: 'https://wallet.naru.test',
      NARU_SECRET,
      ISSUER_KEYS_PASSPHRASE: 'the ferry lands at seven',
      DEVICE_MESSAGES_PER_S: '100000',
      NARU_DATA_DIR: this.folder,
      NARU_ROLES: 'api,broker',
      HTTP_PORT: String(this.#httpPort),
      WALLET_PORT: '0',
      MQTT_PORT: String(this.mqttPort),
      MQTT_WS_PORT: '0',
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      ...settings,
    };
    const run = runNaru(['start'], environment, this.folder);
    this.#processes.push(run);
    run.ended.then(() => {
      this.#processes = this.#processes.filter((other) => other !== run);
    });
    await run.until('Naru serves', UP_WITHIN_ms);
    return {
      ...run,
      mqttPort: Number(environment.MQTT_PORT),
      mqttUrl: `mqtt://127.0.0.1:${environment.MQTT_PORT}`,
      httpUrl: `http://127.0.0.1:${environment.HTTP_PORT}`,
    };
  }

  /** As `databaseUrl`, through another port: that of a wire in between. */
  databaseThrough(port: number): string {
    const url = new URL(this.databaseUrl);
    url.port = String(port);
    return url.href;
  }

  async count(statement: string): Promise<number> {
    const { rows } = await this.pool.query<{ n: number }>(`SELECT count(*) AS n FROM ${statement}`);
    return rows[0]?.n ?? 0;
  }

  untilCount(statement: string, n: number): Promise<void> {
    return expect.poll(() => this.count(statement), PATIENCE).toBe(n);
  }
}

/** Resident memory of a process. Source: proc(5), statm; null where the system does not tell. */
export function residentMemory_mb(pid: number): number | null {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4_096) / 1_048_576;
  } catch {
    return null;
  }
}

/** The value of a metric, 0 where it isn't there yet. */
export async function metricOf(process: IntakeProcess, name: string): Promise<number> {
  const text = await (await fetch(`${process.httpUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** The telegram of that meter with that register; a register names its telegram, and each has a minute of its own. */
export function telegramOf(meter: TestMeter, register_l: number, from_ms: number): Uint8Array {
  const encode = findFormat(meter.format)?.encode;
  if (encode === undefined) throw new Error(`no encoder for ${meter.format}`);
  return encode({
    ...{ meter_id: meter.serial, bore_mm: 15, flags: [], utc_offset_min: 540 },
    readings: [{ measured_at_ms: from_ms + register_l * 60_000, register_l }],
  });
}

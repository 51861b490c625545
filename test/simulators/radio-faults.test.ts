// A fleet whose radio loses, doubles, delays, buffers and lies, against the real process: its ledger agrees with the store.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodedFormatNames } from '../../devices/formats.ts';
import { demoDevices, type FleetDevice } from '../../simulators/device-list.ts';
import { runFleet } from '../../simulators/fleet.ts';
import { isCloned, meterClock_ms, noFaults, telegramFate } from '../../simulators/radio-faults.ts';
import { readLedger } from '../../simulators/read-ledger.ts';
import { encodingFormat } from '../../simulators/telegrams.ts';
import { checkLedgerCommand } from '../../src/cli/check-ledger-command.ts';
import { type CommandIo, runCommand } from '../../src/cli/command-io.ts';
import { checkLedger } from '../../src/metering/intake/check-ledger-service.ts';
import { provisionFleet } from '../../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { IntakeHouse, type IntakeProcess, metricOf } from '../support/intake-house.ts';
import { newSeed } from '../support/seed.ts';
import { fleetEntry } from '../support/test-intake.ts';

const seed = newSeed('radio faults');
const folder = mkdtempSync(join(tmpdir(), 'naru-radio-'));
const ledgerPath = join(folder, 'ledger.jsonl');
let house: IntakeHouse;
let intake: IntakeProcess;

afterAll(async () => {
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('radio faults', () => {
  const all = { ...noFaults, loss: 0.2, duplicates: 0.3, delay_ms: 100, outages: 0.1, outage_ms: 9_000 };

  it('are the same for the same seed and others for another, each about as often as asked', () => {
    const fates = (deviceSeed: number) =>
      Array.from({ length: 5_000 }, (_, count) => telegramFate(all, deviceSeed, count));
    expect(fates(seed)).toEqual(fates(seed));
    expect(fates(seed)).not.toEqual(fates(seed + 1));
    const share = (of: (fate: ReturnType<typeof telegramFate>) => boolean) => fates(seed).filter(of).length / 5_000;
    expect(share(({ isLost }) => isLost)).toBeCloseTo(0.2, 1);
    expect(share(({ copies }) => copies === 2)).toBeCloseTo(0.3, 1);
    expect(share(({ away_ms }) => away_ms > 0)).toBeCloseTo(0.1, 1);
    expect(Math.max(...fates(seed).map(({ delay_ms }) => delay_ms))).toBeLessThan(100);
  });

  it('that are not asked for do not happen', () => {
    const fate = telegramFate(noFaults, seed, 7);
    expect(fate).toEqual({ isLost: false, copies: 1, delay_ms: 0, away_ms: 0 });
    expect(meterClock_ms(noFaults, seed, 1_000)).toBe(1_000);
    expect(isCloned(noFaults, seed)).toBe(false);
  });

  it('let a clock wander, never further than asked', () => {
    const off = Array.from({ length: 500 }, (_, index) => {
      const at_ms = Date.UTC(2026, 2, 1) + index * 3_600_000;
      return meterClock_ms({ ...noFaults, clock_ms: 60_000 }, seed + (index % 20), at_ms) - at_ms;
    });
    expect(Math.max(...off.map(Math.abs))).toBeLessThanOrEqual(60_000);
    expect(new Set(off.map(Math.round)).size).toBeGreaterThan(100);
  });
});

describe('a fleet with every fault', () => {
  beforeAll(async () => {
    house = await IntakeHouse.open();
    intake = await house.start();
  });

  it('in every format: what was acknowledged is stored, and nothing more often than it was sent', async () => {
    const count = 10 * encodedFormatNames.length;
    const devices: FleetDevice[] = demoDevices({
      ...{ count, seed, since_ms: Date.now() - 86_400_000 },
      secretOf: (device_id) => `${device_id}-secret-of-a-test-device`,
    }).map((device, index) => {
      const format = encodedFormatNames[index % encodedFormatNames.length] ?? '';
      const history_format = encodingFormat(format).precision_ms === null ? 'senml+json' : format;
      return { ...device, format, history_format };
    });
    const entries = devices.map(({ device_id, serial, format, history_format }) =>
      fleetEntry(device_id, serial, [...new Set([format, history_format ?? format])]),
    );
    await provisionFleet(house.pool, systemRandom, entries, house.secrets);
    const summary = await runFleet({
      ...{ url: intake.mqttUrl, devices, seed, ledgerPath, clock: systemClock },
      pause_ms: { least: 100, most: 300 },
      signal: AbortSignal.timeout(6_000),
      backfill_h: 6,
      firstStart: false,
      faults: {
        ...{ loss: 0.1, delay_ms: 100, outages: 0.1, outage_ms: 1_000, clock_ms: 20_000, clones: 0.1 },
      },
    });
    expect(summary.acknowledged).toBeGreaterThan(count * 3);
    expect(summary.connects).toBeGreaterThan(count);
    const telegrams = await readLedger(ledgerPath);
    expect(telegrams.reduce((sum, { sent }) => sum + sent, 0)).toBe(summary.sent);
    expect(new Set(telegrams.flatMap(({ readings }) => readings.length)).size).toBeGreaterThan(1);
    expect(await checkLedger(house.pool, telegrams)).toMatchObject({
      ...{ acknowledged: summary.acknowledged, missing: 0, readings_missing: 0, too_often: 0 },
    });
    expect(await metricOf(intake, 'naru_intake_quarantined_total')).toBe(0);
    const formats = await house.pool.query('SELECT DISTINCT format FROM metering.uplink');
    expect(formats.rows.map(({ format }) => format).sort()).toEqual([...encodedFormatNames].sort());
  });

  it('whose ledger and store differ is found out: a telegram taken away, and one put in twice', async () => {
    // Half of the packs of raw uplinks, some readings, and the bytes of another uplink fifty times more.
    await house.pool.query(
      `DELETE FROM metering.uplink_pack WHERE first_id IN (
         SELECT first_id FROM (SELECT first_id, row_number() OVER (ORDER BY first_id) AS n FROM metering.uplink_pack) packs
          WHERE n % 2 = 1 LIMIT greatest(1, (SELECT count(*) / 2 FROM metering.uplink_pack)))`,
    );
    await house.pool.query(
      'DELETE FROM metering.reading WHERE uplink_id NOT IN (SELECT uplink_id FROM metering.uplink)',
    );
    await house.pool.query(
      `INSERT INTO metering.uplink_pack
         (first_id, received_at, received_ats, device_nos, packet_ids, formats, decoder_versions, payloads)
       SELECT 1000000000, received_at, array_fill(received_ats[1], ARRAY[50]), array_fill(device_nos[1], ARRAY[50]),
              array_fill(packet_ids[1], ARRAY[50]), array_fill(formats[1], ARRAY[50]),
              array_fill(decoder_versions[1], ARRAY[50]), array_fill(payloads[1], ARRAY[50])
         FROM metering.uplink_pack ORDER BY first_id DESC LIMIT 1`,
    );
    const findings = await checkLedger(house.pool, await readLedger(ledgerPath));
    expect(findings.missing + findings.merged).toBeGreaterThan(0);
    expect(findings.readings_missing).toBeGreaterThan(0);
    expect(findings.too_often).toBe(1);
    expect(findings.examples.length).toBeGreaterThan(0);
  });
});

describe('naru check-ledger', () => {
  async function run(argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const io: CommandIo = { stdin: new PassThrough(), stdout: out, stderr: err, setExitCode: () => undefined };
    const code = await runCommand(checkLedgerCommand(io), argv, io);
    return { code, out: out.read()?.toString() ?? '', err: err.read()?.toString() ?? '' };
  }

  it('ends with 2 where there is no ledger, no demonstration, or another file', async () => {
    const other = join(folder, 'other.csv');
    writeFileSync(other, 'device_id,secret\n');
    const empty = ['--data-dir', folder];
    expect(await run(['/nowhere.jsonl', ...empty])).toMatchObject({ code: 2 });
    expect(await run([ledgerPath, ...empty])).toMatchObject({ code: 2, err: expect.stringContaining('DATABASE_URL') });
    await expect(readLedger(other)).rejects.toThrow('line 1');
  });
});

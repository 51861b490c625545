// What lies in quarantine becomes readings once its decoder is mended.
import { beforeAll, describe, expect, test } from 'vitest';
import { findFormat } from '../../../devices/formats.ts';
import { type PayloadFormat, refused } from '../../../devices/payload-format.ts';
import { redecodeCommand } from '../../../src/cli/redecode-command.ts';
import { createCommitQueue } from '../../../src/metering/intake/commit-service.ts';
import { createIntakeMetrics, type IntakeMetrics } from '../../../src/metering/intake/intake-metrics.ts';
import { openPartitions, type Partitions } from '../../../src/metering/intake/partition-service.ts';
import { redecode } from '../../../src/metering/intake/redecode-service.ts';
import type { Device } from '../../../src/metering/intake/uplink.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const received_ms = systemClock.now_ms() - 3_600_000;
const all = { code: null, deviceId: null, since_ms: null };
let partitions: Partitions;

/** Reads `register time`; the broken one of before read nothing. */
const mended: PayloadFormat = {
  ...{ name: 'senml+json', version: 9, examples: [] },
  decode: (payload) => {
    const [register, time] = Buffer.from(payload).toString().split(' ');
    if (!/^\d+$/.test(register ?? '')) return refused('STILL_UNREADABLE', 'no register');
    const reading = { measured_at: time ?? null, register_l: Number(register) };
    return { ok: true, uplink: { meter_id: null, model: null, readings: [reading], flags: ['leak'] } };
  },
};
const find = (name: string) => (name === mended.name ? mended : findFormat(name));

async function quarantined(device: number, payloads: string[]): Promise<void> {
  const queue = createCommitQueue({
    ...{
      pool,
      partitions,
      clock: systemClock,
      timeZone: 'Asia/Seoul',
      logger: createLogger('silent'),
      metrics: () => metrics,
    },
  });
  const metrics: IntakeMetrics = createIntakeMetrics(createMetrics(), () => queue.inFlight());
  const own: Device = {
    ...{ deviceNo: device, deviceId: `dev-${device}`, formats: ['senml+json'], payloadKey: null },
    meter: { meterId: device, serial: `${device}` },
  };
  const stored = payloads.map(
    (payload, n) =>
      new Promise<boolean>((resolve) =>
        queue.add(
          {
            ...{ device: own, format: 'senml-json', payload: Buffer.from(payload), packetId: null, redelivered: false },
            ...{ receivedAt_ms: received_ms + n, connectedAt_ms: 0 },
          },
          resolve,
        ),
      ),
  );
  expect(await Promise.all(stored)).not.toContain(false);
}

const rowsOf = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;
const codes = async (device: number) =>
  (await rowsOf('SELECT code FROM metering.quarantine WHERE device_no = $1 ORDER BY uplink_id', [device])).map(
    ({ code }) => code,
  );

beforeAll(async () => {
  await provisionFleet(
    pool,
    systemRandom,
    ['1', '2', '3', '4'].map((serial) => fleetEntry(`dev-${serial}`, serial)),
    testSecrets,
  );
  partitions = await openPartitions(pool, systemClock);
});

describe('decoding again', () => {
  test('stores what can be read now with the time it was received, and leaves what cannot', async () => {
    await quarantined(1, ['100', '101 2016-02-29T10:00:00Z', 'noise', '101 2001-01-01T00:00:00Z']);
    expect(await codes(1)).toEqual(['SENML_INVALID', 'JSON_INVALID', 'JSON_INVALID', 'JSON_INVALID']);
    const counts = await redecode({ pool, partitions, timeZone: 'Asia/Seoul', find }, all);
    expect(counts).toEqual({ uplinks: 4, cleared: 3, refused: 0, readings: 2, conflicts: 0, misdated: 1 });
    expect(await codes(1)).toEqual(['STILL_UNREADABLE']);
    const readings = await rowsOf(
      `SELECT r.register_l, r.measured_at, r.received_at, r.clock, r.flags, u.decoder_version, convert_from(u.payload, 'UTF8') AS payload
         FROM metering.reading r JOIN metering.uplink u USING (uplink_id, received_at) WHERE meter_id = 1 ORDER BY register_l`,
    );
    expect(readings).toEqual([
      {
        ...{
          register_l: 100,
          measured_at: new Date(received_ms),
          received_at: new Date(received_ms),
          clock: 'received',
        },
        ...{ flags: ['leak'], decoder_version: 9, payload: '100' },
      },
      {
        ...{ register_l: 101, measured_at: new Date('2016-02-29T10:00:00Z'), received_at: new Date(received_ms + 1) },
        ...{ clock: 'absolute', flags: ['leak'], decoder_version: 9, payload: '101 2016-02-29T10:00:00Z' },
      },
    ]);
    // Run again, it finds what is left and changes nothing.
    const again = await redecode({ pool, partitions, timeZone: 'Asia/Seoul', find }, all);
    expect(again).toEqual({ uplinks: 1, cleared: 0, refused: 0, readings: 0, conflicts: 0, misdated: 0 });
  });

  test('goes through more than one chunk, and past a row that the database refuses', async () => {
    await quarantined(
      2,
      Array.from({ length: 450 }, (_, n) => `${n}`),
    );
    await pool.query('ALTER TABLE metering.reading ADD CONSTRAINT no_77 CHECK (register_l <> 77)');
    try {
      const counts = await redecode({ pool, partitions, timeZone: 'Asia/Seoul', find }, { ...all, deviceId: 'dev-2' });
      expect(counts).toMatchObject({ uplinks: 450, cleared: 449, refused: 1, readings: 449 });
    } finally {
      await pool.query('ALTER TABLE metering.reading DROP CONSTRAINT no_77');
    }
    expect(await codes(2)).toEqual(['SENML_INVALID']);
  });

  test('touches only what the filter names', async () => {
    await quarantined(3, ['1']);
    await quarantined(4, ['2']);
    const options = { pool, partitions, timeZone: 'Asia/Seoul', find };
    expect((await redecode(options, { ...all, code: 'OTHER' })).uplinks).toBe(0);
    expect((await redecode(options, { ...all, since_ms: received_ms + 60_000 })).uplinks).toBe(0);
    expect((await redecode(options, { ...all, deviceId: 'dev-3' })).cleared).toBe(1);
    expect([await codes(3), await codes(4)]).toEqual([[], ['SENML_INVALID']]);
  });

  test('keeps another value of a stored instant as a conflict', async () => {
    await quarantined(4, ['5 2026-01-01T00:00:00Z', '6 2026-01-01T00:00:00Z', '6 2026-01-01T00:00:00Z']);
    const counts = await redecode({ pool, partitions, timeZone: 'Asia/Seoul', find }, { ...all, deviceId: 'dev-4' });
    expect(counts).toMatchObject({ readings: 2, conflicts: 1 });
    expect(await rowsOf('SELECT register_l FROM metering.reading_conflict WHERE meter_id = 4')).toEqual([
      { register_l: 6 },
    ]);
  });

  test('on the command line refuses a time that is none', async () => {
    const { stdin, stdout, stderr } = process;
    const command = redecodeCommand({ stdin, stdout, stderr, setExitCode: () => {} }, systemClock);
    process.env.DATABASE_URL ??= 'postgres://nobody@127.0.0.1:1/none';
    await expect(command.parseAsync(['--since', 'yesterday'], { from: 'user' })).rejects.toThrow(
      'write 2026-03-01T00:00:00Z',
    );
  });
});

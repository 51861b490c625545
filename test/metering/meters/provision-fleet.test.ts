import { describe, expect, test } from 'vitest';
import { createDeviceAuth } from '../../../src/metering/intake/device-auth-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf, testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const provision = (...entries: Parameters<typeof provisionFleet>[2]) =>
  provisionFleet(pool, systemRandom, entries, testSecrets);
const accepts = async (deviceId: string, secret: string) =>
  (await createDeviceAuth(pool, systemClock, testSecrets).authenticate(deviceId, deviceId, Buffer.from(secret)))
    .accepted;

async function everything(): Promise<unknown[]> {
  const tables = ['zone', 'service_point', 'meter', 'device', 'install', 'radio_install'];
  return Promise.all(
    tables.map(async (table) => (await pool.query(`SELECT * FROM metering.${table} ORDER BY 1, 2`)).rows),
  );
}

describe('provisioning a fleet', () => {
  test('said twice is the same as said once', async () => {
    const fleet = ['1', '2', '3'].map((serial) => fleetEntry(`dev-${serial}`, serial));
    const first = await provision(...fleet);
    const after = await everything();
    expect(await provision(...fleet)).toEqual(first);
    expect(await everything()).toEqual(after);
    expect(await accepts('dev-1', secretOf('dev-1'))).toBe(true);
  });

  test('gives a new device a secret once, and keeps it', async () => {
    const { secret: _, ...entry } = fleetEntry('dev-10', '10');
    const [made] = await provision(entry);
    expect(made?.secret).toMatch(/^[\w-]{43}$/);
    expect((await provision(entry))[0]?.secret).toBeNull();
    expect(await accepts('dev-10', made?.secret ?? '')).toBe(true);
  });

  test('changes a secret where another is given', async () => {
    await provision(fleetEntry('dev-11', '11'));
    await provision({ ...fleetEntry('dev-11', '11'), secret: 'another-secret-for-device-11' });
    expect(await accepts('dev-11', 'another-secret-for-device-11')).toBe(true);
    expect(await accepts('dev-11', secretOf('dev-11'))).toBe(false);
  });

  test('keeps only a hash, and another one for each device', async () => {
    const secret = 'one-secret-for-two-devices';
    await provision({ ...fleetEntry('dev-12', '12'), secret }, { ...fleetEntry('dev-13', '13'), secret });
    const { rows } = await pool.query(
      `SELECT secret_hash FROM metering.device WHERE device_id IN ('dev-12', 'dev-13')`,
    );
    expect(rows[0].secret_hash).not.toEqual(rows[1].secret_hash);
    expect(JSON.stringify(await everything())).not.toContain(secret);
  });

  test('refuses a secret that could be guessed, and then provisions none', async () => {
    const weak = { ...fleetEntry('dev-21', '21'), secret: 'water' };
    await expect(provision(fleetEntry('dev-20', '20'), weak)).rejects.toMatchObject({
      code: 'SECRET_TOO_WEAK',
      detail: expect.not.stringContaining('water'),
    });
    expect(await accepts('dev-20', secretOf('dev-20'))).toBe(false);
  });

  test('puts another meter in the place of the first and ends the first there', async () => {
    await provision(fleetEntry('dev-30', '30'));
    const entry = fleetEntry('dev-30', '31');
    const at_ms = Date.UTC(2026, 5, 1);
    await provision({ ...entry, servicePoint: fleetEntry('dev-30', '30').servicePoint, installedAt_ms: at_ms });
    const { rows } = await pool.query(
      `SELECT serial, until_at FROM metering.install JOIN metering.meter USING (meter_id)
        WHERE service_point_id = 'sp-30' ORDER BY from_at`,
    );
    expect(rows).toEqual([
      { serial: '30', until_at: new Date(at_ms) },
      { serial: '31', until_at: null },
    ]);
  });

  test('refuses a swap dated before the meter it replaces was put in, and says so', async () => {
    await provision(fleetEntry('dev-40', '40'));
    const entry = { ...fleetEntry('dev-40', '41'), servicePoint: fleetEntry('dev-40', '40').servicePoint };
    await expect(provision(entry)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

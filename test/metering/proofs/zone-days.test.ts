// Zone-days on a real store: hashed when they are over, again when something came, and never over what was hashed.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { anchorKey } from '../../../src/anchoring/anchor-keys.ts';
import { buildZoneDays, noteChangedDays, proofLimits } from '../../../src/metering/proofs/build-zone-days-service.ts';
import { leafHash, treeRoot } from '../../../src/metering/proofs/merkle-tree.ts';
import { treeValue, zoneDayName } from '../../../src/metering/proofs/meter-day.ts';
import { MeteredDays, type Told } from '../../support/metered-days.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const timeZone = 'Asia/Seoul';
const HOUR = 3_600_000;
const begin_ms = Date.parse('2026-03-01T00:00:00+09:00');
const end_ms = Date.parse('2026-03-04T00:00:00+09:00');
const fleet = ['11', '12', '13'].map((serial) => ({
  ...fleetEntry(`dev-${serial}`, serial),
  installedAt_ms: begin_ms,
}));
const city = await MeteredDays.open(pool, timeZone, fleet, begin_ms, end_ms);

const without = (one: Told, at_ms: number): Told => ({
  ...one,
  registers: one.registers.filter(([measured_ms]) => measured_ms !== at_ms),
});

interface Row {
  zone_id: string;
  day: string;
  version: number;
  leaf_count: number;
  root: Buffer;
  install_ids: number[];
  leaves: Buffer;
}
const zoneDays = async () =>
  (
    await pool.query<Row>(
      `SELECT zone_id, day::text, version, leaf_count, root, install_ids, leaves FROM metering.zone_day_tree ORDER BY day, version`,
    )
  ).rows;
const told = async () => (await zoneDays()).map(({ day, version, install_ids }) => [day, version, install_ids.length]);
const waiting = async (key: Uint8Array) =>
  (await pool.query<{ value: Buffer }>('SELECT value FROM anchoring.outbox WHERE key = $1', [Buffer.from(key)])).rows[0]
    ?.value;

describe('zone-days', () => {
  test('are hashed when a day has been over for some hours, and not before', async () => {
    city.clock.at_ms = end_ms;
    const all = ['11', '12', '13'].flatMap((serial) =>
      city.hourly(serial, begin_ms, end_ms, 1_000, (hour) => hour % 7),
    );
    await city.tell(all.map((one) => (one.serial === '12' ? without(one, begin_ms + 10 * HOUR) : one)));
    await city.workOff();
    expect(await noteChangedDays(city.options)).toBe(9);
    city.clock.at_ms = begin_ms + 24 * HOUR + proofLimits.afterDay_ms - 1;
    expect(await buildZoneDays(city.options)).toBeNull();
    city.clock.at_ms += 1;
    expect(await buildZoneDays(city.options)).toEqual({ day: '2026-03-01', zones: 1, meters: 3, altered: 0 });
    expect(await buildZoneDays(city.options)).toBeNull();
    await city.hash();
    city.clock.at_ms = end_ms + proofLimits.afterDay_ms;
    await city.hash();
    expect(await told()).toEqual([
      ['2026-03-01', 1, 3],
      ['2026-03-02', 1, 3],
      ['2026-03-03', 1, 3],
    ]);
  });

  test('stand in the anchored map by their trees, under keys that name zone, day and version', async () => {
    for (const { zone_id, day, version, leaf_count, root, leaves } of await zoneDays()) {
      const each = Array.from({ length: leaf_count }, (_, at) => leaves.subarray(at * 32, at * 32 + 32));
      expect(bytesToHex(treeRoot(each, sha256))).toBe(root.toString('hex'));
      const key = anchorKey('zone-day', zoneDayName({ zone: zone_id, day, version }));
      expect((await waiting(key))?.toString('hex')).toBe(bytesToHex(treeValue(leaf_count, root, sha256)));
    }
  });

  test('are not hashed again where nothing came', async () => {
    await city.tell(city.hourly('11', begin_ms, begin_ms + 6 * HOUR, 1_000, (hour) => hour % 7));
    const before = await zoneDays();
    await city.hash();
    expect(await zoneDays()).toEqual(before);
  });

  test('become a new version with a late reading, which holds what is other and leaves the first as it was', async () => {
    const [first] = await zoneDays();
    await city.tell([{ serial: '12', registers: [[begin_ms + 10 * HOUR, 1_025]], received_ms: end_ms + HOUR }]);
    expect(await city.hash()).toBe(0);
    const [again, second] = await zoneDays();
    expect(again).toEqual(first);
    expect(second).toMatchObject({ day: '2026-03-01', version: 2, leaf_count: 3 });
    expect(second?.install_ids).toEqual([first?.install_ids[1]]);
    const leaves = [0, 1, 2].map((at) =>
      (at === 1 ? second : first)?.leaves.subarray(at === 1 ? 0 : at * 32).subarray(0, 32),
    );
    expect(bytesToHex(treeRoot(leaves as Uint8Array[], sha256))).toBe(second?.root.toString('hex'));
  });

  test('say of a day without readings, between days that have some, that it has none', async () => {
    await city.tell([{ serial: '13', registers: [[end_ms + 50 * HOUR, 5_000]] }]);
    city.clock.at_ms = end_ms + 4 * 24 * HOUR;
    await city.hash();
    expect((await told()).slice(-3)).toEqual(
      [
        ['2026-03-04', 1, 3],
        ['2026-03-05', 1, 3],
        ['2026-03-06', 1, 3],
      ].filter(([day]) => (day as string) <= '2026-03-06'),
    );
  });

  test('keep the leaf of a meter whose hashed reading was changed by hand, and tell of it', async () => {
    const { rows } = await pool.query<{ meter_id: number }>(`SELECT meter_id FROM metering.meter WHERE serial = '11'`);
    await pool.query(
      'UPDATE metering.reading SET register_l = register_l + 1 WHERE meter_id = $1 AND measured_at = $2',
      [rows[0]?.meter_id, new Date(begin_ms + 26 * HOUR)],
    );
    await city.tell([{ serial: '11', registers: [[begin_ms + 26.5 * HOUR, 1_074]], received_ms: end_ms + HOUR }]);
    const before = await zoneDays();
    expect(await city.hash()).toBe(1);
    expect(await zoneDays()).toEqual(before);
    expect((await pool.query('SELECT day::text AS day FROM metering.altered_meter_day')).rows).toEqual([
      { day: '2026-03-02' },
    ]);
  });

  test('have leaves that nobody can guess: the same day under another key is another leaf', async () => {
    const keys = (await pool.query<{ key: Buffer }>('SELECT key FROM metering.proof_key')).rows;
    expect(new Set(keys.map(({ key }) => key.toString('hex'))).size).toBe(keys.length);
    const leaves = (await zoneDays()).map(({ leaves: all }) => all.subarray(0, 32).toString('hex'));
    expect(leaves).not.toContain(bytesToHex(leafHash(new Uint8Array(), sha256)));
  });
});

// Lists of devices as CSV: each mistake by line and column, nothing registered by halves, no key repeated anywhere.
import { describe, expect, test } from 'vitest';
import {
  completeDeviceList,
  csvColumns,
  readDeviceList,
  writeSecrets,
} from '../../../src/metering/meters/provision-csv.ts';
import { provisionList } from '../../../src/metering/meters/provision-csv-service.ts';
import { provisionFleet } from '../../../src/metering/meters/provision-fleet-service.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { testDatabase } from '../../support/test-database.ts';
import { testSecrets } from '../../support/test-intake.ts';

const { pool } = await testDatabase();
const columns = [...csvColumns, 'secret', 'payload_key'];
const good: Record<string, string> = {
  ...{
    device_id: 'dev-1',
    formats: 'wmbus senml+json',
    meter_serial: '1',
    meter_model: 'test',
    bore_mm: '15',
    dials: '5',
  },
  ...{ service_point: 'sp-1', zone_id: 'z', zone_name: '해운대, 1', usage_class: 'domestic' },
  ...{ installed_at: '2026-03-01T09:00:00+09:00', secret: '', payload_key: '' },
};
const secret = 'topsecret-topsecret-topsecret';
const key = '000102030405060708090a0b0c0d0eff';

function csv(...rows: Record<string, string>[]): string {
  const line = (row: Record<string, string>) =>
    columns.map((name) => `"${(row[name] ?? '').replaceAll('"', '""')}"`).join(',');
  return `\ufeff${columns.join(',')}\r\n${rows.map((row) => `${line(row)}\r\n`).join('')}`;
}
const row = (n: number, change: Record<string, string> = {}) => ({
  ...{ ...good, device_id: `dev-${n}`, meter_serial: String(n), service_point: `sp-${n}`, ...change },
});
const count = async () => (await pool.query('SELECT FROM metering.device')).rowCount;
const provision = (file: string, options: { dryRun?: boolean; keep?: (text: string) => void } = {}) =>
  provisionList(pool, file, {
    dryRun: options.dryRun ?? false,
    by: { at: new Date(), actor: null },
    keep: async (devices) => options.keep?.(writeSecrets(devices, false)),
    provisionFleet: (entries, beforeCommit) => provisionFleet(pool, systemRandom, entries, testSecrets, beforeCommit),
  });

describe('a list of devices', () => {
  test('is read as it is meant', () => {
    const { entries, problems } = readDeviceList(csv({ ...good, secret, payload_key: key }));
    expect(problems).toEqual([]);
    expect(entries).toEqual([
      {
        ...{ deviceId: 'dev-1', formats: ['wmbus', 'senml+json'], secret },
        payloadKey: new Uint8Array(Buffer.from(key, 'hex')),
        meter: { serial: '1', model: 'test', bore_mm: 15, dials: 5 },
        servicePoint: { id: 'sp-1', zoneId: 'z', zoneName: '해운대, 1', usageClass: 'domestic' },
        installedAt_ms: Date.UTC(2026, 2, 1),
      },
    ]);
  });

  test.each([
    ['device_id', 'no spaces', 'not_identifier', {}],
    ['formats', '', 'empty', {}],
    ['formats', 'a b c d e f g h i', 'formats_count', { most: 8 }],
    ['bore_mm', '15 mm', 'not_whole_number', {}],
    ['bore_mm', '9999', 'not_between', { least: 10, most: 1_000 }],
    ['dials', '', 'not_whole_number', {}],
    ['usage_class', 'palace', 'not_one_of', { choices: 'domestic, general, bath, industrial' }],
    ['installed_at', '1 March', 'not_instant', {}],
    ['secret', secret.slice(0, 10), 'secret_too_short', { least: 22 }],
    ['payload_key', key.slice(0, 30), 'not_hexadecimal', { digits: 32 }],
  ])('with a wrong %s (%j) names line, column and fault, and repeats no cell', (column, value, code, data) => {
    const { entries, problems } = readDeviceList(csv(row(1), row(2, { [column]: value })));
    expect(entries).toEqual([]);
    expect(problems).toEqual([{ line: 3, column, code, data, problem: expect.any(String) }]);
    if (value.length > 8) expect(JSON.stringify(problems)).not.toContain(value);
  });

  test.each([
    ['without a heading', csv(row(1, { secret })).split('\r\n')[1] ?? '', 1],
    ['with a column missing', csv(row(1)).replace('dials', 'teeth'), 1],
    ['with a line too short', `${csv(row(1))}dev-2,${secret}\r\n`, 3],
    ['with a quote that does not end', `${csv(row(1))}"${secret}`, 3],
    ['with a device twice', csv(row(1), row(2), row(1)), 4],
    ['with nothing in it', '', 1],
    ['with a heading alone', csv(), 1],
  ])('%s is refused, with the line', (_what, file, line) => {
    const { entries, problems } = readDeviceList(file);
    expect(entries).toEqual([]);
    expect(problems[0]?.line).toBe(line);
    expect(JSON.stringify(problems)).not.toContain(secret);
  });

  test('of a thousand mistakes tells the first hundred', () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => row(n, { dials: 'x' }));
    expect(readDeviceList(csv(...rows)).problems).toHaveLength(100);
  });
});

describe('registering a list', () => {
  test('is all or nothing for mistakes, and registers nothing in a dry run', async () => {
    const refusal = { code: 'PROVISIONING_INVALID', detail: expect.stringContaining('line 3, dials') };
    await expect(provision(csv(row(1), row(2, { dials: 'x' })))).rejects.toMatchObject(refusal);
    expect(await provision(csv(row(1), row(2)), { dryRun: true })).toEqual({ devices: 2, known: 0 });
    expect(await count()).toBe(0);
  });

  test('keeps the secrets before the devices exist, and begun again goes on', async () => {
    const file = csv(row(1), row(2, { secret }));
    const failing = provision(file, {
      keep: () => {
        throw new Error('disk full');
      },
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(await count()).toBe(0);
    let kept = '';
    expect(await provision(file, { keep: (text) => (kept += text) })).toEqual({ devices: 2, known: 0 });
    expect(kept).toMatch(/^dev-1,\w[\w-]{42}\n$/);
    expect(await provision(csv(row(1), row(3)), { keep: (text) => (kept += text) })).toEqual({ devices: 2, known: 1 });
    expect(kept.match(/^dev-1,/gm)).toHaveLength(1);
    expect(await count()).toBe(3);
  });

  test('is in the audit, with how many and no secret', async () => {
    await pool.query('TRUNCATE metering.staff_action');
    await provision(csv(row(1), row(4, { secret })), { dryRun: true });
    await provision(csv(row(1), row(4, { secret })));
    const { rows } = await pool.query('SELECT action, actor, device_no, subject, reason FROM metering.staff_action');
    const none = { actor: null, device_no: null, reason: null };
    expect(rows).toEqual([{ action: 'devices_registered', subject: '2', ...none }]);
  });

  test('goes in parts of a thousand', async () => {
    const rows = Array.from({ length: 1_001 }, (_, n) => row(10_000 + n));
    const parts: number[] = [];
    await provision(csv(...rows), { keep: (text) => parts.push(text.split('\n').length - 1) });
    expect(parts).toEqual([1_000, 1]);
  });
});

describe('completing a list', () => {
  const made = 'made-made-made-made-made';
  const complete = (file: string, known: string[] = []) => completeDeviceList(file, new Set(known), () => made);

  test('gives a secret to each new device that has none, and changes nothing else', () => {
    const file = csv(row(1), row(2, { secret }), row(3), row(4, { zone_name: '-"해운대"\n1동' }));
    const { list, made: many } = complete(file, ['dev-3']);
    expect(many).toBe(2);
    const [before, after] = [readDeviceList(file).entries, readDeviceList(list).entries];
    expect(after.map((entry) => entry.secret)).toEqual([made, secret, undefined, made]);
    expect(after.map((entry) => ({ ...entry, secret: 0 }))).toEqual(before.map((entry) => ({ ...entry, secret: 0 })));
  });

  test('adds the column where it is missing', () => {
    const file = `${csvColumns.join(',')}\n${csvColumns.map((name) => `"${good[name]}"`).join(',')}\n`;
    expect(readDeviceList(complete(file).list).entries[0]?.secret).toBe(made);
  });
});

test('what is written is no formula for a spreadsheet', () => {
  const device = (deviceId: string, made: string | null) => ({ deviceId, meterId: 1, secret: made });
  const text = writeSecrets(
    [device('-dev', 'abc'), device('dev', null), device('x', '=1+1'), device('y', 'a"b')],
    true,
  );
  expect(text).toBe(`device_id,secret\n'-dev,abc\nx,'=1+1\ny,"a""b"\n`);
});

// Registers that become offers: read, refused by line and column, worked off in parts, handed out, ended.
import { beforeEach, describe, expect, test } from 'vitest';
import { importLimits } from '../../../src/identity/issuing/import-limits.ts';
import { createImportService } from '../../../src/identity/issuing/import-offers-service.ts';
import { createImportSecrets } from '../../../src/identity/issuing/import-secrets.ts';
import { sweepIdentity } from '../../../src/identity/sweep-service.ts';
import { inTransaction } from '../../../src/platform/postgres/database.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { identityCity } from '../../support/identity-city.ts';
import { inPieces, residentHeading, residentLine, residentRegister } from '../../support/register-file.ts';

const city = await identityCity();
const { pool, clock, publicUrl } = city;
const secrets = createImportSecrets('the-secret-of-the-service-in-tests');
const imports = createImportService({ pool, clock, random: systemRandom, secrets, publicUrl });
const nothingAlong = async (): Promise<void> => {};

const begin = (text: string, type = 'resident') => imports.beginImport({ type }, inPieces(text), nothingAlong);

async function workAll(): Promise<void> {
  while ((await imports.workOff()) !== null);
}

async function delivered(id: string) {
  const all = [];
  for await (const some of imports.deliveries(id)) all.push(...some);
  return all;
}

async function faultsOf(lines: (string | Uint8Array)[], type = 'resident') {
  const text = Buffer.concat(lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')])));
  const refusal = await imports.checkImport(type, inPieces(text)).then(
    () => null,
    (error: unknown) => error,
  );
  expect(refusal).toMatchObject({ code: 'IMPORT_INVALID' });
  const { faults } = (refusal as { members: { faults: { line: number; column: string; fault: string }[] } }).members;
  return faults;
}

beforeEach(async () => {
  clock.ahead_ms = 0;
  await pool.query(
    'TRUNCATE identity.offer_import, identity.offer_import_row, identity.offered_key, identity.offers CASCADE',
  );
});

describe('a register', () => {
  test('becomes an offer a row, each with its own link and code, which wallets take', async () => {
    const { id } = await begin(residentRegister(3));
    await workAll();
    expect(await imports.importOf(id)).toMatchObject({ state: 'done', rows: 3, offered: 3, known: 0, open: 3 });
    const deliveries = await delivered(id);
    expect(deliveries.map(({ key }) => key)).toEqual(['R-2026/0', 'R-2026/1', 'R-2026/2']);
    expect(new Set(deliveries.map(({ link }) => link)).size).toBe(3);
    const citizen = city.citizen();
    await citizen.takeOffer(deliveries[1]?.link ?? '', deliveries[1]?.tx_code ?? '');
    const [held] = await citizen.wallet.listCredentials();
    expect(held?.claims).toContainEqual(expect.objectContaining({ name: 'birth_date', value: '1941-02-02' }));
    expect(held?.claims).toContainEqual(expect.objectContaining({ name: 'age_over_65', value: true }));
    expect(await imports.importOf(id)).toMatchObject({ open: 2 });
    expect(await city.issuing.listIssued({ reference: 'R-2026/1' })).toHaveLength(1);
  });

  test('is of use to nobody without the code that goes another way', async () => {
    const { id } = await begin(residentRegister(2));
    await workAll();
    const [first, second] = await delivered(id);
    await expect(city.citizen().takeOffer(first?.link ?? '', second?.tx_code ?? '')).rejects.toMatchObject({
      code: 'TX_CODE_WRONG',
    });
  });

  test('may name its columns in either language and in any order, with a byte order mark', async () => {
    const text = '\ufeffbirth_date,Key,Family name,이름,address_district\n1990-05-17,A-1,김,나루,부산\n';
    expect(await imports.checkImport('resident', inPieces(text))).toEqual({ rows: 1, known: 0 });
  });

  test('of another type is read by that type: numbers and lists', async () => {
    const benefits = 'key,children,valid_until\nB-1,3,2099-12-31\n';
    expect(await imports.checkImport('household-benefit', inPieces(benefits))).toEqual({ rows: 1, known: 0 });
    const staff = 'key,duty,zones,until\nS-1,water_clerk,"haeundae, suyeong",2099-12-31\nS-2,auditor,,2099-12-31\n';
    expect(await imports.checkImport('utility-staff', inPieces(staff))).toEqual({ rows: 2, known: 0 });
  });

  test('of a water account is filed under its service point', async () => {
    const text = 'key,service_point,usage_class,role,from,until\nW-1,SP-9,domestic,owner,2026-01-01,\n';
    await begin(text, 'water-account');
    await workAll();
    expect(await city.offers.listOffers(['water-account'], null, 10)).toMatchObject([{ reference: 'SP-9' }]);
  });
});

describe('a register with faults', () => {
  test('is refused whole, with each fault by line, column, what and what to do, and no value', async () => {
    const faults = await faultsOf([
      residentHeading,
      residentLine(0),
      'R-2026/1,김,,1990-02-30,부산',
      '',
      'R-2026/0,김,나루,1990-05-17,900517-1234567',
      '900517-1234567,김,나루,1990-05-17,부산',
      'R-2026/4,김,나루,1990-05-17',
      `R-2026/5,${'김'.repeat(importLimits.cell_chars + 1)},나루,1990-05-17,부산`,
    ]);
    expect(faults.map(({ line, column, fault }) => [line, column, fault])).toEqual([
      [3, 'given_name', 'missing'],
      [3, 'birth_date', 'wrong_form'],
      [5, 'address_district', 'resident_number'],
      [6, 'key', 'wrong_form'],
      [7, null, 'cells'],
      [8, 'family_name', 'too_long'],
      [8, 'family_name', 'wrong_form'],
    ]);
    for (const fault of faults) expect(fault).toMatchObject({ message: { ko: /[가-힣]/, en: /\w/ } });
    expect(JSON.stringify(faults)).not.toMatch(/1990-02-30|900517|나루/);
  });

  test('names a key that stands there twice', async () => {
    expect(await faultsOf([residentHeading, residentLine(0), residentLine(1), residentLine(0)])).toMatchObject([
      { line: 4, column: 'key', fault: 'repeated' },
    ]);
  });

  test('counts the lines of a cell with line breaks', async () => {
    const faults = await faultsOf([residentHeading, 'R-1,김,"나\n루",1990-05-17,부산', 'R-2,김,나루,x,부산']);
    expect(faults).toMatchObject([{ line: 4, column: 'birth_date' }]);
  });

  test('does not repeat a first line that is no heading', async () => {
    const faults = await faultsOf(['R-1,김,나루,1990-05-17,부산']);
    expect(faults[0]).toMatchObject({ line: 1, column: '#1', fault: 'heading' });
    expect(JSON.stringify(faults)).not.toMatch(/나루|1990/);
  });

  test('has no column for what is worked out', async () => {
    const faults = await faultsOf([`${residentHeading},age_over_19`, `${residentLine(0)},true`]);
    expect(faults).toMatchObject([{ line: 1, column: '#6', fault: 'heading' }]);
  });

  test('may not be of another encoding, and says how to save it', async () => {
    const korean = Buffer.from([0xb0, 0xfc, 0xb8, 0xae, 0xb9, 0xf8, 0xc8, 0xa3]);
    expect(await faultsOf([korean])).toMatchObject([{ fault: 'not_utf8', message: { ko: /CSV UTF-8/ } }]);
  });

  test.each([
    ['a quotation mark without its partner', [residentHeading, 'R-1,"김,나루,1990-05-17,부산'], 'not_csv'],
    ['no rows', [residentHeading], 'empty'],
    ['nothing at all', [], 'empty'],
  ])('may not have %s', async (_what, lines, fault) => {
    expect(await faultsOf(lines)).toMatchObject([{ fault }]);
  });

  test('tells so many faults and no more', async () => {
    const lines = Array.from({ length: importLimits.faults + 50 }, (_unused, n) => `R-${n},김,나루,x,부산`);
    expect(await faultsOf([residentHeading, ...lines])).toHaveLength(importLimits.faults);
  });

  test('leaves nothing behind, also where the fault comes late', async () => {
    const text = `${residentRegister(2_500)}\r\nR-last,김,나루,x,부산`;
    await expect(begin(text)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    const { rows } = await pool.query('SELECT FROM identity.offer_import');
    const { rows: kept } = await pool.query('SELECT FROM identity.offer_import_row');
    expect([rows.length, kept.length]).toEqual([0, 0]);
  });
});

describe('imported again', () => {
  test('the same file is the import it was, and makes nothing twice', async () => {
    const first = await begin(residentRegister(5));
    await workAll();
    expect(await begin(residentRegister(5))).toEqual({ id: first.id, repeated: true });
    await workAll();
    expect(await city.offers.listOffers(['resident'], null, 100)).toHaveLength(5);
  });

  test('two at the same time are one import', async () => {
    const both = await Promise.all([begin(residentRegister(300)), begin(residentRegister(300))]);
    expect(new Set(both.map(({ id }) => id)).size).toBe(1);
    expect(both.map(({ repeated }) => repeated).sort()).toEqual([false, true]);
  });

  test('a longer file makes offers for its new rows alone', async () => {
    await begin(residentRegister(5));
    await workAll();
    expect(await imports.checkImport('resident', inPieces(residentRegister(8)))).toEqual({ rows: 8, known: 5 });
    const { id } = await begin(residentRegister(8));
    await workAll();
    expect(await imports.importOf(id)).toMatchObject({ rows: 8, offered: 3, known: 5 });
    expect((await delivered(id)).map(({ key }) => key)).toEqual(['R-2026/5', 'R-2026/6', 'R-2026/7']);
  });

  test('worked on by four at once, each row is offered once', async () => {
    const { id } = await begin(residentRegister(1_000));
    await Promise.all([workAll(), workAll(), workAll(), workAll()]);
    await workAll();
    expect(await imports.importOf(id)).toMatchObject({ state: 'done', offered: 1_000, open: 1_000 });
  });
});

describe('an import', () => {
  test('erases the claims of its rows as they become offers', async () => {
    await begin(residentRegister(2));
    await workAll();
    const { rows } = await pool.query('SELECT FROM identity.offer_import_row WHERE claims IS NOT NULL');
    expect(rows).toHaveLength(0);
  });

  test('keeps neither links nor codes: what the database holds and another secret give others', async () => {
    const { id } = await begin(residentRegister(1));
    await workAll();
    const [delivery] = await delivered(id);
    const { rows } = await pool.query(
      `SELECT (SELECT string_agg(row_to_json(o)::text, '') FROM identity.offers o)
           || (SELECT string_agg(row_to_json(i)::text, '') FROM identity.offer_import i) AS all`,
    );
    const handle =
      decodeURIComponent(delivery?.link ?? '')
        .split('/')
        .at(-1) ?? '';
    expect(rows[0].all).not.toContain(handle);
    expect(rows[0].all).not.toContain(Buffer.from(handle, 'base64url').toString('hex'));
    const thief = createImportService({
      ...{ pool, clock, publicUrl, random: systemRandom },
      secrets: createImportSecrets('another-secret-that-somebody-guessed'),
    });
    for await (const [guessed] of thief.deliveries(id)) expect(guessed?.link).not.toBe(delivery?.link);
  });

  test('cancelled makes no more offers, takes back those that nobody took, and may be imported anew', async () => {
    const { id } = await begin(residentRegister(importLimits.offersAtOnce + 50));
    await imports.workOff();
    expect(await imports.importOf(id)).toMatchObject({ state: 'running', offered: importLimits.offersAtOnce });
    expect(await delivered(id)).toEqual([]);
    await inTransaction(pool, (transaction) => imports.cancelImport(id, transaction));
    await workAll();
    expect(await imports.importOf(id)).toMatchObject({ state: 'cancelled', open: 0 });
    const cancelled = inTransaction(pool, (transaction) => imports.cancelImport(id, transaction));
    await expect(cancelled).rejects.toMatchObject({ code: 'CONFLICT' });
    const again = await begin(residentRegister(importLimits.offersAtOnce + 50));
    await workAll();
    expect(again.repeated).toBe(false);
    expect(await imports.importOf(again.id)).toMatchObject({ offered: importLimits.offersAtOnce + 50, known: 0 });
  });

  test('cancelled keeps the keys of offers that were taken', async () => {
    const { id } = await begin(residentRegister(2));
    await workAll();
    const [first] = await delivered(id);
    await city.citizen().takeOffer(first?.link ?? '', first?.tx_code ?? '');
    await inTransaction(pool, (transaction) => imports.cancelImport(id, transaction));
    expect(await imports.checkImport('resident', inPieces(residentRegister(2)))).toEqual({ rows: 2, known: 1 });
  });

  test('hands out nothing any more once its offers have ended', async () => {
    const { id } = await begin(residentRegister(2));
    await workAll();
    clock.ahead_ms = importLimits.offerLifetime_s * 1_000 + 1_000;
    await sweepIdentity(pool, clock);
    expect(await delivered(id)).toEqual([]);
    expect(await imports.importOf(id)).toMatchObject({ state: 'done', deliverable: false, open: 0 });
  });
});

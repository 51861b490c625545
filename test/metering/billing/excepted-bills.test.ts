// Bills of places with exceptions, through the real store: from the registry's list to the bill, its correction and its proof.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BillDocument } from '../../../src/metering/billing/bill-document.ts';
import { readBillFonts } from '../../../src/metering/billing/bill-font-port.ts';
import { billPaper } from '../../../src/metering/billing/bill-paper.ts';
import { correctedExceptionTexts, exceptionTexts } from '../../../src/metering/billing/bill-words.ts';
import { createBillsService } from '../../../src/metering/billing/bills-service.ts';
import { canonicalJson } from '../../../src/metering/billing/canonical-json.ts';
import { followExceptions } from '../../../src/metering/billing/follow-exceptions-service.ts';
import { importRegistry } from '../../../src/metering/meters/import-registry-service.ts';
import { checkPrice } from '../../../src/metering/proofs/check-price.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { shippedText } from '../../support/shipped-tariff.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const { place, daily, tell, start, bill, april } = house;
const bills = createBillsService(pool);
const may = { use_from: '2026-05-01', use_until: '2026-06-01', billed_on: '2026-06-10' };
const [water_won, sewer_won, levy_won, bore_won] = [850, 820, 170, 1_100];
const m3_won = water_won + sewer_won + levy_won;

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

/** Homes that use 1,000 l a day, from the last of February to June. */
async function home(...names: string[]): Promise<void> {
  await house.provision(names.map((name) => place(name)));
  await tell(names.flatMap((name) => daily(name, '2026-02-28', '2026-06-01', 0, 1_000)));
}

const enter = (...rows: string[]) =>
  importRegistry(
    { pool, clock: house.at.clock },
    'exceptions',
    ['service_point,kind,name,from_day,value,reason', ...rows].join('\n'),
    { dryRun: false, actor: Buffer.from('a session') },
  );

/** Until nothing is left to look at. */
async function follow(): Promise<number> {
  let corrections = 0;
  for (;;) {
    const followed = await followExceptions(pool, house.at);
    corrections += followed?.corrections ?? 0;
    if (followed?.entries === 0) return corrections;
  }
}

async function billsOf(name: string) {
  const listed = await bills.listBillsAt(`sp-${name}`, null, 50);
  const kept = await Promise.all(listed.reverse().map(({ bill_id }) => bills.getBill(bill_id)));
  return kept.map((one) => ({ ...one, told: JSON.parse(one.document) as BillDocument }));
}

async function lastOf(name: string): Promise<BillDocument> {
  const last = (await billsOf(name)).at(-1);
  if (last === undefined) throw new Error(`sp-${name} has no bill`);
  return last.told;
}

async function run(order: Parameters<typeof start>[0]): Promise<number> {
  const run_id = await start(order);
  await bill();
  return run_id;
}

/** By persons, and a change within the days divided as is said. */
const made = (divide: string) => ({
  name: 'made.yaml',
  text: `naru_tariff: 1
id: made
name: { ko: 시험, en: Made }
verified: true
sources: [{ document: made for a test, as_of: 2026-01-01 }]
classes: { domestic: { ko: 가정용, en: domestic }, general: { ko: 일반용, en: general } }
price_change: { divide: ${divide}, round: { to: 1, mode: down } }
counts: { persons: { name: { ko: 인원, en: persons } } }
components:
  - id: water
    kind: volume
    name: { ko: 물, en: Water }
    lines: [{ id: w, scale: [months, persons], tiers: [{ up_to_m3: 5, price: 100 }, { price: 1000 }] }]
  - id: sewer
    kind: volume
    optional: true
    name: { ko: 하수, en: Sewer }
    lines: [{ id: sd, classes: [domestic], price: 10 }, { id: sg, classes: [general], price: 30 }]
`,
});

describe('a place with an exception', () => {
  test('does not pay what it is without, and its bill says so in words, on paper and to whoever checks it', async () => {
    await home('dry', 'wet');
    await enter('sp-dry,without,sewer,2026-03-01,yes,정화조');
    await run({});
    const [dry, wet] = [await lastOf('dry'), await lastOf('wet')];
    expect(wet.payable_won).toBe(31 * m3_won + bore_won);
    expect(dry.payable_won).toBe(31 * (m3_won - sewer_won) + bore_won);
    expect(dry.components.map(({ id }) => id)).toEqual(['water', 'bore', 'levy']);
    expect(dry.terms.exceptions).toEqual({
      stretches: [{ from: '2026-03-01', without: ['sewer'], class_of: {}, counts: {} }],
      ...{ component_names: { sewer: { ko: '하수도 요금', en: 'Sewer' } }, count_names: {}, class_names: {} },
    });
    expect(wet.terms).not.toHaveProperty('exceptions');
    expect(exceptionTexts(dry.terms.exceptions)).toEqual([{ ko: '하수도 요금 없음', en: 'no charge for Sewer' }]);
    expect(exceptionTexts(wet.terms.exceptions)).toEqual([]);
    const [kept] = await billsOf('dry');
    expect(canonicalJson(dry)).toBe(kept?.document);
    const fonts = await readBillFonts();
    const paper = await billPaper(dry, 'ab'.repeat(32), fonts);
    const without = await billPaper({ ...dry, terms: { ...dry.terms, exceptions: undefined } as never }, 'ab', fonts);
    expect(paper.length).toBeGreaterThan(without.length);
  });

  test('is priced again by what its bill says, and no other way', async () => {
    const text = shippedText('gimhae-current');
    const dry = await lastOf('dry');
    expect(checkPrice(dry, text, sha256)).toEqual([]);
    const { exceptions: _hidden, ...terms } = dry.terms;
    const [hidden] = checkPrice({ ...dry, terms }, text, sha256);
    expect(hidden?.says.en).toMatch(/^Sewer: the bill says nothing won, worked out again it is 25420/);
  });

  test('that changes within the period is charged by its last day where the tariff says no more', async () => {
    await home('moved', 'later');
    await enter('sp-moved,without,sewer,2026-04-30,yes,', 'sp-later,without,sewer,2026-05-01,yes,');
    await run(april);
    expect((await lastOf('moved')).payable_won).toBe(30 * (m3_won - sewer_won) + bore_won);
    expect((await lastOf('later')).payable_won).toBe(30 * m3_won + bore_won);
  });

  test.each(['by_days', 'by_use'])(
    'that changes within the period is divided %s where the tariff says so',
    async (divide) => {
      const name = divide.replace('_', '-');
      await house.provision([place(name)]);
      await tell([
        ...daily(name, '2026-02-28', '2026-03-11', 0, 2_000),
        { serial: name, at: '2026-04-02', register_l: 22_000 + 22 * 500 },
      ]);
      await enter(
        `sp-${name},count,persons,2026-01-01,2,`,
        `sp-${name},without,sewer,2026-03-11,yes,`,
        `sp-${name},class_of,sewer,2026-01-01,general,`,
      );
      await run({ tariff: made(divide) });
      const told = await lastOf(name);
      // 20 m3 in ten days, 10.5 in the other 21: by days 30 × 10/31 = 9 of them, by use 20.
      const before_m3 = divide === 'by_use' ? 20 : 9;
      expect(told.use.volume_l).toBe(30_500);
      expect(told.total_won).toBe(10 * 100 + 20 * 1_000 + before_m3 * 30);
      expect(told.terms.measured?.map(({ volume_l }) => volume_l) ?? null).toEqual(
        divide === 'by_use' ? [20_000, 10_500] : null,
      );
      expect(exceptionTexts(told.terms.exceptions).map(({ ko }) => ko)).toEqual([
        '2026-03-01부터 하수: 일반용 요율',
        '2026-03-01부터 인원 2',
        '2026-03-11부터 하수 없음',
        '2026-03-11부터 인원 2',
      ]);
      expect(checkPrice(told, made(divide).text, sha256)).toEqual([]);
    },
  );

  test('that the tariff does not have is held, and billed when it is mended', async () => {
    await home('typo');
    await enter('sp-typo,without,sewr,2026-01-01,yes,');
    const run_id = await run({});
    const held = (await bills.listHeld(run_id, '', 50)).find((one) => one.service_point_id === 'sp-typo');
    expect(held).toMatchObject({
      reason: 'unknown_exception',
      detail:
        "without: there is no component 'sewr'; there are water, sewer, bore, levy; correct the place's exception, or end it from the day on that this tariff holds",
    });
    expect(await billsOf('typo')).toEqual([]);
    await enter('sp-typo,without,sewr,2026-01-01,-,');
    await run({});
    expect((await lastOf('typo')).payable_won).toBe(31 * m3_won + bore_won);
  });

  test('without a number that the tariff goes by is held until it is entered', async () => {
    await home('heads');
    const run_id = await run({ tariff: made('by_days') });
    const held = (await bills.listHeld(run_id, '', 50)).find((one) => one.service_point_id === 'sp-heads');
    expect(held?.detail).toMatch(/goes by 'persons', which is not given; .* enter it for the place$/);
    await enter('sp-heads,count,persons,2026-03-01,3,');
    await run({ tariff: made('by_days') });
    expect((await lastOf('heads')).total_won).toBe(15 * 100 + 16 * 1_000 + 31 * 10);
  });
});

describe('an exception that is entered late', () => {
  test('corrects the bills whose days it is for, and those only; what was charged stays readable', async () => {
    await home('late', 'other');
    await run({});
    await run(april);
    const before = await billsOf('late');
    await enter('sp-late,without,sewer,2026-04-01,yes,');
    expect(await follow()).toBe(1);
    expect(await follow()).toBe(0);
    await run(may);
    const told = await lastOf('late');
    expect(told.corrections).toEqual([
      {
        ...{ bill: '20260401-sp-late', version_before: 1, version_after: 1, amount_won: -30 * sewer_won },
        ...{ volume_before_l: 30_000, volume_after_l: 30_000 },
        tariff: { id: 'gimhae-current', sha256: told.tariff.sha256 },
        exceptions: {
          before: null,
          after: {
            ...told.terms.exceptions,
            stretches: [{ from: '2026-04-01', without: ['sewer'], class_of: {}, counts: {} }],
          },
        },
        lines: [{ component: 'sewer', name: { ko: '하수도 요금', en: 'Sewer' }, amount_won: -30 * sewer_won }],
      },
    ]);
    expect(told.corrections.flatMap(correctedExceptionTexts)).toEqual([
      { ko: '수용가 예외: 예외 없음 → 하수도 요금 없음', en: 'exceptions: no exception → no charge for Sewer' },
    ]);
    expect(told.payable_won).toBe(31 * (m3_won - sewer_won) + bore_won - 30 * sewer_won);
    expect((await lastOf('other')).corrections).toEqual([]);
    expect((await billsOf('late')).slice(0, 2).map(({ document }) => document)).toEqual(
      before.map(({ document }) => document),
    );
  });

  test('and is taken back before the next bill corrects nothing, and afterwards what was corrected', async () => {
    await home('back');
    await run({});
    await enter('sp-back,without,sewer,2026-03-01,yes,');
    expect(await follow()).toBe(1);
    await enter('sp-back,without,sewer,2026-03-01,-,');
    expect(await follow()).toBe(0);
    const due = `SELECT FROM metering.correction_due WHERE service_point_id = 'sp-back'`;
    expect((await pool.query(due)).rowCount).toBe(0);
    await enter('sp-back,without,sewer,2026-03-01,yes,again');
    await follow();
    await run(april);
    expect((await lastOf('back')).corrections).toMatchObject([{ amount_won: -31 * sewer_won }]);
    await enter('sp-back,without,sewer,2026-03-01,-,again');
    expect(await follow()).toBe(2);
    await run(may);
    const told = await lastOf('back');
    expect(told.corrections.map(({ bill: number, amount_won }) => [number, amount_won])).toEqual([
      ['20260301-sp-back', 31 * sewer_won],
      ['20260401-sp-back', 30 * sewer_won],
    ]);
    expect(told.corrections[0]?.exceptions).toMatchObject({ after: null, before: { stretches: [{}] } });
  });

  test('beside a late reading is one correction, priced by both', async () => {
    await house.provision([place('both')]);
    await tell([
      ...daily('both', '2026-02-28', '2026-03-20', 0, 1_000),
      { serial: 'both', at: '2026-04-20', register_l: 51_000 },
      { serial: 'both', at: '2026-06-01', register_l: 60_000 },
    ]);
    await run({});
    await house.follow();
    await tell([{ serial: 'both', at: '2026-04-01', register_l: 35_000 }]);
    await enter('sp-both,without,sewer,2026-03-10,yes,');
    expect((await house.follow())?.corrections).toBe(1);
    expect(await follow()).toBe(0);
    await run(april);
    expect((await lastOf('both')).corrections).toMatchObject([
      { version_before: 1, version_after: 2, amount_won: 3 * (water_won + levy_won) - 31 * sewer_won },
    ]);
  });

  test('that came with a later tariff says nothing of a bill by an earlier one', async () => {
    await home('newer');
    await run({});
    await enter('sp-newer,count,persons,2026-03-01,4,');
    expect(await follow()).toBe(0);
    await run({ ...april, tariff: made('by_days') });
    expect(await lastOf('newer')).toMatchObject({ corrections: [], total_won: 20 * 100 + 10 * 1_000 + 30 * 10 });
  });
});

describe('what was entered', () => {
  test('never changes, says who entered it and why, and gives way to what is entered for the same day', async () => {
    await house.provision([place('kept')]);
    await enter('sp-kept,count,persons,2026-01-01,3,신고');
    await enter('sp-kept,count,persons,2026-01-01,3,again');
    await enter('sp-kept,count,persons,2026-01-01,4,');
    const { rows } = await pool.query(
      `SELECT value, reason, recorded_by FROM metering.place_exception WHERE service_point_id = 'sp-kept' ORDER BY exception_id`,
    );
    expect(rows).toEqual([
      { value: '3', reason: '신고', recorded_by: Buffer.from('a session') },
      { value: '4', reason: null, recorded_by: Buffer.from('a session') },
    ]);
    for (const change of ['UPDATE metering.place_exception SET value = NULL', 'DELETE FROM metering.place_exception'])
      await expect(pool.query(change)).rejects.toThrow('an exception of a place never changes');
  });
});

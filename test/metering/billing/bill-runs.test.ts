// Bill runs through the real store: one bill of a place and period, held places, kills, late readings, credits, reductions.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BillDocument } from '../../../src/metering/billing/bill-document.ts';
import { requestOf } from '../../../src/metering/billing/bill-document.ts';
import { createBillsService } from '../../../src/metering/billing/bills-service.ts';
import { canonicalJson } from '../../../src/metering/billing/canonical-json.ts';
import { priceUse } from '../../../src/metering/billing/price-use.ts';
import { pricedJson } from '../../../src/metering/billing/priced-json.ts';
import { readTariff } from '../../../src/metering/billing/read-tariff.ts';
import { workOffBillRun } from '../../../src/metering/billing/work-off-bill-run-service.ts';
import { editReading } from '../../../src/metering/validation/edit-reading-service.ts';
import { estimateUse } from '../../../src/metering/validation/estimate-use-service.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { shippedText } from '../../support/shipped-tariff.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const { place, daily, tell, start, bill, follow, april } = house;
const bills = createBillsService(pool);
const may = { use_from: '2026-05-01', use_until: '2026-06-01', billed_on: '2026-06-10' };
const m3_won = 850 + 820 + 170;

/** The place's bills as they were kept, the first first. */
async function billsOf(servicePoint: string): Promise<{ id: number; text: string; document: BillDocument }[]> {
  const listed = await bills.listBillsAt(servicePoint, null, 50);
  const kept = await Promise.all(listed.reverse().map(({ bill_id }) => bills.getBill(bill_id)));
  return kept.map(({ bill_id, document }) => ({ id: bill_id, text: document, document: JSON.parse(document) }));
}

async function lastOf(servicePoint: string): Promise<BillDocument> {
  const last = (await billsOf(servicePoint)).at(-1);
  if (last === undefined) throw new Error(`${servicePoint} has no bill`);
  return last.document;
}

/** A part whose bills are written already loses its connection before it can say how far the run is. */
async function killedAtTheEndOf(run_id: number): Promise<void> {
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query('SELECT FROM metering.bill_run WHERE run_id = $1 FOR NO KEY UPDATE', [run_id]);
  const part = workOffBillRun(pool, house.at, 2);
  const outcome = expect(part).rejects.toThrow();
  // Outside the transaction that holds the row: within one, what the others are at is told as it was at first.
  await expect
    .poll(
      async () => {
        const killed = await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE metering.bill_run%'`,
        );
        return killed.rowCount;
      },
      { timeout: 60_000 },
    )
    .toBe(1);
  await outcome;
  await other.query('ROLLBACK');
  other.release();
}

describe('a bill run', () => {
  test('bills each place by the use that its registers tell, and holds those it can not tell of', async () => {
    await house.provision([place('1'), place('2'), place('3'), place('4')]);
    await tell([
      ...daily('1', '2026-02-28', '2026-06-01', 1_000, 900),
      ...daily('2', '2026-02-28', '2026-03-20', 5_000, 100),
      ...daily('4', '2026-02-28', '2026-06-01', 0, 333),
    ]);
    const run_id = await start({});
    await bill();
    expect(await bills.getRun(run_id)).toMatchObject({
      ...{
        state: 'done',
        tariff: 'gimhae-current',
        places: 4,
        billed: 2,
        held: 2,
        billed_before: 0,
        due_on: '2026-04-30',
      },
    });
    expect(await bills.listHeld(run_id, '', 10)).toEqual([
      {
        ...{ service_point_id: 'sp-2', reason: 'no_reading', detail: '288 h from 2026-03-20', bill_id: null },
        fault: { code: 'hours_untold', data: { hours: 288, from: '2026-03-20' } },
      },
      {
        ...{ service_point_id: 'sp-3', reason: 'no_reading', detail: '744 h from 2026-03-01', bill_id: null },
        fault: { code: 'hours_untold', data: { hours: 744, from: '2026-03-01' } },
      },
    ]);
    const document = await lastOf('sp-1');
    expect(document).toMatchObject({
      ...{ number: '20260301-sp-1', service_point: 'sp-1', due_on: '2026-04-30', verified: true },
      use: { version: 1, volume_l: 27_900, estimated_l: 0 },
      payable_won: 27 * m3_won + 1_100,
    });
  });

  test('keeps of a bill its canonical bytes, their hash, and what it takes to work it out again [RFC 8785]', async () => {
    const [first] = await billsOf('sp-1');
    if (first === undefined) throw new Error('no bill');
    const { document, text, id } = first;
    expect(canonicalJson(document)).toBe(text);
    const kept = await bills.followBill(id);
    expect(createHash('sha256').update(text).digest('hex')).toBe(kept.document_sha256);
    expect(createHash('sha256').update(kept.tariff_text).digest('hex')).toBe(document.tariff.sha256);
    const priced = pricedJson(priceUse(readTariff(kept.tariff_text, 'kept'), requestOf(document)));
    expect(document).toMatchObject(priced);
    const { at_line, text: line } = kept.lines.get('water-domestic') ?? { at_line: 0, text: '' };
    expect(line).toBe('{ id: water-domestic, classes: [domestic], price: 850 }');
    expect(kept.tariff_text.split('\n')[at_line - 1]).toContain(line);
    expect(kept.versions).toMatchObject([{ version: 1, volume_l: 27_900, parts: [{ from: '2026-03-01' }] }]);
    expect(kept.versions[0]?.parts[0]?.days_l).toEqual(Array(31).fill(900));
  });

  test('started again bills what was held if it can, and nothing twice', async () => {
    await tell([{ serial: '2', at: '2026-04-01T06:00', register_l: 8_200 }]);
    const again = await start({});
    await bill();
    expect(await bills.getRun(again)).toMatchObject({ places: 4, billed: 1, billed_before: 2, held: 1 });
    expect((await billsOf('sp-1')).length).toBe(1);
    expect(await bills.listHeld(1, '', 10)).toMatchObject([
      { service_point_id: 'sp-2', bill_id: 3 },
      { bill_id: null },
    ]);
    const [version] = (await bills.followBill(3)).versions;
    expect((await lastOf('sp-2')).use.volume_l).toBe(version?.parts[0]?.days_l.reduce((sum, day_l) => sum + day_l));
  });

  test('for other days of a period that is billed holds the place', async () => {
    const run_id = await start({ use_from: '2026-03-15', use_until: '2026-04-15', billed_on: '2026-04-20' });
    await bill();
    expect((await bills.listHeld(run_id, '', 10))[0]).toMatchObject({
      ...{ service_point_id: 'sp-1', reason: 'overlaps_bill', bill_id: null },
      detail: 'bill 20260301-sp-1 is for days from 2026-03-01 until 2026-04-01',
      fault: { code: 'other_days', data: { bill: '20260301-sp-1', from: '2026-03-01', until: '2026-04-01' } },
    });
  });

  test('waits for readings that were there when it was started, and goes on after a kill without doubling a bill', async () => {
    const places = Array.from({ length: 7 }, (_, at) => place(`k${at}`));
    await house.provision(places);
    await tell(places.flatMap((_, at) => daily(`k${at}`, '2026-02-28', '2026-04-02', 0, 100 + at)));
    await pool.query(`INSERT INTO metering.touched (meter_ids, from_hours, to_hours) VALUES ('{1}', '{1}', '{1}')`);
    const run_id = await start({});
    expect(await workOffBillRun(pool, house.at)).toMatchObject({ run_id: null });
    await house.workOff();
    await workOffBillRun(pool, house.at, 6);
    expect(await bills.getRun(run_id)).toMatchObject({ state: 'running', billed: 2, billed_before: 3, held: 1 });
    await killedAtTheEndOf(run_id);
    expect(await bills.getRun(run_id)).toMatchObject({ state: 'running', billed: 2, billed_before: 3, held: 1 });
    await bill(3);
    expect(await bills.getRun(run_id)).toMatchObject({ state: 'done', billed: 7, billed_before: 3, held: 1 });
    const { rows } = await pool.query('SELECT count(*) FROM metering.bill');
    expect(rows).toEqual([{ count: 10 }]);
  });

  test('is worked off by one copy at a time', async () => {
    const other = await pool.connect();
    await other.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('naru.metering.billing'))`);
    expect(await workOffBillRun(pool, house.at)).toBeNull();
    expect(await follow()).toBeNull();
    await other.query('ROLLBACK');
    other.release();
  });

  test('of a zone bills the places in it and in the zones within, at the end of the period', async () => {
    await pool.query(`
      INSERT INTO metering.zone (zone_id, name, parent_zone_id)
      VALUES ('west', 'West', NULL), ('west-1', 'West 1', 'west'), ('east', 'East', NULL)`);
    const inZone = (serial: string, zoneId: string) =>
      place(serial, { servicePoint: { id: `sp-${serial}`, zoneId, zoneName: zoneId, usageClass: 'domestic' } });
    await house.provision([inZone('w', 'west-1'), inZone('e', 'east')]);
    await tell([...daily('w', '2026-02-28', '2026-04-02', 0, 10), ...daily('e', '2026-02-28', '2026-04-02', 0, 10)]);
    const run_id = await start({ zone: 'west' });
    await bill();
    expect(await bills.getRun(run_id)).toMatchObject({ places: 1, billed: 1 });
    expect(await billsOf('sp-e')).toEqual([]);
  });

  test('holds a place that the tariff has no price for, and says which', async () => {
    const wide = place('wide');
    await house.provision([{ ...wide, meter: { ...wide.meter, bore_mm: 20 } }]);
    await tell(daily('wide', '2026-02-28', '2026-04-02', 0, 10));
    const run_id = await start({});
    await bill();
    const held = await bills.listHeld(run_id, '', 10);
    expect(held.find((one) => one.service_point_id === 'sp-wide')).toMatchObject({
      ...{ reason: 'no_price', detail: "component 'bore' has no 20 mm; it has 13, 100 mm" },
      fault: { code: 'bore_without_amount', data: { component: 'bore', bore: 20, bores: '13, 100' } },
    });
  });

  test.each([
    [{ use_until: '2026-03-01' }, 'use_until: 2026-03-01 is not after 2026-03-01'],
    [{ use_until: '2026-07-01' }, 'use_until: 2026-06-30 has not passed yet; today is 2026-06-20'],
    [{ use_from: '2026-02-30' }, "use_from: '2026-02-30' is not a date"],
    [{ due_on: '2026-04-09' }, "due_on: 2026-04-09 is before the bills' date, 2026-04-10"],
    [{ zone: 'nowhere' }, 'zone: there is no such zone'],
    [{ months: 0.5 }, 'months: 0.5 is not a whole number from 1 to 24'],
    [{ tariff: { name: 'city.yaml', text: 'naru_tariff: 2' } }, 'city.yaml:1:14 naru_tariff'],
  ])('is refused where it is asked for %o', async (given, said) => {
    await expect(start(given)).rejects.toThrow(said);
  });
});

describe('a late reading', () => {
  test('that tells what was known already makes no other version', async () => {
    await follow();
    const [first] = await billsOf('sp-4');
    expect(first?.document.use).toEqual({ version: 1, volume_l: 31 * 333, estimated_l: 0 });
    await tell([{ serial: '4', at: '2026-03-31T23:00', register_l: 32 * 333 - 14 + 1 }]);
    await tell([{ serial: '4', at: '2026-03-10T12:00', register_l: 333 * 10 + 166 }]);
    expect(await follow()).toMatchObject({ corrections: 0 });
    expect((await bills.followBill(first?.id ?? 0)).versions).toHaveLength(1);
  });

  test('that moves use over the end of the period is corrected by component', async () => {
    await house.provision([place('late')]);
    await tell([
      ...daily('late', '2026-02-28', '2026-03-20', 0, 1_000),
      { serial: 'late', at: '2026-04-20', register_l: 51_000 },
      { serial: 'late', at: '2026-06-01', register_l: 60_000 },
    ]);
    await start({});
    await bill();
    await follow();
    const [first] = await billsOf('sp-late');
    expect(first?.document.use.volume_l).toBe(31_000);
    await tell([{ serial: 'late', at: '2026-04-01', register_l: 35_000 }]);
    expect(await follow()).toMatchObject({ corrections: 1 });
    expect(await follow()).toEqual({ days: 0, corrections: 0 });
    await start(april);
    await bill();
    const next = await lastOf('sp-late');
    expect(next.corrections).toEqual([
      {
        ...{ bill: '20260301-sp-late', version_before: 1, version_after: 2 },
        ...{ volume_before_l: 31_000, volume_after_l: 34_000, amount_won: 3 * m3_won },
        tariff: { id: 'gimhae-current', sha256: first?.document.tariff.sha256 },
        lines: [
          { component: 'water', name: { ko: '상수도 요금', en: 'Water' }, amount_won: 3 * 850 },
          { component: 'sewer', name: { ko: '하수도 요금', en: 'Sewer' }, amount_won: 3 * 820 },
          { component: 'levy', name: { ko: '물이용부담금', en: 'Water-use levy' }, amount_won: 3 * 170 },
        ],
      },
    ]);
    expect(next.payable_won).toBe(next.total_won + 3 * m3_won);
    const [again] = await billsOf('sp-late');
    expect(again?.text).toBe(first?.text);
    const followed = await bills.followBill(first?.id ?? 0);
    expect(followed.corrected_by).toMatchObject([{ number: next.number, amount_won: 3 * m3_won, version_after: 2 }]);
    expect(followed.versions.map(({ volume_l }) => volume_l)).toEqual([31_000, 34_000]);
  });

  test('after another is corrected from what was charged last, so that corrections add up', async () => {
    await tell([{ serial: 'late', at: '2026-03-31T12:00', register_l: 24_500 }]);
    await tell([{ serial: 'late', at: '2026-03-30', register_l: 21_000 }]);
    await follow();
    const before = await billsOf('sp-late');
    await start(may);
    await bill();
    const next = await lastOf('sp-late');
    const [march] = await billsOf('sp-late');
    const versions = (await bills.followBill(march?.id ?? 0)).versions;
    const known = versions.at(-1);
    const ofMarch = next.corrections.find(({ bill: number }) => number === '20260301-sp-late');
    expect(ofMarch).toMatchObject({ version_before: 2, version_after: known?.version, volume_before_l: 34_000 });
    const tariff = readTariff(shippedText('gimhae-current'), 'shipped');
    const request = requestOf(march?.document as BillDocument);
    const worth = (volume_l: number) => priceUse(tariff, { ...request, volume_l }).total.amount_won;
    const charged = march?.document.total_won ?? 0;
    expect(charged + 3 * m3_won + (ofMarch?.amount_won ?? 0)).toBe(worth(known?.volume_l ?? 0));
    expect((await billsOf('sp-late')).slice(0, 2).map(({ text }) => text)).toEqual(before.map(({ text }) => text));
  });

  test('that takes more than is due leaves credit, which the bill after takes off', async () => {
    await house.provision([place('credit')]);
    await tell([
      ...daily('credit', '2026-02-28', '2026-03-02', 0, 10),
      { serial: 'credit', at: '2026-04-20', register_l: 100_000 },
      { serial: 'credit', at: '2026-06-01', register_l: 100_000 },
    ]);
    await start({});
    await bill();
    await follow();
    await tell([{ serial: 'credit', at: '2026-04-01', register_l: 1_000 }]);
    await follow();
    await tell([{ serial: 'credit', at: '2026-04-19', register_l: 99_000 }]);
    await follow();
    const charged = (await lastOf('sp-credit')).total_won;
    await start(april);
    await bill();
    const second = await lastOf('sp-credit');
    await start(may);
    await bill();
    const third = await lastOf('sp-credit');
    expect(third.credit_won).toBe(second.credit_left_won);
    const known = charged + second.corrections.reduce((sum, { amount_won }) => sum + amount_won, 0);
    expect(known).toBe(0 * m3_won + 1_100);
    const paid = charged + second.payable_won + third.payable_won - third.credit_left_won;
    expect(paid).toBe(known + second.total_won + third.total_won);
  });
});

describe('an edit or an estimate', () => {
  const by = { actor: null, rule: null };
  const edit = async (serial: string, local: string, deed: 'void' | 'replace', register_l: number | null) => {
    const { rows } = await pool.query('SELECT meter_id FROM metering.meter WHERE serial = $1', [serial]);
    const wanted = { meterId: rows[0].meter_id, at_ms: house.instant_ms(local), deed, register_l, reason: 'a test' };
    await editReading({ pool, ...house.at }, wanted, by);
    await house.workOff();
    return follow();
  };

  test('of a billed period is charged with the next bill, and so is a reading taken away', async () => {
    await house.provision([place('edited')]);
    await tell([
      ...daily('edited', '2026-02-28', '2026-03-10', 0, 1_000),
      { serial: 'edited', at: '2026-04-01', register_l: 41_000 },
      { serial: 'edited', at: '2026-05-01', register_l: 51_000 },
      { serial: 'edited', at: '2026-06-01', register_l: 61_000 },
    ]);
    await start({});
    await bill();
    expect((await lastOf('sp-edited')).use.volume_l).toBe(40_000);
    expect(await edit('edited', '2026-04-01', 'replace', 36_000)).toMatchObject({ corrections: 1 });
    await start(april);
    await bill();
    const second = await lastOf('sp-edited');
    expect(second.use.volume_l).toBe(15_000);
    expect(second.corrections).toMatchObject([
      { volume_before_l: 40_000, volume_after_l: 35_000, amount_won: -5 * m3_won },
    ]);
    // Nothing is told of 1 April any more: what passed between 10 March and 1 May is spread over both months.
    expect(await edit('edited', '2026-04-01', 'void', null)).toMatchObject({ corrections: 2 });
    await start(may);
    await bill();
    const third = await lastOf('sp-edited');
    const [march, ofApril] = third.corrections;
    expect(march).toMatchObject({ bill: '20260301-sp-edited', volume_before_l: 35_000 });
    expect(ofApril).toMatchObject({ bill: '20260401-sp-edited', volume_before_l: 15_000 });
    expect((march?.volume_after_l ?? 0) + (ofApril?.volume_after_l ?? 0)).toBe(50_000);
  });

  test('fills what is missing of a held place, and gives way to what is measured after all', async () => {
    await house.provision([place('guess')]);
    await tell(daily('guess', '2026-02-01', '2026-03-31', 0, 1_000));
    const held = await start({});
    await bill();
    expect((await bills.listHeld(held, 'sp-g', 1))[0]).toMatchObject({
      reason: 'no_reading',
      detail: '24 h from 2026-03-31',
    });
    const { rows } = await pool.query(`SELECT install_id FROM metering.install WHERE service_point_id = 'sp-guess'`);
    const wanted = {
      installId: rows[0].install_id,
      from: '2026-03-31',
      to: '2026-03-31',
      sum_l: 4_000,
      reason: 'a test',
    };
    await estimateUse({ pool, ...house.at }, wanted, by);
    await follow();
    await start({});
    await bill();
    expect((await lastOf('sp-guess')).use).toEqual({ version: 1, volume_l: 34_000, estimated_l: 4_000 });
    await tell([{ serial: 'guess', at: '2026-04-01', register_l: 59_500 }]);
    expect(await follow()).toMatchObject({ corrections: 1 });
    const [first] = await billsOf('sp-guess');
    expect((await bills.followBill(first?.id ?? 0)).versions).toMatchObject([
      { volume_l: 34_000, estimated_l: 4_000 },
      { volume_l: 31_500, estimated_l: 0 },
    ]);
  });
});

describe('a bill', () => {
  test('can not be changed or taken away, whoever tries', async () => {
    await expect(pool.query('UPDATE metering.bill SET payable_won = 0')).rejects.toThrow('a bill never changes');
    await expect(pool.query('DELETE FROM metering.bill')).rejects.toThrow('a bill never changes');
  });

  test('has the reduction whose predicate is proven on the last day of use, and no longer once it ends', async () => {
    const text = shippedText('gimhae-current').concat(
      '  - id: welfare\n    kind: reduction\n    name: { ko: 감면, en: Benefit }\n    predicate: household-benefit\n',
      '    of: [water]\n    lines:\n      - { id: welfare-half, percent: 50 }\n',
    );
    const tariff = { name: 'welfare.yaml', text };
    await house.provision([place('benefit')]);
    await tell(daily('benefit', '2026-02-28', '2026-06-01', 0, 1_000));
    await pool.query(`
      INSERT INTO metering.proven_predicate (service_point_id, name, from_day, until_day, recorded_at)
      VALUES ('sp-benefit', 'household-benefit', '2026-03-31', '2026-05-31', now())`);
    for (const period of [{}, april, may]) {
      await start({ ...period, tariff });
      await bill();
    }
    const documents = (await billsOf('sp-benefit')).map(({ document }) => document);
    expect(documents.map(({ terms }) => terms.proven)).toEqual([['household-benefit'], ['household-benefit'], []]);
    expect(documents.map(({ total_won }) => total_won)).toEqual([
      31 * m3_won + 1_100 - (31 * 850) / 2,
      30 * m3_won + 1_100 - (30 * 850) / 2,
      31 * m3_won + 1_100,
    ]);
  });

  test('by a tariff that divides by use has the use on each side of a change', async () => {
    const text = `naru_tariff: 1
id: made
name: { ko: 시험, en: Made }
verified: true
sources: [{ document: made for a test, as_of: 2026-01-01 }]
classes: { domestic: { ko: 가정용, en: domestic } }
price_change: { divide: by_use, round: { to: 1, mode: down } }
components:
  - id: water
    kind: volume
    name: { ko: 물, en: Water }
    lines:
      - { id: old, use_until: 2026-03-11, price: 100 }
      - { id: new, use_from: 2026-03-11, price: 1000 }
`;
    await house.provision([place('change')]);
    await tell([
      ...daily('change', '2026-02-28', '2026-03-11', 0, 2_000),
      { serial: 'change', at: '2026-04-02', register_l: 22_000 + 22 * 1_000 },
    ]);
    await start({ tariff: { name: 'made.yaml', text } });
    await bill();
    const document = await lastOf('sp-change');
    expect(document.terms.measured).toEqual([
      { from: '2026-03-01', until: '2026-03-11', volume_l: 20_000 },
      { from: '2026-03-11', until: '2026-04-01', volume_l: 21_000 },
    ]);
    expect(document.total_won).toBe(20 * 100 + 21 * 1_000);
  });
});

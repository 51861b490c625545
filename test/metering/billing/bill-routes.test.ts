// Bill runs and bills over HTTP, and the command: for staff alone, with clear refusals; the paper has its letters inside.
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { billRunCommand } from '../../../src/cli/bill-run-command.ts';
import { type CommandIo, runCommand } from '../../../src/cli/command-io.ts';
import { billRoutes } from '../../../src/metering/billing/bill-routes.ts';
import { billRunRoutes } from '../../../src/metering/billing/bill-run-routes.ts';
import { createBillsService } from '../../../src/metering/billing/bills-service.ts';
import { shippedTariffNames, shippedTariffText } from '../../../src/metering/billing/shipped-tariff-port.ts';
import { startBillRun } from '../../../src/metering/billing/start-bill-run-service.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { billedPlaces } from '../../support/billed-places.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool, url } = await testDatabase();
const house = await billedPlaces(pool, 'Asia/Seoul', '2026-06-20');
const bills = createBillsService(pool);
const requireStaff = async (request: { headers: Record<string, unknown> }) => {
  if (request.headers.cookie !== 'staff') throw problem('NOT_SIGNED_IN');
};
const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
  routes: [
    billRunRoutes({
      ...{ bills, requireStaff, actorOf: () => Buffer.alloc(32, 7) },
      startRun: (order) => startBillRun({ pool, ...house.at }, order),
      shippedTariffs: { names: shippedTariffNames, text: shippedTariffText },
    }),
    billRoutes(bills, requireStaff),
  ],
});
afterAll(() => server.close());

const staff = { cookie: 'staff' };
const get = (path: string) => server.inject({ method: 'GET', url: path, headers: staff });
const post = (payload: object) =>
  server.inject({ method: 'POST', url: '/api/utility/bill-runs', headers: staff, payload });
const order = { tariff: 'gimhae-current', ...house.march };

await house.provision([house.place('1'), house.place('2'), house.place('3')]);
await house.tell([
  ...house.daily('1', '2026-02-28', '2026-04-02', 0, 1_000),
  ...house.daily('2', '2026-02-28', '2026-04-02', 0, 500),
]);

describe('bill runs over HTTP', () => {
  test.each([
    ['GET', '/api/utility/tariffs'],
    ['GET', '/api/utility/bill-runs'],
    ['POST', '/api/utility/bill-runs'],
    ['GET', '/api/utility/bill-runs/1'],
    ['GET', '/api/utility/bill-runs/1/held'],
    ['GET', '/api/utility/bill-runs/1/bills'],
    ['GET', '/api/utility/service-points/sp-1/bills'],
    ['GET', '/api/utility/bills/1'],
    ['GET', '/api/utility/bills/1/document'],
    ['GET', '/api/utility/bills/1/paper'],
  ] as const)('%s %s is for staff alone', async (method, path) => {
    const payload = method === 'POST' ? { payload: order } : {};
    expect((await server.inject({ method, url: path, ...payload })).statusCode).toBe(401);
  });

  test('are started by a shipped tariff, watched, and followed to their bills page by page', async () => {
    expect((await get('/api/utility/tariffs')).json().tariffs).toContain('gimhae-current');
    const started = await post(order);
    expect(started.statusCode).toBe(201);
    expect(started.json()).toMatchObject({ id: 1, state: 'waiting', places: 3, billed: 0, tariff: 'gimhae-current' });
    await house.bill();
    expect((await get('/api/utility/bill-runs/1')).json()).toMatchObject({ state: 'done', billed: 2, held: 1 });
    expect((await get('/api/utility/bill-runs')).json().runs).toHaveLength(1);
    const fault = { code: 'hours_untold', data: { hours: 744, from: '2026-03-01' } };
    expect((await get('/api/utility/bill-runs/1/held')).json()).toEqual({
      held: [{ service_point: 'sp-3', reason: 'no_reading', detail: '744 h from 2026-03-01', bill_id: null, fault }],
      next_cursor: null,
    });
    const first = (await get('/api/utility/bill-runs/1/bills?limit=1')).json();
    expect(first.bills).toMatchObject([{ number: '20260301-sp-1', volume_l: 31_000 }]);
    const rest = (await get(`/api/utility/bill-runs/1/bills?limit=2&cursor=${first.next_cursor}`)).json();
    expect(rest).toMatchObject({ bills: [{ number: '20260301-sp-2' }], next_cursor: null });
    expect((await get('/api/utility/service-points/sp-2/bills')).json().bills).toHaveLength(1);
    const { rows } = await pool.query('SELECT started_by FROM metering.bill_run');
    expect(rows).toEqual([{ started_by: Buffer.alloc(32, 7) }]);
  });

  test('are started by a tariff of the operator as it is', async () => {
    const text = shippedTariffText('gimhae-current')?.replace('id: gimhae-current', 'id: ours');
    const started = await post({ tariff_text: text, ...house.april });
    expect(started.json()).toMatchObject({ tariff: 'ours', use_from: '2026-04-01' });
  });

  test.each([
    [{}, 400, 'REQUEST_INVALID'],
    [house.march, 400, 'REQUEST_INVALID'],
    [{ ...order, tariff_text: 'naru_tariff: 1' }, 400, 'REQUEST_INVALID'],
    [{ ...order, everything: true }, 400, 'REQUEST_INVALID'],
    [{ ...order, use_from: 'March' }, 400, 'REQUEST_INVALID'],
    [{ ...order, tariff: '../secret' }, 404, 'TARIFF_UNKNOWN'],
    [{ ...house.march, tariff_text: 'naru_tariff: 1' }, 400, 'TARIFF_INVALID'],
    [{ ...order, use_until: '2027-01-01' }, 400, 'BILL_RUN_INVALID'],
  ])('asked for %o answer %i %s', async (payload, status, code) => {
    const answer = await post(payload);
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status, code });
  });

  test('a refusal says by code and data why, beside its English sentence', async () => {
    const { detail, fault } = (await post({ ...order, use_until: '2027-01-01' })).json();
    expect(fault).toEqual({ code: 'not_passed', data: { day: '2026-12-31', today: expect.any(String) } });
    expect(detail).toBe(`use_until: 2026-12-31 has not passed yet; today is ${fault.data.today}`);
  });

  test.each([
    ['/api/utility/bill-runs/99', 404, 'BILL_RUN_UNKNOWN'],
    ['/api/utility/bill-runs/99/held', 404, 'BILL_RUN_UNKNOWN'],
    ['/api/utility/bill-runs/99/bills', 404, 'BILL_RUN_UNKNOWN'],
    ['/api/utility/bills/99', 404, 'BILL_UNKNOWN'],
    ['/api/utility/bills/99/paper', 404, 'BILL_UNKNOWN'],
    ['/api/utility/bills/x', 400, 'REQUEST_INVALID'],
  ])('%s answers %i %s', async (path, status, code) => {
    const answer = await get(path);
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({ status, code });
  });
});

describe('a bill over HTTP', () => {
  test('leads from its rows to the tariff and from its use to the days of its meter', async () => {
    const bill = (await get('/api/utility/bills/1')).json();
    expect(bill.tariff_lines['water-domestic'].text).toContain('price: 850');
    expect(bill.versions).toMatchObject([{ version: 1, volume_l: 31_000, parts: [{ days_l: Array(31).fill(1_000) }] }]);
    expect(bill.document.components[0].rows).toMatchObject([{ line: 'water-domestic', volume_m3: '31' }]);
    expect(bill.corrected_by).toEqual([]);
  });

  test('as a document has the bytes that its hash is of', async () => {
    const { document_sha256 } = (await get('/api/utility/bills/1')).json();
    const document = await get('/api/utility/bills/1/document');
    expect(document.headers['content-type']).toMatch(/^application\/json/);
    expect(createHash('sha256').update(document.rawPayload).digest('hex')).toBe(document_sha256);
  });

  test('on paper is a PDF with Nanum Gothic inside, and the same each time', async () => {
    const paper = await get('/api/utility/bills/1/paper');
    expect(paper.headers['content-type']).toBe('application/pdf');
    expect(paper.headers['content-disposition']).toBe("inline; filename*=UTF-8''20260301-sp-1.pdf");
    const pdf = paper.rawPayload.toString('latin1');
    expect(pdf.startsWith('%PDF-1.')).toBe(true);
    expect(pdf).toMatch(/FontName \/\w+\+NanumGothic/);
    expect(pdf).toMatch(/FontFile2/);
    expect((await get('/api/utility/bills/1/paper')).rawPayload.equals(paper.rawPayload)).toBe(true);
    expect((await get('/api/utility/bills/2/paper')).rawPayload.equals(paper.rawPayload)).toBe(false);
  });
});

describe('naru bill-run', () => {
  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const said = { out: '', err: '' };
    const into = (stream: 'out' | 'err') =>
      new Writable({
        write(chunk, _encoding, done) {
          said[stream] += chunk;
          done();
        },
      });
    const io = {
      stdin: process.stdin,
      stdout: into('out'),
      stderr: into('err'),
      setExitCode: () => undefined,
    } as CommandIo;
    process.env.DATABASE_URL = url;
    try {
      return { code: await runCommand(billRunCommand(io, house.at.clock), argv, io), ...said };
    } finally {
      delete process.env.DATABASE_URL;
    }
  }
  const dates = ['--from', '2026-05-01', '--until', '2026-06-01', '--billed', '2026-06-10'];

  test('starts a run and shows it with what it held', async () => {
    const started = await run('start', '--tariff', 'gimhae-current', ...dates);
    expect(started).toMatchObject({ code: 0, err: '' });
    expect(started.out).toMatch(
      /^Run 3: waiting; use from 2026-05-01 until 2026-06-01 by gimhae-current: of 3 places 0 /,
    );
    await house.bill();
    const shown = await run('show', '3');
    expect(shown.out).toContain('Run 3: done; ');
    expect(shown.out).toContain('  sp-3: no_reading, 744 h from 2026-05-01\n');
    const all = (await run('show', '--json')).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(all.map(({ run_id }) => run_id)).toEqual([3, 2, 1]);
  });

  test.each([
    [['start', '--tariff', 'nowhere.yaml', ...dates], 2, "--tariff: nowhere.yaml can't be read"],
    [['start', ...dates], 2, "required option '--tariff <file>'"],
    [['start', '--tariff', 'busan', ...dates, '--months', 'two'], 2, "--months: 'two' is not a whole number"],
    [['start', '--tariff', 'busan', ...dates, '--zone', 'x'], 1, 'BILL_RUN_INVALID: zone: there is no such zone'],
    [['show', '99'], 1, 'BILL_RUN_UNKNOWN'],
  ])('%o ends with %i', async (argv, code, said) => {
    const ran = await run(...argv);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(said);
  });
});

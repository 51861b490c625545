// The inbox over HTTP: cases by cursor, one case with its history, and what staff decide.
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalDays } from '../../../src/metering/readings/local-days.ts';
import { editReading } from '../../../src/metering/validation/edit-reading-service.ts';
import { editRoutes } from '../../../src/metering/validation/edit-routes.ts';
import { estimateUse } from '../../../src/metering/validation/estimate-use-service.ts';
import { findingRoutes } from '../../../src/metering/validation/finding-routes.ts';
import { createFindingService } from '../../../src/metering/validation/finding-service.ts';
import { listShownRegisters } from '../../../src/metering/validation/list-registers-service.ts';
import { judgeDue, registerRules, replayRules, takeUpDay } from '../../../src/metering/validation/validate-service.ts';
import { validationRules } from '../../../src/metering/validation/validation-rules.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { MeteredPlaces } from '../../support/metered-places.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const days = new LocalDays('Asia/Seoul');
const HOUR = 3_600_000;
const begin_ms = days.on('2026-03-01').start_ms;
const now_ms = days.on('2026-04-01').start_ms + 8 * HOUR;
const clock = { now_ms: () => now_ms };
const places = await MeteredPlaces.open(pool, days, now_ms);
const validation = { pool, clock, days, rules: validationRules };
let signedIn = true;
let server: FastifyInstance;

async function work(): Promise<void> {
  await places.workOff();
  while (await takeUpDay(validation));
  while ((await replayRules(validation)) !== null);
  while ((await judgeDue(validation)) !== null);
}

beforeAll(async () => {
  for (const zone of ['north', 'south']) {
    const [meterId] = await places.add({ zone, from_ms: begin_ms });
    const readings = Array.from({ length: 29 * 24 + 1 }, (_, hour) => ({
      ...{ meterId, at_ms: begin_ms + hour * HOUR, register_l: 1_000 + hour * 10 },
    }));
    await places.tell([...readings, { meterId, at_ms: begin_ms + 300.5 * HOUR, register_l: 9 }], now_ms);
  }
  await registerRules(validation);
  await work();
  const requireStaff = async () => {
    if (!signedIn) throw problem('NOT_SIGNED_IN');
  };
  const staff = { requireStaff, actorOf: () => Buffer.alloc(32, 0xab) };
  server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
    routes: [
      findingRoutes({ findings: createFindingService({ pool, clock, days }), ...staff }),
      editRoutes({
        editReading: (edit, actor) => editReading({ pool, clock }, edit, { actor, rule: null }),
        estimateUse: (wanted, actor) => estimateUse({ pool, clock, days }, wanted, { actor, rule: null }),
        listRegisters: (meterId, span) => listShownRegisters(pool, meterId, span),
        ...staff,
      }),
    ],
  });
});
afterAll(() => server.close());

const get = async (url: string) => (await server.inject(url)).json();
const post = async (url: string, payload: object) => {
  const { statusCode, body } = await server.inject({ method: 'POST', url, payload });
  return { status: statusCode, body: JSON.parse(body) };
};
const cases = async (query = '') => (await get(`/api/utility/findings?${query}`)).cases;

describe('the inbox of findings', () => {
  test('lists cases by cursor, filtered by rule, zone and severity', async () => {
    const all = await cases();
    expect(all.map((one: { rule: string; days: number; zone: string }) => [one.rule, one.days, one.zone])).toEqual([
      ['missing', 2, 'south'],
      ['missing', 2, 'north'],
      ['negative', 1, 'south'],
      ['negative', 1, 'north'],
    ]);
    const paged = [];
    let cursor = '';
    do {
      const page = await get(`/api/utility/findings?limit=3${cursor}`);
      paged.push(...page.cases);
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(paged).toEqual(all);
    expect(await cases('rule=negative&zone=north')).toHaveLength(1);
    expect(await cases('severity=3')).toHaveLength(2);
    expect(await get('/api/utility/findings?cursor=x')).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect((await get('/api/utility/findings')).open).toContainEqual({ rule: 'missing', open: 4 });
  });

  test('shows a case, whose cause goes when its reading is voided; the history says who, when and why', async () => {
    const [{ finding, meter }] = await cases('rule=negative&zone=north');
    const shown = await get(`/api/utility/findings/${finding}`);
    expect(shown.findings).toMatchObject([
      { day: '2026-03-13', severity: 2, state: 'open', evidence: { measured: 3_991, unit: 'l' } },
    ]);
    const span = `from=${shown.findings[0].from}&to=${shown.findings[0].to}`;
    const path = `/api/utility/meters/${meter.id}`;
    const registers = async () => (await get(`${path}/registers?${span}`)).registers;
    expect((await registers()).at(-1)).toEqual({ at: shown.findings[0].to, register_l: 9, state: 'left_out' });
    const at = shown.findings[0].to;
    expect(await post(`${path}/reading-edits`, { at, deed: 'void', register_l: 5, reason: 'x' })).toMatchObject({
      ...{ status: 400, body: { code: 'REQUEST_INVALID' } },
    });
    expect(await post(`${path}/reading-edits`, { at, deed: 'void', reason: 'another meter’s' })).toMatchObject({
      status: 201,
    });
    await work();
    const after = await get(`/api/utility/findings/${finding}`);
    expect(after.findings[0].state).toBe('closed');
    expect(after.history.map((one: { what: string }) => one.what)).toEqual(['closed', 'opened']);
    expect(after.edits).toMatchObject([{ at, deed: 'void', actor: 'abababab', rule: null, reason: 'another meter’s' }]);
    expect((await registers()).at(-1)).toMatchObject({ register_l: 9, state: 'voided' });
    expect(await post(`/api/utility/findings/${finding}/accept`, { reason: 'x' })).toMatchObject({
      ...{ status: 409, body: { code: 'FINDING_CLOSED' } },
    });
  });

  test('accepts a case as it is, and fills another by an estimate', async () => {
    const [{ finding: kept }] = await cases('rule=missing&zone=south');
    expect(await post(`/api/utility/findings/${kept}/accept`, { reason: ' ' })).toMatchObject({ status: 400 });
    expect(await post(`/api/utility/findings/${kept}/accept`, { reason: 'house pulled down' })).toEqual({
      ...{ status: 200, body: { accepted: 2 } },
    });
    await work();
    expect(await cases('rule=missing&zone=south')).toEqual([]);
    expect((await get(`/api/utility/findings/${kept}`)).history[0]).toMatchObject({
      ...{ what: 'accepted', actor: 'abababab', reason: 'house pulled down' },
    });
    const [{ finding }] = await cases('rule=missing&zone=north');
    const { install } = await get(`/api/utility/findings/${finding}`);
    const wanted = { from: '2026-03-30', to: '2026-03-31', reason: 'radio dead' };
    expect(await post(`/api/utility/installs/${install}/estimates`, wanted)).toEqual({
      ...{ status: 201, body: { hours: 48, method: 'own_profile', sum_l: 480 } },
    });
    await work();
    const filled = await get(`/api/utility/findings/${finding}`);
    expect(filled.findings.map((one: { state: string }) => one.state)).toEqual(['closed', 'closed']);
    expect(filled.estimates).toMatchObject([
      { day: '2026-03-31', hours: 24, sum_l: 240, actor: 'abababab', reason: 'radio dead' },
      { day: '2026-03-30', hours: 24, sum_l: 240 },
    ]);
  });

  test('refuses who is not signed in, and knows what there is not', async () => {
    expect(await get('/api/utility/findings/99999')).toMatchObject({ status: 404, code: 'FINDING_UNKNOWN' });
    expect(
      await get('/api/utility/meters/99999/registers?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z'),
    ).toMatchObject({ status: 404, code: 'METER_UNKNOWN' });
    signedIn = false;
    const refused = [
      await get('/api/utility/findings'),
      (await post('/api/utility/findings/1/accept', { reason: 'x' })).body,
      (await post('/api/utility/meters/1/reading-edits', { at: '2026-03-01T00:00:00Z', deed: 'void', reason: 'x' }))
        .body,
      (await post('/api/utility/installs/1/estimates', { from: '2026-03-01', to: '2026-03-01', reason: 'x' })).body,
    ];
    expect(refused.map((one) => one.code)).toEqual(Array(4).fill('NOT_SIGNED_IN'));
    signedIn = true;
  });
});

// Alarms over HTTP: who may see them, how they are found, and what staff do about them.
import { afterAll, describe, expect, test } from 'vitest';
import { composeAlarmRoutes } from '../../../src/compose-alarms.ts';
import { openAlarms } from '../../../src/metering/alarms/alarm-store.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { problem } from '../../../src/platform/problem.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
await pool.query(`
  INSERT INTO metering.zone VALUES ('z-1', 'one'), ('z-2', 'two');
  INSERT INTO metering.service_point (service_point_id, zone_id, usage_class)
  VALUES ('SP-1', 'z-1', 'domestic'), ('SP-2', 'z-2', 'domestic');
  INSERT INTO metering.meter (serial, model, bore_mm, dials) VALUES ('m1', 'test', 15, 5), ('m2', 'test', 15, 5);
  INSERT INTO metering.install (service_point_id, meter_id, from_at) VALUES ('SP-1', 1, '2026-01-01'), ('SP-2', 2, '2026-01-01')`);
const now_ms = Date.UTC(2026, 2, 10);
const judged = { began_ms: now_ms - 7_200_000, ended_ms: null, grade: 2, times: 1, amount: null } as const;
const at = (place: number) => ({ install_id: place, service_point_id: `SP-${place}`, zone_id: `z-${place}` });
const opened = [
  { ...judged, ...at(1), kind: 'leak', amount: 4 },
  { ...judged, ...at(2), kind: 'tamper', began_ms: now_ms - 3_600_000 },
  { ...judged, ...at(2), kind: 'dry', began_ms: now_ms - 1_000, ended_ms: now_ms },
  { ...judged, ...at(2), kind: 'silent', began_ms: now_ms - 900 },
  { ...judged, install_id: null, service_point_id: null, zone_id: 'z-2', kind: 'zone_silent', began_ms: now_ms - 800 },
];
await openAlarms(pool, opened, now_ms, () => 0);
await pool.query(`UPDATE metering.alarm SET parent_alarm_id = (SELECT alarm_id FROM metering.alarm WHERE kind = 'zone_silent')
                   WHERE kind = 'silent'`);

const server = await createHttpServer({
  ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
  routes: [
    await composeAlarmRoutes({
      ...{ pool, clock: { now_ms: () => now_ms } },
      requireStaff: async (request) => {
        if (request.headers['x-staff'] === undefined) throw problem('NOT_SIGNED_IN');
      },
      actorOf: () => Buffer.alloc(32, 0xab),
    }),
  ],
});
afterAll(() => server.close());
const headers = { 'x-staff': '1' };
const get = async (url: string) => (await server.inject({ method: 'GET', url, headers })).json();
const post = (url: string, payload: object) => server.inject({ method: 'POST', url, headers, payload });
const idOf = async (kind: string) => (await get(`/api/utility/alarms?kind=${kind}`)).alarms[0].id as string;

describe('the list of alarms', () => {
  test('is for staff alone', async () => {
    for (const url of ['/api/utility/alarms', '/api/utility/alarms/1']) {
      expect((await server.inject({ method: 'GET', url })).statusCode).toBe(401);
    }
    const close = { method: 'POST', url: '/api/utility/alarms/1/close', payload: { why: 'x' } } as const;
    expect((await server.inject(close)).statusCode).toBe(401);
  });

  test('shows what waits, newest first, a zone’s silence as one, and names every kind in both languages', async () => {
    const { alarms, waiting, kinds, next_cursor } = await get('/api/utility/alarms');
    expect(alarms.map(({ kind }: { kind: string }) => kind)).toEqual(['zone_silent', 'tamper', 'leak']);
    expect(alarms[0]).toMatchObject({ behind: 1, meter: null, service_point: null, zone: 'z-2' });
    expect(alarms[2]).toMatchObject({ meter: { id: '1', serial: 'm1' }, amount: 4, state: 'open', assigned_to: null });
    expect(waiting).toEqual([
      { kind: 'leak', open: 1, acknowledged: 0 },
      { kind: 'tamper', open: 1, acknowledged: 0 },
      { kind: 'zone_silent', open: 1, acknowledged: 0 },
    ]);
    expect(kinds).toContainEqual(
      expect.objectContaining({ kind: 'leak', label: { ko: '누수 의심', en: 'Leak suspected' } }),
    );
    expect(next_cursor).toBeNull();
    const behind = await get(`/api/utility/alarms?behind=${alarms[0].id}`);
    expect(behind.alarms.map(({ kind }: { kind: string }) => kind)).toEqual(['silent']);
  });

  test('is filtered by state, kind, zone and place, and comes in pages', async () => {
    const kindsOf = async (query: string) =>
      (await get(`/api/utility/alarms?${query}`)).alarms.map(({ kind }: { kind: string }) => kind);
    expect(await kindsOf('state=closed')).toEqual(['dry']);
    expect(await kindsOf('zone=z-1')).toEqual(['leak']);
    expect(await kindsOf('service_point=SP-2')).toEqual(['silent', 'tamper']);
    const first = await get('/api/utility/alarms?limit=2');
    expect(first.alarms).toHaveLength(2);
    expect(await kindsOf(`limit=2&cursor=${first.next_cursor}`)).toEqual(['leak']);
  });

  test.each(['cursor=x', 'state=lost', 'limit=0', 'behind=1%20OR%201'])('refuses %s', async (query) => {
    expect((await get(`/api/utility/alarms?${query}`)).status).toBe(400);
  });
});

describe('an alarm', () => {
  test('is acknowledged, assigned and closed, each with who and why in a history that stays', async () => {
    const id = await idOf('leak');
    const path = `/api/utility/alarms/${id}`;
    expect((await post(`${path}/acknowledge`, {})).json().alarm.state).toBe('acknowledged');
    expect((await post(`${path}/assign`, { to: '누수팀', why: '오늘 방문' })).json().alarm.assigned_to).toBe('누수팀');
    expect((await post(`${path}/close`, { why: '배관 교체' })).json().alarm.state).toBe('closed');
    const { events } = await get(path);
    expect(events).toMatchObject([
      { what: 'closed', why: '배관 교체', actor: 'abababababababab', assigned_to: '누수팀' },
      { what: 'assigned', why: '오늘 방문', assigned_to: '누수팀' },
      { what: 'acknowledged', why: null, assigned_to: null },
      { what: 'opened', actor: null },
    ]);
  });

  test('that is closed is not acknowledged, and one that is acknowledged not again', async () => {
    const id = await idOf('tamper');
    expect((await post(`/api/utility/alarms/${id}/acknowledge`, {})).statusCode).toBe(200);
    const again = await post(`/api/utility/alarms/${id}/acknowledge`, {});
    expect([again.statusCode, again.json().code]).toEqual([409, 'ALARM_ENDED']);
    expect((await post(`/api/utility/alarms/${id}/close`, { why: 'ok' })).statusCode).toBe(200);
    for (const [deed, body] of [
      ['close', { why: 'ok' }],
      ['assign', { to: 'x' }],
      ['acknowledge', {}],
    ] as const) {
      expect((await post(`/api/utility/alarms/${id}/${deed}`, body)).statusCode).toBe(409);
    }
  });

  test('is closed with a reason only, and none that is unknown', async () => {
    expect((await post('/api/utility/alarms/1/close', {})).statusCode).toBe(400);
    expect((await post('/api/utility/alarms/1/close', { why: ' ' })).statusCode).toBe(400);
    expect((await post('/api/utility/alarms/999999/close', { why: 'x' })).json().code).toBe('ALARM_UNKNOWN');
    expect((await get('/api/utility/alarms/999999')).status).toBe(404);
  });
});

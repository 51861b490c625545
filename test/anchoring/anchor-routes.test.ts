import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anchorRoutes } from '../../src/anchoring/anchor-routes.ts';
import { createAnchorService } from '../../src/anchoring/anchor-service.ts';
import { insertEpoch, recordFinal, recordIncluded, writeRegistry } from '../../src/anchoring/anchor-store.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { logLinks } from '../../src/anchoring/log-link.ts';
import { createMapService } from '../../src/anchoring/map-service.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { anchorIsProven } from '../../src/anchoring/proofs.ts';
import { SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const inclusion = {
  transaction: toHex(hash(1)),
  block: 12,
  blockHash: toHex(hash(2)),
  blockTime: new Date('2026-11-01T00:00:00Z'),
};

let server: FastifyInstance;
beforeAll(async () => {
  server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost:8080',
    title: 'test',
    version: '0',
    routes: [anchorRoutes(createAnchorService(pool, createMapService(pool)))],
  });
});
afterAll(() => server.close());

test('answers 503 while there is no contract yet', async () => {
  const answer = await server.inject('/api/anchors/head');
  expect([answer.statusCode, answer.json().code]).toEqual([503, 'NOT_READY']);
});

test('answers head, key and epoch to pages of any origin', async () => {
  await writeRegistry(pool, { chainId: 31_337, contract: '0x00', registryId: toHex(hash(3)) });
  expect((await server.inject('/api/anchors/head')).json()).toMatchObject({ epoch: null, status: null });
  expect((await server.inject(`/api/anchors/${toHex(hash(5))}`)).statusCode).toBe(404);

  const changes = [5, 6].map((n) => ({ key: hash(n), value: hash(n + 1) }));
  const { root } = SparseMerkleMap.empty.with(changes);
  const madeAt = new Date('2026-11-01T00:00:00Z');
  await insertEpoch(pool, { epoch: 1, previousRoot: new Uint8Array(32), root, madeAt }, changes);
  await recordIncluded(pool, 1, inclusion);
  await recordFinal(pool, 1);
  await enqueueChange(pool, hash(9), hash(9));

  const headers = { origin: 'http://wallet.example' };
  const head = await server.inject({ url: '/api/anchors/head', headers });
  expect(head.headers['access-control-allow-origin']).toBe('*');
  expect(head.json()).toEqual({
    chain_id: 31_337,
    contract: '0x00',
    registry_id: toHex(hash(3)),
    epoch: 1,
    root: toHex(root),
    status: 'final',
    transaction: inclusion.transaction,
    block: 12,
    block_time: '2026-11-01T00:00:00.000Z',
    changes_waiting: 1,
  });
  const anchor = (await server.inject(`/api/anchors/${toHex(hash(5))}`)).json();
  expect(anchor).toMatchObject({ status: 'final', value: toHex(hash(6)), epoch: 1 });
  expect(anchorIsProven(anchor)).toBe(true);
  const waiting = (await server.inject(`/api/anchors/${toHex(hash(9))}`)).json();
  expect(waiting).toMatchObject({ status: 'pending', epoch: null, proof: null });
  const epoch = (await server.inject('/api/anchors/epochs/1')).json();
  const links = logLinks(new Uint8Array(32), changes).map(toHex);
  expect(epoch.changes).toEqual(
    [5, 6].map((n, i) => ({ key: toHex(hash(n)), value: toHex(hash(n + 1)), link: links[i] })),
  );
  const log = (await server.inject('/api/anchors/log')).body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(log).toMatchObject([
    { log: 'naru/1', contract: '0x00' },
    { epoch: 1 },
    ...epoch.changes,
    { end: true, newest: 1 },
  ]);
  const behind = (await server.inject('/api/anchors/log?from=2')).body.trimEnd().split('\n');
  expect(behind.map((line) => JSON.parse(line))).toMatchObject([{ log: 'naru/1' }, { end: true, newest: 1 }]);
  const rest = (await server.inject(`/api/anchors/epochs/1?after=${toHex(hash(5))}`)).json();
  expect(rest).toMatchObject({ changes: [{ key: toHex(hash(6)) }], next_after: null });
});

test.each(['/api/anchors/0x12', '/api/anchors/epochs/0', '/api/anchors/epochs/x', '/api/anchors/epochs/1?after=1'])(
  'refuses %s',
  async (url) => {
    expect((await server.inject(url)).json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  },
);

test('answers 404 for an epoch that is not', async () => {
  expect((await server.inject('/api/anchors/epochs/2')).json()).toMatchObject({ code: 'NOT_FOUND' });
});

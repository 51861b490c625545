// The service is stopped in order and started again on the same folder: data and anchors are still there.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { seenOnChain } from '../support/anchor-on-chain.ts';
import { removeFolder, type ServiceProcess, serviceFolder, startService } from '../support/service-process.ts';

const folder = serviceFolder();
let service: ServiceProcess;

async function issuersAnchor(): Promise<Anchor> {
  const log = await (await fetch(`${service.url}/.well-known/did.jsonl`)).text();
  const { state } = JSON.parse(log.split('\n')[0] ?? '') as { state: { id: string } };
  const resolved = await fetch(`${service.url}/1.0/identifiers/${encodeURIComponent(state.id)}`);
  const { didDocumentMetadata } = (await resolved.json()) as { didDocumentMetadata: { anchor: Anchor } };
  return didDocumentMetadata.anchor;
}

async function readings(): Promise<number> {
  const database = new pg.Client({ connectionString: service.databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM metering.reading');
    return rows[0]?.n ?? 0;
  } finally {
    await database.end();
  }
}

beforeAll(async () => {
  service = await startService(folder, ['--meters', '6']);
}, 120_000);

afterAll(async () => {
  await service?.stop();
  removeFolder(folder);
});

test('after a stop and a start the readings are there and the anchors still verify on the chain', async () => {
  await expect.poll(async () => (await issuersAnchor()).status, { timeout: 60_000, interval: 500 }).toBe('final');
  await expect.poll(readings, { timeout: 60_000, interval: 500 }).toBeGreaterThan(6 * 24);
  const before = await issuersAnchor();
  const stored = await readings();
  expect(service.output()).toMatch(/signed in: [78] of 8 checks passed/);

  expect(await service.stop()).toBe(0);
  await expect(fetch(`${service.url}/healthz`)).rejects.toThrow();
  service = await startService(folder, ['--meters', '6']);

  expect(await readings()).toBeGreaterThanOrEqual(stored);
  await expect.poll(async () => (await issuersAnchor()).status, { timeout: 60_000, interval: 500 }).toBe('final');
  const after = await issuersAnchor();
  // What is anchored is what was; a later change of something else may have made an epoch more, in which it still stands.
  const { key, value, contract, registry_id, chain_id } = before;
  expect(after).toMatchObject({ key, value, contract, registry_id, chain_id });
  expect(after.epoch).toBeGreaterThanOrEqual(before.epoch ?? 0);
  for (const { block, root, ...anchor } of [before, after]) {
    expect(await seenOnChain(service.rpcUrl, { block, root, ...anchor })).toEqual({
      ...{ status: 1, block, root, proven: true },
    });
  }
}, 240_000);

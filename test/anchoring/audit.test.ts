// What an audit says of an honest log, and of one that was changed, hidden from or committed past.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { JsonRpcProvider } from 'ethers';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { AnchorContract, deployAnchorLog } from '../../src/anchoring/anchor-contract-port.ts';
import { anchorRoutes } from '../../src/anchoring/anchor-routes.ts';
import { createAnchorService } from '../../src/anchoring/anchor-service.ts';
import { insertEpoch, recordFinal, recordIncluded, writeRegistry } from '../../src/anchoring/anchor-store.ts';
import { openAuditChain } from '../../src/anchoring/audit-chain-port.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { logLinks } from '../../src/anchoring/log-link.ts';
import { openLog } from '../../src/anchoring/log-source-port.ts';
import { createMapService } from '../../src/anchoring/map-service.ts';
import { reconcile } from '../../src/anchoring/reconcile-service.ts';
import { type Change, SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import { auditCommand } from '../../src/cli/audit-command.ts';
import { type CommandIo, runCommand } from '../../src/cli/command-io.ts';
import { createChainClient } from '../../src/platform/chain/chain-client.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { AnchoringFixture, anchorOf, CONFIRMATIONS, hash, REGISTRY_ID, WAIT } from '../support/anchoring-fixture.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const fixture = new AnchoringFixture(pool);
const folder = mkdtempSync(join(tmpdir(), 'naru-audit-'));
const bogus = toHex(hash(0xbb));
let server: FastifyInstance;
let url: string;
let contract: string;
let provider: JsonRpcProvider;
let roots: Uint8Array[];

beforeEach(async () => {
  const { chain } = fixture;
  provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, cacheTimeout: -1 });
  contract = await deployAnchorLog(provider, chain.key, REGISTRY_ID);
  await writeRegistry(pool, { chainId: chain.chainId, contract, registryId: REGISTRY_ID });
  server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
    routes: [anchorRoutes(createAnchorService(pool, createMapService(pool)))],
  });
  url = await server.listen({ port: 0, host: '127.0.0.1' });
  roots = [new Uint8Array(32)];
});
afterEach(async () => {
  await server.close();
  provider.destroy();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Epoch n sets key n, and every tenth two keys besides. */
const changesOf = (n: number): Change[] =>
  (n % 10 === 0 ? [n, n + 100, n - 9] : [n]).map((key) => ({ key: hash(key), value: hash((n * 7) % 251) }));

/** Makes epochs 1 to `count` and commits each, as the worker does, without its pauses. */
async function makeEpochs(count: number): Promise<void> {
  const committer = new AnchorContract(provider, contract, REGISTRY_ID, fixture.chain.key);
  let map = SparseMerkleMap.empty;
  for (let epoch = 1; epoch <= count; epoch += 1) {
    const changes = changesOf(epoch);
    const previousRoot = map.root;
    map = map.with(changes);
    await insertEpoch(pool, { epoch, previousRoot, root: map.root, madeAt: new Date('2026-11-01') }, changes);
    const { hash: transaction, send } = await committer.signCommit(epoch, toHex(previousRoot), toHex(map.root));
    await send();
    await expect.poll(async () => (await committer.head()).epoch, WAIT).toBe(epoch);
    const inclusion = await committer.findCommit(epoch, transaction, 0);
    if (inclusion === null) throw new Error('not committed');
    await recordIncluded(pool, epoch, inclusion);
    await recordFinal(pool, epoch);
    roots.push(map.root);
  }
}

const said: string[] = [];
async function audit(...options: string[]) {
  said.length = 0;
  const stdout = new PassThrough().on('data', (chunk) => said.push(String(chunk)));
  const io: CommandIo = { stdin: new PassThrough(), stdout, stderr: stdout, setExitCode: () => {} };
  const argv = ['--rpc', fixture.chain.url, '--log', url, '--data-dir', folder, ...options];
  const code = await runCommand(auditCommand(io, new AbortController().signal), argv, io);
  return { code, text: said.join('') };
}

async function findings(...options: string[]) {
  const { code, text } = await audit('--json', ...options);
  return { code, ...(JSON.parse(text) as { result: string; epochs: number; findings: Record<string, unknown>[] }) };
}

const changeByHand = (epoch: number, key: number) =>
  pool.query('UPDATE anchoring.change SET value = $3 WHERE epoch = $1 AND key = $2', [
    epoch,
    Buffer.from(hash(key)),
    Buffer.from(hash(0xee)),
  ]);

test('passes fifty epochs, then names the leaf changed by hand and the epoch committed with a bogus root', async () => {
  await makeEpochs(50);
  expect(await findings()).toMatchObject({ code: 0, result: 'agrees', epochs: 50, findings: [] });
  await changeByHand(40, 31);
  await fixture.commitOnChain(contract, 51, toHex(roots[50] as Uint8Array), bogus);
  const { code, text } = await audit();
  expect(code).toBe(1);
  expect(text).toMatch(
    new RegExp(`^epoch 40: root on chain ${toHex(roots[40] as Uint8Array)} but the log gives 0x`, 'm'),
  );
  expect(text).toContain(`first row that was changed by hand: key ${toHex(hash(31))}`);
  expect(text).toMatch(
    new RegExp(`^epoch 51: root ${bogus} was committed on the chain in transaction 0x\\w+ by 0x`, 'm'),
  );
  expect(text).toContain('2 differences');
  expect(text).toContain('NOT PINNED');
  expect((await findings('--from', '51')).findings.map(({ epoch }) => epoch)).toEqual([51]);
}, 120_000);

test('names a changed row also where its key was set again later', async () => {
  await makeEpochs(12);
  await changeByHand(1, 1);
  expect(await findings()).toMatchObject({
    code: 1,
    findings: [{ kind: 'root_differs', epoch: 1, key: toHex(hash(1)) }],
  });
});

test('of a log whose operator made the links anew names the epoch, and the key that the service still proves', async () => {
  await makeEpochs(10);
  await fetch(`${url}/api/anchors/head`);
  await changeByHand(10, 110);
  const changed = changesOf(10).map((change) => (change.key[0] === 110 ? { ...change, value: hash(0xee) } : change));
  changed.sort((a, b) => Buffer.compare(a.key, b.key));
  for (const [i, link] of logLinks(roots[9] as Uint8Array, changed).entries())
    await pool.query('UPDATE anchoring.change SET link = $2 WHERE epoch = 10 AND key = $1', [
      Buffer.from(changed[i]?.key ?? []),
      Buffer.from(link),
    ]);
  expect(await findings()).toMatchObject({
    code: 1,
    findings: [{ kind: 'root_differs', epoch: 10, key: toHex(hash(110)) }],
  });
});

test('names an epoch that the log hides', async () => {
  await makeEpochs(5);
  await pool.query('DELETE FROM anchoring.change WHERE epoch = 5');
  await pool.query('DELETE FROM anchoring.epoch WHERE epoch = 5');
  expect(await findings()).toMatchObject({
    code: 1,
    findings: [{ kind: 'not_in_log', epoch: 5, root_on_chain: toHex(roots[5] as Uint8Array) }],
  });
});

test('compares with the copy kept before, and can be made from the copy alone', async () => {
  await makeEpochs(10);
  const keep = join(folder, 'copy.jsonl');
  const rootsFile = join(folder, 'roots.json');
  await fixture.chain.mine(12);
  expect((await findings('--keep', keep, '--roots', rootsFile)).code).toBe(0);
  expect(JSON.parse(readFileSync(rootsFile, 'utf8')).roots.map(({ root }: { root: string }) => root)).toEqual(
    roots.slice(1).map(toHex),
  );
  expect((await findings('--log', keep)).code).toBe(0);
  await changeByHand(10, 10);
  const again = await findings('--keep', keep);
  expect(again.code).toBe(1);
  expect(again.findings).toContainEqual(
    expect.objectContaining({ kind: 'copy_differs', epoch: 10, key: toHex(hash(10)) }),
  );
  expect((await findings('--log', keep)).code).toBe(0);
});

test('says what could not be checked, and what was wrongly called', async () => {
  await makeEpochs(1);
  expect(await audit('--rpc', 'http://127.0.0.1:1')).toMatchObject({
    code: 1,
    text: expect.stringMatching(/^Could not be checked. CHAIN_AWAY/),
  });
  expect(await audit('--log', 'http://127.0.0.1:1')).toMatchObject({
    code: 1,
    text: expect.stringMatching(/^Could not be checked. LOG_UNREADABLE/),
  });
  expect((await audit('--contract', '0x12')).code).toBe(2);
  expect((await audit('--from', '0')).code).toBe(2);
});

test('a watch ends at a commit past the service', async () => {
  await makeEpochs(2);
  const watching = audit('--watch', '--every', '1');
  await expect.poll(() => said.join(''), WAIT).toContain('epoch 2:');
  await fixture.commitOnChain(contract, 3, toHex(roots[2] as Uint8Array), bogus);
  const { code, text } = await watching;
  expect(code).toBe(1);
  expect(text).toContain('epoch 2:');
  expect(text).toContain(`epoch 3: root ${bogus} was committed on the chain`);
});

async function reconcileWith(log: string | null, disown: boolean) {
  const client = createChainClient([fixture.chain.url], fixture.chain.chainId);
  try {
    return await reconcile(pool, openAuditChain(client, contract, REGISTRY_ID), {
      ...{ log: log === null ? null : async () => (await openLog(log, 1)).epochs, importThem: true, disown },
      ...{ confirmations: CONFIRMATIONS, clock: { now_ms: () => Date.UTC(2026, 10, 1) } },
    });
  } finally {
    client.close();
  }
}

async function forgetEpochsAfter(epoch: number): Promise<void> {
  await pool.query('DELETE FROM anchoring.change WHERE epoch > $1', [epoch]);
  await pool.query('DELETE FROM anchoring.epoch WHERE epoch > $1', [epoch]);
}

test('a database behind the chain is brought up to it from a copy of the log, and what waits comes after', async () => {
  await makeEpochs(5);
  const keep = join(folder, 'for-reconcile.jsonl');
  expect((await findings('--keep', keep)).code).toBe(0);
  await forgetEpochsAfter(3);
  await fixture.set(4, 99);
  expect((await reconcileWith(null, false)).map(({ action }) => action)).toEqual(['left']);
  expect((await reconcileWith(keep, false)).map(({ action }) => action)).toEqual(['imported', 'imported']);
  expect((await findings('--keep', keep)).code).toBe(0);
  fixture.passTime();
  const one = await fixture.start();
  await expect.poll(async () => (await one.service.head()).epoch, WAIT).toBe(6);
  await expect.poll(async () => (await anchorOf(one, 4))?.status, WAIT).toBe('included');
  expect(await anchorOf(one, 4)).toMatchObject({ epoch: 6, value: toHex(hash(99)) });
  expect((await findings('--keep', keep)).code).toBe(0);
});

test('a bogus epoch is disowned, epochs go on behind it, and the audit goes on naming it', async () => {
  await makeEpochs(2);
  await fixture.commitOnChain(contract, 3, toHex(roots[2] as Uint8Array), bogus);
  expect(await reconcileWith(null, true)).toMatchObject([
    { epoch: 3, action: 'left', detail: expect.stringContaining('too young') },
  ]);
  await fixture.chain.mine(CONFIRMATIONS);
  expect(await reconcileWith(null, true)).toMatchObject([{ epoch: 3, action: 'disowned', root: bogus }]);
  fixture.passTime();
  const one = await fixture.start();
  expect(await anchorOf(one, 1)).toMatchObject({ epoch: 2, status: 'final' });
  await fixture.set(9, 99);
  await expect.poll(async () => (await anchorOf(one, 9))?.status, WAIT).toBe('included');
  const anchor = await anchorOf(one, 9);
  expect(anchor).toMatchObject({ epoch: 4 });
  expect(anchor && (await fixture.isAnchoredOnChain(anchor))).toBe(true);
  const later = createMapService(pool);
  expect((await later.view()).newest).toBe(4);
  expect((await findings()).findings).toMatchObject([{ kind: 'disowned', epoch: 3, root_on_chain: bogus }]);
  expect((await findings('--from', '4')).code).toBe(0);
});

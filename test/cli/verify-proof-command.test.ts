// Proof bundles of a real epoch on a real chain node, checked by naru verify-proof with and without the network.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { anchorKey, personValue } from '../../src/anchoring/anchor-keys.ts';
import type { Anchoring } from '../../src/anchoring/anchoring-service.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import type { ProofBundle, RootsFile } from '../../src/anchoring/proof-bundle.ts';
import { proofBundleRoutes } from '../../src/anchoring/proof-bundle-routes.ts';
import type { CheckStep } from '../../src/anchoring/proof-check.ts';
import { runCommand } from '../../src/cli/command-io.ts';
import { verifyProofCommand } from '../../src/cli/verify-proof-command.ts';
import { webCryptoSigner } from '../../src/identity/dids/did-entry.ts';
import { didLogText } from '../../src/identity/dids/did-log.ts';
import { createDidLog } from '../../src/identity/dids/did-webvh.ts';
import { verifyDidLog } from '../../src/identity/dids/verify-did-log.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { AnchoringFixture, CONFIRMATIONS, hash, REGISTRY_ID, WAIT } from '../support/anchoring-fixture.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const fixture = new AnchoringFixture(pool);
const folder = mkdtempSync(join(tmpdir(), 'naru-proofs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  code: number;
  verified?: boolean;
  pinned?: boolean;
  /** Names of the steps that did not pass. */
  failed: string[];
  steps: CheckStep[];
  said: string;
}

let files = 0;
function fileOf(content: unknown): string {
  files += 1;
  const file = join(folder, `${files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

async function verify(argv: string[], stdin = ''): Promise<Outcome> {
  const said: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      said.push(String(chunk));
      done();
    },
  });
  const io = { stdin: Readable.from([stdin]), stdout: sink, stderr: sink, setExitCode: () => {} };
  const code = await runCommand(verifyProofCommand(io, systemClock), argv, io);
  const text = said.join('');
  const answer = text.startsWith('{')
    ? (JSON.parse(text) as Pick<Outcome, 'verified' | 'pinned' | 'steps'>)
    : { steps: [] };
  return { code, ...answer, failed: answer.steps.filter(({ passed }) => !passed).map(({ step }) => step), said: text };
}

const overRpc = (bundle: unknown, ...more: string[]): Promise<Outcome> =>
  verify([fileOf(bundle), '--rpc', fixture.chain.url, '--json', ...more]);

/** Two keys in a final epoch. */
async function anchored(): Promise<{ one: Anchoring; bundle: ProofBundle }> {
  await fixture.set(1, 2);
  await fixture.set(3, 4);
  const one = await fixture.start();
  await fixture.untilFinal(one, 1);
  return { one, bundle: await one.bundles.bundleOf(hash(1)) };
}

function rootsOf({ chain_id, contract, registry_id, epoch, root, block }: ProofBundle): RootsFile {
  const roots = [{ epoch, root, block: block.number, block_hash: block.hash, block_time: block.timestamp }];
  return { version: 1, chain_id, contract, registry_id, roots };
}

const flipped = (text: string): string => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;

test('a bundle verifies against the chain, step by step', async () => {
  const { one, bundle } = await anchored();
  const good = await overRpc(bundle, '--contract', bundle.contract, '--registry', REGISTRY_ID);
  expect(good).toMatchObject({ code: 0, verified: true, pinned: true, failed: [] });
  expect(good.steps.map(({ step }) => step)).toEqual([
    ...['proof', 'place', 'root', 'block', 'transaction', 'finality', 'newness'],
  ]);
  const absence = await one.bundles.bundleOf(hash(9));
  expect(absence.value).toBeNull();
  expect(await overRpc(absence)).toMatchObject({ code: 0, pinned: false });
  const plain = await verify(['-', '--rpc', fixture.chain.url], JSON.stringify(bundle));
  expect([plain.code, plain.said]).toEqual([
    0,
    expect.stringMatching(/^ok +proof: [\s\S]*NOT PINNED[\s\S]*\nVerified\.\n$/),
  ]);

  const wrong: [string, unknown][] = [
    ['proof', { ...bundle, proof: `${bundle.proof.slice(0, -2)}${bundle.proof.endsWith('AA') ? 'BA' : 'AA'}` }],
    ['proof', { ...bundle, value: flipped(bundle.value as string) }],
    ['proof', { ...bundle, value: null }],
    ['root', { ...bundle, contract: `0x${'12'.repeat(20)}` }],
    ['root', { ...bundle, registry_id: flipped(bundle.registry_id) }],
    ['root', { ...bundle, epoch: bundle.epoch + 1 }],
    ['place', { ...bundle, chain_id: bundle.chain_id + 1 }],
    ['block', { ...bundle, block: { ...bundle.block, hash: flipped(bundle.block.hash) } }],
    ['block', { ...bundle, block: { ...bundle.block, state_root: flipped(bundle.block.state_root) } }],
    ['block', { ...bundle, block: { ...bundle.block, timestamp: '2020-01-01T00:00:00.000Z' } }],
    ['block', { ...bundle, block: { ...bundle.block, number: 1_000_000 } }],
    ['transaction', { ...bundle, transaction: flipped(bundle.transaction) }],
  ];
  for (const [step, changed] of wrong) {
    expect(await overRpc(changed), JSON.stringify(changed)).toMatchObject({ code: 1, verified: false, failed: [step] });
  }
  const unpinned = await overRpc(bundle, '--contract', `0x${'12'.repeat(20)}`);
  expect(unpinned).toMatchObject({ code: 1, failed: ['place'] });
  const shallow = await overRpc(bundle, '--confirmations', String(CONFIRMATIONS + 1));
  expect(shallow).toMatchObject({ code: 1, failed: ['finality'] });
});

test('a bundle verifies against checked roots while no node is there', async () => {
  const { bundle } = await anchored();
  await fixture.chain.kill();
  const roots = rootsOf(bundle);
  const check = (changed: unknown, ...more: string[]): Promise<Outcome> =>
    verify([fileOf(bundle), '--roots', fileOf(changed), '--json', ...more]);
  expect(await check(roots)).toMatchObject({ code: 0, verified: true, pinned: true, failed: [] });
  const [root] = roots.roots as [RootsFile['roots'][number]];
  expect(await check({ ...roots, roots: [] })).toMatchObject({ code: 1, failed: ['root'] });
  expect(await check({ ...roots, roots: [{ ...root, root: flipped(root.root) }] })).toMatchObject({ failed: ['root'] });
  expect(await check({ ...roots, roots: [{ ...root, block_hash: flipped(root.block_hash) }] })).toMatchObject({
    failed: ['block'],
  });
  expect(await check({ ...roots, chain_id: 1 })).toMatchObject({ code: 1, failed: ['place'] });
  expect(await check(roots, '--registry', hexOf(7))).toMatchObject({ code: 1, failed: ['place'] });
  const later = await check({ ...roots, roots: [root, { ...root, epoch: 3 }] });
  expect(later.steps.at(-1)?.says).toContain('may have changed since');

  const away = await verify([fileOf(bundle), '--rpc', fixture.chain.url]);
  expect([away.code, away.said]).toEqual([1, expect.stringContaining('CHAIN_AWAY')]);
});

const hexOf = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`;

test('a bundle from before a re-org does not verify, the one after it does', async () => {
  await fixture.set(1, 2);
  const one = await fixture.start();
  await expect.poll(() => one.bundles.bundleOf(hash(1)).catch(() => null), WAIT).not.toBeNull();
  const before = await one.bundles.bundleOf(hash(1));
  await fixture.chain.rpc('anvil_reorg', 1, []);
  expect(await overRpc(before)).toMatchObject({ code: 1 });
  await expect
    .poll(async () => (await one.bundles.bundleOf(hash(1)).catch(() => before)).block.hash, WAIT)
    .not.toBe(before.block.hash);
  expect(await overRpc(before)).toMatchObject({ code: 1, failed: ['block'] });
  expect(await overRpc(await one.bundles.bundleOf(hash(1)))).toMatchObject({ code: 0 });
});

test('there is no bundle of what waits, and the route says so', async () => {
  const { one, bundle } = await anchored();
  const server = await createHttpServer({
    logger: createLogger('silent'),
    publicUrl: 'http://localhost:8080',
    title: 'test',
    version: '0',
    routes: [proofBundleRoutes(one.bundles)],
  });
  try {
    const served = await server.inject({
      url: `/api/anchors/${bundle.key}/bundle`,
      headers: { origin: 'http://w.example' },
    });
    expect(served.json()).toEqual(bundle);
    expect(served.headers['access-control-allow-origin']).toBe('*');
    await fixture.set(1, 5);
    const waiting = await server.inject(`/api/anchors/${bundle.key}/bundle`);
    expect([waiting.statusCode, waiting.json().code]).toEqual([409, 'ANCHOR_PENDING']);
    expect((await server.inject('/api/anchors/0x12/bundle')).statusCode).toBe(400);
  } finally {
    await server.close();
  }
});

test("key and value are checked to be those of a DID's last entry", async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const { did, log } = await createDidLog({
    domain: 'city.example',
    path: ['people', '1'],
    signer: await webCryptoSigner(pair),
    document: {},
    created: '2026-11-01T00:00:00Z',
  });
  const { entryHash } = await verifyDidLog(log);
  const salt = hash(8);
  const key = anchorKey('did', did);
  await enqueueChange(pool, key, personValue(salt, entryHash));
  const one = await fixture.start();
  await expect.poll(() => one.bundles.bundleOf(key).catch(() => null), WAIT).not.toBeNull();
  const bundle = await one.bundles.bundleOf(key);
  const logFile = ['--did-log', fileOf(didLogText(log))];
  const right = ['--salt', Buffer.from(salt).toString('base64url')];
  expect(await overRpc(bundle, ...logFile, ...right, '--did', did)).toMatchObject({ code: 0, failed: [] });
  expect(await overRpc(bundle, ...logFile)).toMatchObject({ code: 1, failed: ['did'] });
  expect(await overRpc(bundle, ...logFile, ...right, '--did', 'did:key:z')).toMatchObject({ failed: ['did'] });
  const wrongSalt = ['--salt', Buffer.from(hash(7)).toString('base64url')];
  expect(await overRpc(bundle, ...logFile, ...wrongSalt)).toMatchObject({ failed: ['did'] });
  const other = await one.bundles.bundleOf(hash(9));
  expect(await overRpc(other, ...logFile, ...right)).toMatchObject({ failed: ['did'] });
});

test.each([
  ['neither node nor roots', ['x.json'], 2, 'one of --rpc URL and --roots FILE'],
  ['both', ['x.json', '--rpc', 'http://127.0.0.1:1', '--roots', 'y'], 2, 'one of --rpc URL and --roots FILE'],
  ['a salt without a log', ['x.json', '--roots', 'y', '--salt', 'AA'], 2, '--did-log'],
  ['a file that is not there', ['/nowhere/x.json', '--roots', 'y'], 2, "can't be read"],
  ['what is not JSON', [fileOf('{'), '--roots', 'y'], 1, 'is not JSON'],
  ['what is no bundle', [fileOf({ version: 2 }), '--roots', 'y'], 1, 'version'],
])('refuses %s', async (_, argv, code, why) => {
  const answer = await verify(argv);
  expect([answer.code, answer.said]).toEqual([code, expect.stringContaining(why)]);
});

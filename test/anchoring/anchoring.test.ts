import { Contract, JsonRpcProvider, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchoringLimits } from '../../src/anchoring/anchoring-limits.ts';
import { type Anchoring, type AnchoringOptions, createAnchoring } from '../../src/anchoring/anchoring-service.ts';
import { bytes32, toHex } from '../../src/anchoring/hexadecimal.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { anchorIsProven, proofFromText } from '../../src/anchoring/proofs.ts';
import { contractArtifact } from '../../src/platform/chain/contract-artifact.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { startTestChain, type TestChain } from '../support/test-chain.ts';
import { testDatabase } from '../support/test-database.ts';

const { pool } = await testDatabase();
const REGISTRY_ID = `0x${'0c'.repeat(32)}`;
const CONFIRMATIONS = 4;
const WAIT = { timeout: 20_000, interval: 50 };
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n);

let chain: TestChain;
let clock_ms = Date.UTC(2026, 10, 1);
const running: Anchoring[] = [];

beforeEach(async () => {
  await pool.query('TRUNCATE anchoring.outbox, anchoring.change, anchoring.epoch, anchoring.registry');
  chain = await startTestChain();
});
afterEach(async () => {
  for (const anchoring of running.splice(0)) await anchoring.stop();
  await chain.kill();
});

function anchoring(change: Partial<AnchoringOptions['chain']> = {}): Anchoring {
  const made = createAnchoring({
    pool,
    chain: {
      rpcUrls: [chain.url],
      committerKey: chain.key,
      registryId: REGISTRY_ID,
      confirmations: CONFIRMATIONS,
      ...change,
    },
    epochInterval_ms: 5_000,
    epochChanges: 3,
    clock: { now_ms: () => clock_ms },
    logger: createLogger('silent'),
    metrics: createMetrics(),
  });
  running.push(made);
  return made;
}

async function started(change: Partial<AnchoringOptions['chain']> = {}): Promise<Anchoring> {
  const made = anchoring(change);
  await made.start();
  return made;
}

async function stop(one: Anchoring): Promise<void> {
  running.splice(running.indexOf(one), 1);
  await one.stop();
}

const set = (n: number, value: number | null): Promise<void> =>
  enqueueChange(pool, hash(n), value === null ? null : hash(value));
const anchorOf = (one: Anchoring, n: number): Promise<Anchor | null> => one.service.anchorOf(hash(n));
const statusOf = async (one: Anchoring, n: number): Promise<string | undefined> => (await anchorOf(one, n))?.status;
const included = (one: Anchoring, n: number): Promise<void> =>
  expect.poll(() => statusOf(one, n), WAIT).toBe('included');
async function final(one: Anchoring, n: number): Promise<void> {
  await included(one, n);
  await chain.mine(CONFIRMATIONS - 1);
  await expect.poll(() => statusOf(one, n), WAIT).toBe('final');
}
/** Lets the next epoch be due. */
function time(): void {
  clock_ms += 5_000;
}

/** What the chain itself says of an anchor: nothing of ours in between but the contract. */
async function isAnchoredOnChain(anchor: Anchor): Promise<boolean> {
  const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true });
  try {
    const contract = new Contract(anchor.contract, contractArtifact('AnchorLog').abi, provider);
    const proof = proofFromText(anchor.proof ?? '');
    return anchor.value === null
      ? await contract.getFunction('isAbsent')(anchor.registry_id, anchor.epoch, anchor.key, proof)
      : await contract.getFunction('isAnchored')(anchor.registry_id, anchor.epoch, anchor.key, anchor.value, proof);
  } finally {
    provider.destroy();
  }
}

async function commitOnChain(contract: string, epoch: number, previousRoot: string, root: string): Promise<void> {
  const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, pollingInterval: 50 });
  try {
    const log = new Contract(contract, contractArtifact('AnchorLog').abi, new Wallet(chain.key, provider));
    await (await log.getFunction('commit')(REGISTRY_ID, epoch, previousRoot, root)).wait();
  } finally {
    provider.destroy();
  }
}

describe('an anchor', () => {
  test('goes from pending over included to final, and the chain confirms its proof', async () => {
    const one = await started();
    expect(await anchorOf(one, 1)).toBeNull();
    await set(1, 11);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'pending', value: toHex(hash(11)), proof: null });
    await included(one, 1);
    expect(await statusOf(one, 1)).toBe('included');
    await final(one, 1);
    const anchor = (await anchorOf(one, 1)) as Anchor;
    expect(anchor).toMatchObject({ epoch: 1, chain_id: chain.chainId, key: toHex(hash(1)) });
    expect(anchorIsProven(anchor)).toBe(true);
    expect(await isAnchoredOnChain(anchor)).toBe(true);
    expect(await isAnchoredOnChain({ ...anchor, value: toHex(hash(12)) })).toBe(false);
    expect(await chain.rpc('eth_getTransactionReceipt', anchor.transaction)).toMatchObject({
      status: '0x1',
      blockNumber: `0x${(anchor.block as number).toString(16)}`,
    });
  });

  test('stays final while other keys change, and is pending again when its own does', async () => {
    const one = await started();
    await set(1, 11);
    await final(one, 1);
    time();
    await set(2, 22);
    await included(one, 2);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'final', epoch: 1 });
    await set(1, 12);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'pending', value: toHex(hash(12)) });
    time();
    await final(one, 1);
    const anchor = (await anchorOf(one, 1)) as Anchor;
    expect(anchor).toMatchObject({ value: toHex(hash(12)), epoch: 3 });
    expect(await isAnchoredOnChain(anchor)).toBe(true);
  });

  test('of a key that holds nothing is a proof of absence, also after a removal', async () => {
    const one = await started();
    await set(1, 11);
    await set(2, 22);
    await final(one, 1);
    const never = (await anchorOf(one, 3)) as Anchor;
    expect(never).toMatchObject({ status: 'final', value: null });
    expect(anchorIsProven(never)).toBe(true);
    expect(await isAnchoredOnChain(never)).toBe(true);
    time();
    await set(1, null);
    await final(one, 1);
    const removed = (await anchorOf(one, 1)) as Anchor;
    expect(removed).toMatchObject({ value: null, epoch: 2 });
    expect(await isAnchoredOnChain(removed)).toBe(true);
    expect(await isAnchoredOnChain({ ...removed, value: toHex(hash(11)) })).toBe(false);
  });

  test('made in TypeScript verifies in Solidity, and with one bit changed it does not', async () => {
    const one = await started();
    for (let n = 1; n <= 40; n += 1) await enqueueChange(pool, bytes32(toHex(hash(n * 5))), hash(n));
    await final(one, 5);
    for (const n of [5, 100, 200, 6, 255]) {
      const anchor = (await anchorOf(one, n)) as Anchor;
      expect(anchor.value === null).toBe(n % 5 !== 0 || n === 255);
      expect(await isAnchoredOnChain(anchor)).toBe(true);
      const proof = proofFromText(anchor.proof as string);
      for (let bit = n % 7; bit < proof.length * 8; bit += 97) {
        const changed = proof.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        const forged = { ...anchor, proof: Buffer.from(changed).toString('base64url') };
        expect(await isAnchoredOnChain(forged)).toBe(false);
      }
    }
  });
});

describe('epochs', () => {
  test('hold what came together until they are due, or until enough has come', async () => {
    const one = await started();
    await set(1, 1);
    await included(one, 1);
    await set(2, 2);
    await set(3, 3);
    await new Promise((resolve) => setTimeout(resolve, 3 * anchoringLimits.poll_ms));
    expect(await one.service.head()).toMatchObject({ epoch: 1, changes_waiting: 2 });
    await set(4, 4);
    await included(one, 4);
    expect(await one.service.head()).toMatchObject({ epoch: 2, changes_waiting: 0 });
    expect((await one.service.epoch(2, null)).changes.map(({ key }) => key)).toEqual(
      [2, 3, 4].map((n) => toHex(hash(n))),
    );
  });

  test('are not made for changes that change nothing', async () => {
    const one = await started();
    await set(1, 1);
    await included(one, 1);
    time();
    await set(1, 1);
    await set(9, null);
    await expect.poll(async () => (await one.service.head()).changes_waiting, WAIT).toBe(0);
    expect(await one.service.head()).toMatchObject({ epoch: 1 });
  });

  test('have the roots that replaying the public log gives, on the chain too', async () => {
    const one = await started();
    for (const [n, value] of [
      [1, 1],
      [2, 2],
      [1, 3],
      [2, null],
      [1, null],
    ] as const) {
      await set(n, value);
      time();
      await expect.poll(async () => (await one.service.head()).changes_waiting, WAIT).toBe(0);
    }
    await expect.poll(async () => (await one.service.head()).status, WAIT).toBe('included');
    const head = await one.service.head();
    expect(head).toMatchObject({ epoch: 5, root: toHex(new Uint8Array(32)) });
    const second = createService(one);
    expect(await second).toMatchObject({ epoch: 5 });
    await expect(one.service.epoch(6, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('wait in the outbox rather than pile up while the chain is away', async () => {
    const one = await started();
    await set(1, 1);
    await included(one, 1);
    await chain.kill();
    for (let n = 2; n < 10; n += 1) {
      time();
      await set(n, n);
      await new Promise((resolve) => setTimeout(resolve, anchoringLimits.poll_ms / 2));
    }
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_AWAY');
    const head = await one.service.head();
    expect(head.epoch).toBeLessThanOrEqual(1 + anchoringLimits.epochsAhead);
    expect(await statusOf(one, 9)).toBe('pending');
    expect(await statusOf(one, 1)).toBe('included');
  });
});

/** Another copy of the service that reads only. */
async function createService(_like: Anchoring): Promise<{ epoch: number | null }> {
  return anchoring().service.head();
}

describe('the way to the chain', () => {
  test('goes on where it was after a restart, with the same contract', async () => {
    const first = await started();
    await set(1, 1);
    await final(first, 1);
    const before = await anchorOf(first, 1);
    await stop(first);
    const second = await started();
    expect(await anchorOf(second, 1)).toEqual(before);
    time();
    await set(2, 2);
    await included(second, 2);
    expect(await anchorOf(second, 2)).toMatchObject({ epoch: 2, contract: before?.contract });
  });

  test('sends an epoch again that a re-org took off the chain', async () => {
    const one = await started();
    await set(1, 1);
    await included(one, 1);
    const before = (await anchorOf(one, 1)) as Anchor;
    await chain.rpc('anvil_reorg', 1, []);
    await expect
      .poll(async () => {
        const now = await anchorOf(one, 1);
        return now?.status === 'included' && now.block_time !== null && (await isAnchoredOnChain(now));
      }, WAIT)
      .toBe(true);
    await final(one, 1);
    const after = (await anchorOf(one, 1)) as Anchor;
    expect(after.root).toBe(before.root);
    expect(await chain.rpc('eth_getTransactionReceipt', after.transaction)).toMatchObject({ status: '0x1' });
  });

  test('sends everything again when the chain has lost it all, the contract too', async () => {
    const one = await started();
    await set(1, 1);
    await final(one, 1);
    time();
    await set(2, 2);
    await included(one, 2);
    await chain.kill();
    await chain.restartEmpty();
    await expect
      .poll(async () => {
        const head = await one.service.head();
        return head.status === 'included' && (await isAnchoredOnChain((await anchorOf(one, 2)) as Anchor));
      }, WAIT)
      .toBe(true);
    await final(one, 1);
    expect(await isAnchoredOnChain((await anchorOf(one, 1)) as Anchor)).toBe(true);
  });

  test('finds a commit that was sent but not written down', async () => {
    const one = await started();
    await set(1, 1);
    await final(one, 1);
    const { transaction, contract } = (await anchorOf(one, 1)) as Anchor;
    await stop(one);
    await pool.query(
      `UPDATE anchoring.epoch SET status = 'pending', transaction = NULL, block = NULL, block_hash = NULL`,
    );
    const again = await started();
    await expect.poll(() => statusOf(again, 1), WAIT).toBe('final');
    expect(await anchorOf(again, 1)).toMatchObject({ transaction, contract });
  });

  test('refuses to start where the chain is ahead of the database', async () => {
    const one = await started();
    await set(1, 1);
    await final(one, 1);
    const { contract, root } = (await anchorOf(one, 1)) as Anchor;
    await stop(one);
    await commitOnChain(contract, 2, root as string, toHex(hash(7)));
    await expect(anchoring().start()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
  });

  test('stops making epochs when somebody with its key commits another root', async () => {
    const one = await started();
    await set(1, 1);
    await final(one, 1);
    const { contract, root } = (await anchorOf(one, 1)) as Anchor;
    await commitOnChain(contract, 2, root as string, toHex(hash(7)));
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_AHEAD');
    time();
    await set(2, 2);
    await new Promise((resolve) => setTimeout(resolve, 3 * anchoringLimits.poll_ms));
    expect(await one.service.head()).toMatchObject({ epoch: 1, changes_waiting: 1 });
  });

  test('refuses to start where the chain has another root for an epoch', async () => {
    const one = await started();
    await set(1, 1);
    await final(one, 1);
    const { contract } = (await anchorOf(one, 1)) as Anchor;
    await stop(one);
    await chain.kill();
    await chain.restartEmpty();
    const other = await started();
    await expect.poll(() => statusOf(other, 1), WAIT).toBe('included');
    await stop(other);
    await pool.query('UPDATE anchoring.epoch SET root = $1', [Buffer.from(hash(9))]);
    await pool.query('UPDATE anchoring.change SET value = $1', [Buffer.from(hash(2))]);
    expect(contract).toMatch(/^0x/);
    await expect(anchoring().start()).rejects.toMatchObject({ code: 'ANCHOR_LOG_DAMAGED' });
  });

  test('refuses a node of another chain', async () => {
    await expect(anchoring({ chainId: 1 }).start()).rejects.toMatchObject({ code: 'CHAIN_WRONG' });
  });

  test('goes to the next URL where a node does not answer', async () => {
    const one = await started({ rpcUrls: ['http://127.0.0.1:9', chain.url] });
    await set(1, 1);
    await included(one, 1);
  });

  test('says that it needs the chain at its very first start', async () => {
    await expect(anchoring({ rpcUrls: ['http://127.0.0.1:9'] }).start()).rejects.toMatchObject({ code: 'CHAIN_AWAY' });
  });

  test('starts without the chain once the contract is known, and catches up when it is back', async () => {
    const first = await started();
    await set(1, 1);
    await final(first, 1);
    await stop(first);
    await chain.kill();
    const one = await started();
    expect(await statusOf(one, 1)).toBe('final');
    time();
    await set(2, 2);
    expect(await statusOf(one, 2)).toBe('pending');
    await chain.restartEmpty();
    await included(one, 2);
  });

  test("refuses a contract whose committer is another's key", async () => {
    const one = await started();
    await set(1, 1);
    await final(one, 1);
    const { contract } = (await anchorOf(one, 1)) as Anchor;
    await stop(one);
    const stranger = Wallet.createRandom().privateKey;
    await chain.fund(stranger);
    await expect(anchoring({ contract, committerKey: stranger }).start()).rejects.toMatchObject({
      code: 'CHAIN_CONTRACT_UNUSABLE',
    });
  });

  test('refuses settings that point elsewhere than the database', async () => {
    await stop(await started());
    await expect(anchoring({ registryId: `0x${'0d'.repeat(32)}` }).start()).rejects.toMatchObject({
      code: 'CHAIN_CONTRACT_UNUSABLE',
    });
  });

  test('is gone by one copy of the service at a time, and both answer alike', async () => {
    const [one, other] = await Promise.all([started(), started()]);
    for (let n = 1; n <= 6; n += 1) {
      time();
      await set(n, n);
      await included(one, n);
    }
    expect(await anchorOf(other, 6)).toEqual(await anchorOf(one, 6));
    const { rows } = await pool.query('SELECT count(DISTINCT transaction)::int AS n FROM anchoring.epoch');
    expect(rows).toEqual([{ n: 6 }]);
  });
});

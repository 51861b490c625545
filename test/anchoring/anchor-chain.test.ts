import { Wallet } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchoringLimits } from '../../src/anchoring/anchoring-limits.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import {
  AnchoringFixture,
  anchorOf,
  hash,
  REGISTRY_ID,
  statusOf,
  untilIncluded,
  WAIT,
} from '../support/anchoring-fixture.ts';
import { mapOf } from '../support/map-of.ts';
import { testDatabase } from '../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);

describe('the way to the chain', () => {
  test('goes on where it was after a restart, with the same contract', async () => {
    const first = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(first, 1);
    const before = await anchorOf(first, 1);
    await fixture.stop(first);
    const second = await fixture.start();
    expect(await anchorOf(second, 1)).toEqual(before);
    fixture.passTime();
    await fixture.set(2, 2);
    await untilIncluded(second, 2);
    expect(await anchorOf(second, 2)).toMatchObject({ epoch: 2, contract: before?.contract });
  });

  test('sends an epoch again that a re-org took off the chain', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    const before = (await anchorOf(one, 1)) as Anchor;
    await fixture.chain.rpc('anvil_reorg', 1, []);
    await expect
      .poll(async () => {
        const now = await anchorOf(one, 1);
        return now?.status === 'included' && now.block_time !== null && (await fixture.isAnchoredOnChain(now));
      }, WAIT)
      .toBe(true);
    await fixture.untilFinal(one, 1);
    const after = (await anchorOf(one, 1)) as Anchor;
    expect(after.root).toBe(before.root);
    expect(await fixture.chain.rpc('eth_getTransactionReceipt', after.transaction)).toMatchObject({ status: '0x1' });
  });

  test('sends everything again when the chain has lost it all, the contract too', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    fixture.passTime();
    await fixture.set(2, 2);
    await untilIncluded(one, 2);
    await fixture.chain.kill();
    await fixture.chain.restartEmpty();
    await expect
      .poll(async () => {
        const head = await one.service.head();
        return head.status === 'included' && (await fixture.isAnchoredOnChain((await anchorOf(one, 2)) as Anchor));
      }, WAIT)
      .toBe(true);
    await fixture.untilFinal(one, 1);
    expect(await fixture.isAnchoredOnChain((await anchorOf(one, 1)) as Anchor)).toBe(true);
  });

  test('finds a commit that was sent but not written down', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    const { transaction, contract } = (await anchorOf(one, 1)) as Anchor;
    await fixture.stop(one);
    await fixture.pool.query(
      `UPDATE anchoring.epoch SET status = 'pending', transaction = NULL, block = NULL, block_hash = NULL`,
    );
    const again = await fixture.start();
    await expect.poll(() => statusOf(again, 1), WAIT).toBe('final');
    expect(await anchorOf(again, 1)).toMatchObject({ transaction, contract });
  });

  test('refuses to start where the chain is ahead of the database', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    const { contract, root } = (await anchorOf(one, 1)) as Anchor;
    await fixture.stop(one);
    await fixture.commitOnChain(contract, 2, root as string, toHex(hash(7)));
    await expect(fixture.create().start()).rejects.toMatchObject({ code: 'CHAIN_AHEAD' });
  });

  test('stops making epochs when somebody with its key commits another root', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    const { contract, root } = (await anchorOf(one, 1)) as Anchor;
    await fixture.commitOnChain(contract, 2, root as string, toHex(hash(7)));
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_AHEAD');
    fixture.passTime();
    await fixture.set(2, 2);
    await new Promise((resolve) => setTimeout(resolve, 3 * anchoringLimits.poll_ms));
    expect(await one.service.head()).toMatchObject({ epoch: 1, changes_waiting: 1 });
  });

  test('refuses to start where the chain has another root for an epoch', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    await fixture.stop(one);
    const { root } = await mapOf([{ key: hash(1), value: hash(2) }]);
    await fixture.pool.query('UPDATE anchoring.change SET value = $1', [Buffer.from(hash(2))]);
    await fixture.pool.query('UPDATE anchoring.epoch SET root = $1', [Buffer.from(root)]);
    await expect(fixture.create().start()).rejects.toMatchObject({ code: 'CHAIN_DIFFERENT' });
  });

  test('refuses to start where the log was changed by hand', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    await fixture.stop(one);
    await fixture.pool.query('UPDATE anchoring.change SET value = $1', [Buffer.from(hash(2))]);
    await expect(fixture.create().start()).rejects.toMatchObject({ code: 'ANCHOR_LOG_DAMAGED' });
  });

  test('refuses a node of another chain', async () => {
    await expect(fixture.create({ chainId: 1 }).start()).rejects.toMatchObject({ code: 'CHAIN_WRONG' });
  });

  test('goes to the next URL where a node does not answer', async () => {
    const one = await fixture.start({ rpcUrls: ['http://127.0.0.1:9', fixture.chain.url] });
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
  });

  test('says that it needs the chain at its very first start', async () => {
    await expect(fixture.create({ rpcUrls: ['http://127.0.0.1:9'] }).start()).rejects.toMatchObject({
      code: 'CHAIN_AWAY',
    });
  });

  test('starts without the chain once the contract is known, and catches up when it is back', async () => {
    const first = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(first, 1);
    await fixture.stop(first);
    await fixture.chain.kill();
    const one = await fixture.start();
    expect(await statusOf(one, 1)).toBe('final');
    fixture.passTime();
    await fixture.set(2, 2);
    expect(await statusOf(one, 2)).toBe('pending');
    await fixture.chain.restartEmpty();
    await untilIncluded(one, 2);
  });

  test("refuses a contract whose committer is another's key", async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    const { contract } = (await anchorOf(one, 1)) as Anchor;
    await fixture.stop(one);
    const stranger = Wallet.createRandom().privateKey;
    await fixture.chain.fund(stranger);
    await expect(fixture.create({ contract, committerKey: stranger }).start()).rejects.toMatchObject({
      code: 'CHAIN_CONTRACT_UNUSABLE',
    });
  });

  test('refuses settings that point elsewhere than the database', async () => {
    await fixture.stop(await fixture.start());
    const elsewhere = `0x${'0d'.repeat(20)}`;
    await expect(fixture.create({ contract: elsewhere }).start()).rejects.toMatchObject({
      code: 'CHAIN_CONTRACT_UNUSABLE',
    });
  });

  test('goes on in the registry it began with, whatever name a later start has for it', async () => {
    await fixture.stop(await fixture.start());
    const later = fixture.create({ registryId: `0x${'0d'.repeat(32)}` });
    await later.start();
    await later.stop();
    expect((await later.service.head()).registry_id).toBe(REGISTRY_ID);
  });

  test('deploys no second contract on a chain that is not its own', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    await fixture.stop(one);
    await fixture.chain.kill();
    await fixture.chain.restartEmpty();
    await expect(fixture.create({ isDevelopmentChain: false }).start()).rejects.toMatchObject({
      code: 'CHAIN_CONTRACT_UNUSABLE',
    });
  });

  test('is gone by one copy of the service at a time, and both answer alike', async () => {
    const [one, other] = await Promise.all([fixture.start(), fixture.start()]);
    for (let n = 1; n <= 6; n += 1) {
      fixture.passTime();
      await fixture.set(n, n);
      await untilIncluded(one, n);
    }
    expect(await anchorOf(other, 6)).toEqual(await anchorOf(one, 6));
    const { rows } = await fixture.pool.query('SELECT count(DISTINCT transaction)::int AS n FROM anchoring.epoch');
    expect(rows).toEqual([{ n: 6 }]);
  });
});

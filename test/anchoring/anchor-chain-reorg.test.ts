import { expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { AnchoringFixture, anchorOf, hash, untilIncluded, WAIT } from '../support/anchoring-fixture.ts';
import { startRpcProxy } from '../support/rpc-proxy.ts';
import { testDatabase } from '../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);

interface Facts {
  epoch: number;
  block: number;
  block_hash: string;
  status: string;
}

async function facts(): Promise<Facts[]> {
  const { rows } = await fixture.pool.query(
    `SELECT epoch, block, '0x' || encode(block_hash, 'hex') AS block_hash, status FROM anchoring.epoch ORDER BY epoch`,
  );
  return rows as Facts[];
}

/** Whether every epoch is in a block, and that block is on the chain as it is now. */
async function areCanonical(): Promise<boolean> {
  for (const { block, block_hash } of await facts()) {
    if (block === null) return false;
    const found = (await fixture.chain.rpc('eth_getBlockByNumber', `0x${block.toString(16)}`, false)) as {
      hash: string;
    } | null;
    if (found?.hash !== block_hash) return false;
  }
  return true;
}

test('three blocks taken off the chain are sent again, each epoch once, and its facts are those of the new blocks', async () => {
  const one = await fixture.start();
  for (let n = 1; n <= 3; n += 1) {
    fixture.passTime();
    await fixture.set(n, n);
    await untilIncluded(one, n);
  }
  const before = await facts();
  await fixture.chain.rpc('anvil_reorg', 3, []);
  await expect
    .poll(async () => (await facts()).every((now, at) => now.block_hash !== before[at]?.block_hash), WAIT)
    .toBe(true);
  await expect.poll(areCanonical, WAIT).toBe(true);
  await fixture.untilFinal(one, 3);
  expect(await fixture.isAnchoredOnChain((await anchorOf(one, 3)) as Anchor)).toBe(true);
  expect((await facts()).map(({ status }) => status)).toEqual(['final', 'final', 'final']);
});

test('an epoch that was final is so no more when its block leaves the chain', async () => {
  const one = await fixture.start();
  await fixture.set(1, 1);
  await fixture.untilFinal(one, 1);
  fixture.passTime();
  await fixture.set(2, 2);
  await untilIncluded(one, 2);
  await fixture.chain.rpc('anvil_reorg', 5, []);
  await expect.poll(areCanonical, WAIT).toBe(true);
  await fixture.untilFinal(one, 2);
  expect(await fixture.isAnchoredOnChain((await anchorOf(one, 1)) as Anchor)).toBe(true);
});

test('a foreign root beneath a root of ours is found', async () => {
  const deaf = await startRpcProxy(fixture.chain.url);
  try {
    const one = await fixture.start({ rpcUrls: [deaf.url] });
    await fixture.set(1, 1);
    await fixture.untilFinal(one, 1);
    deaf.rewrite('eth_sendRawTransaction', async () => ({ result: `0x${'00'.repeat(32)}` }));
    for (let n = 2; n <= 3; n += 1) {
      fixture.passTime();
      await fixture.set(n, n);
      await expect.poll(async () => (await one.service.head()).epoch, WAIT).toBe(n);
    }
    const { contract, root } = (await anchorOf(one, 1)) as Anchor;
    const newest = await one.service.head();
    await fixture.stop(one);
    await fixture.commitOnChain(contract, 2, root as string, toHex(hash(7)));
    await fixture.commitOnChain(contract, 3, toHex(hash(7)), newest.root as string);
    const again = fixture.create().start();
    await expect(again).rejects.toMatchObject({ code: 'CHAIN_DIFFERENT', detail: expect.stringContaining('Epoch 2') });
  } finally {
    await deaf.close();
  }
});

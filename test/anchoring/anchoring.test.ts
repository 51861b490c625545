import { describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { anchoringLimits } from '../../src/anchoring/anchoring-limits.ts';
import { bytes32, toHex } from '../../src/anchoring/hexadecimal.ts';
import { enqueueChange } from '../../src/anchoring/outbox-store.ts';
import { anchorIsProven, proofFromText } from '../../src/anchoring/proofs.ts';
import { SparseMerkleMap } from '../../src/anchoring/sparse-merkle-map.ts';
import {
  AnchoringFixture,
  anchorOf,
  hash,
  REGISTRY_ID,
  statusOf,
  untilIncluded,
  WAIT,
} from '../support/anchoring-fixture.ts';
import { testDatabase } from '../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);

describe('an anchor', () => {
  test('goes from pending over included to final, and the chain confirms its proof', async () => {
    const one = await fixture.start();
    expect(await anchorOf(one, 1)).toBeNull();
    await fixture.set(1, 11);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'pending', value: toHex(hash(11)), proof: null });
    await untilIncluded(one, 1);
    expect(await statusOf(one, 1)).toBe('included');
    await fixture.untilFinal(one, 1);
    const anchor = (await anchorOf(one, 1)) as Anchor;
    expect(anchor).toMatchObject({ epoch: 1, chain_id: fixture.chain.chainId, key: toHex(hash(1)) });
    expect(anchorIsProven(anchor)).toBe(true);
    expect(await fixture.isAnchoredOnChain(anchor)).toBe(true);
    expect(await fixture.isAnchoredOnChain({ ...anchor, value: toHex(hash(12)) })).toBe(false);
    expect(await fixture.chain.rpc('eth_getTransactionReceipt', anchor.transaction)).toMatchObject({
      status: '0x1',
      blockNumber: `0x${(anchor.block as number).toString(16)}`,
    });
  });

  test('stays final while other keys change, and is pending again when its own does', async () => {
    const one = await fixture.start();
    await fixture.set(1, 11);
    await fixture.untilFinal(one, 1);
    fixture.passTime();
    await fixture.set(2, 22);
    await untilIncluded(one, 2);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'final', epoch: 1 });
    await fixture.set(1, 12);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'pending', value: toHex(hash(12)) });
    fixture.passTime();
    await fixture.untilFinal(one, 1);
    const anchor = (await anchorOf(one, 1)) as Anchor;
    expect(anchor).toMatchObject({ value: toHex(hash(12)), epoch: 3 });
    expect(await fixture.isAnchoredOnChain(anchor)).toBe(true);
  });

  test('of a key that holds nothing is a proof of absence, also after a removal', async () => {
    const one = await fixture.start();
    await fixture.set(1, 11);
    await fixture.set(2, 22);
    await fixture.untilFinal(one, 1);
    const never = (await anchorOf(one, 3)) as Anchor;
    expect(never).toMatchObject({ status: 'final', value: null });
    expect(anchorIsProven(never)).toBe(true);
    expect(await fixture.isAnchoredOnChain(never)).toBe(true);
    fixture.passTime();
    await fixture.set(1, null);
    await fixture.untilFinal(one, 1);
    const removed = (await anchorOf(one, 1)) as Anchor;
    expect(removed).toMatchObject({ value: null, epoch: 2 });
    expect(await fixture.isAnchoredOnChain(removed)).toBe(true);
    expect(await fixture.isAnchoredOnChain({ ...removed, value: toHex(hash(11)) })).toBe(false);
  });

  test('made in TypeScript verifies in Solidity, and with one bit changed it does not', async () => {
    const one = await fixture.start();
    for (let n = 1; n <= 40; n += 1) await enqueueChange(fixture.pool, hash(n * 5), hash(n));
    await fixture.untilFinal(one, 5);
    for (const n of [5, 100, 200, 6, 255]) {
      const anchor = (await anchorOf(one, n)) as Anchor;
      expect(anchor.value === null).toBe(n % 5 !== 0 || n === 255);
      expect(await fixture.isAnchoredOnChain(anchor)).toBe(true);
      const proof = proofFromText(anchor.proof as string);
      for (let bit = n % 7; bit < proof.length * 8; bit += 97) {
        const changed = proof.slice();
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        const forged = { ...anchor, proof: Buffer.from(changed).toString('base64url') };
        expect(await fixture.isAnchoredOnChain(forged)).toBe(false);
      }
    }
  });
});

describe('epochs', () => {
  test('hold what came together until they are due, or until enough has come', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    await fixture.set(2, 2);
    await fixture.set(3, 3);
    await new Promise((resolve) => setTimeout(resolve, 3 * anchoringLimits.poll_ms));
    expect(await one.service.head()).toMatchObject({ epoch: 1, changes_waiting: 2 });
    await fixture.set(4, 4);
    await untilIncluded(one, 4);
    expect(await one.service.head()).toMatchObject({ epoch: 2, changes_waiting: 0 });
    expect((await one.service.epoch(2, null)).changes.map(({ key }) => key)).toEqual(
      [2, 3, 4].map((n) => toHex(hash(n))),
    );
  });

  test('are not made for changes that change nothing', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    fixture.passTime();
    await fixture.set(1, 1);
    await fixture.set(9, null);
    await expect.poll(async () => (await one.service.head()).changes_waiting, WAIT).toBe(0);
    expect(await one.service.head()).toMatchObject({ epoch: 1 });
  });

  test('have the roots that replaying the public log gives, on the chain too', async () => {
    const one = await fixture.start();
    for (const [n, value] of [
      [1, 1],
      [2, 2],
      [1, 3],
      [2, null],
      [1, null],
    ] as const) {
      await fixture.set(n, value);
      fixture.passTime();
      await expect.poll(async () => (await one.service.head()).changes_waiting, WAIT).toBe(0);
    }
    await expect.poll(async () => (await one.service.head()).status, WAIT).toBe('included');
    const head = await one.service.head();
    expect(head).toMatchObject({ epoch: 5, root: toHex(new Uint8Array(32)) });
    const replayed = new SparseMerkleMap();
    for (let epoch = 1; epoch <= 5; epoch += 1) {
      const { changes, root } = await one.service.epoch(epoch, null);
      const { root: rebuilt } = await replayed.advance(
        changes.map(({ key, value }) => ({ key: bytes32(key), value: value === null ? null : bytes32(value) })),
      );
      expect(root).toBe(toHex(rebuilt));
      expect(await fixture.onChain(head.contract, 'rootOf', REGISTRY_ID, epoch)).toBe(root);
    }
    await expect(one.service.epoch(6, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('wait in the outbox rather than pile up while the chain is away', async () => {
    const one = await fixture.start();
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    await fixture.chain.kill();
    for (let n = 2; n < 10; n += 1) {
      fixture.passTime();
      await fixture.set(n, n);
      await new Promise((resolve) => setTimeout(resolve, anchoringLimits.poll_ms / 2));
    }
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_AWAY');
    const head = await one.service.head();
    expect(head.epoch).toBeLessThanOrEqual(1 + anchoringLimits.epochsAhead);
    expect(await statusOf(one, 9)).toBe('pending');
    expect(await statusOf(one, 1)).toBe('included');
  });
});

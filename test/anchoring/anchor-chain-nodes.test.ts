import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  AnchoringFixture,
  anchorOf,
  CONFIRMATIONS,
  statusOf,
  untilIncluded,
  WAIT,
} from '../support/anchoring-fixture.ts';
import { type RpcAnswer, type RpcProxy, startRpcProxy } from '../support/rpc-proxy.ts';
import { startTestChain } from '../support/test-chain.ts';
import { testDatabase } from '../support/test-database.ts';

const fixture = new AnchoringFixture((await testDatabase()).pool);
let proxies: RpcProxy[] = [];

async function proxyOf(url: string): Promise<RpcProxy> {
  const proxy = await startRpcProxy(url);
  proxies.push(proxy);
  return proxy;
}

afterEach(async () => {
  for (const proxy of proxies) await proxy.close();
  proxies = [];
});

describe('several chain nodes', () => {
  test('are gone to in turn when one is cut off, and anchors go on', async () => {
    const first = await proxyOf(fixture.chain.url);
    const second = await proxyOf(fixture.chain.url);
    const one = await fixture.start({ rpcUrls: [first.url, second.url] });
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    first.cut();
    fixture.passTime();
    await fixture.set(2, 2);
    await untilIncluded(one, 2);
    expect(one.trouble()).toBeNull();
  });

  test('are refused where they are of another chain, the rest is used, and the console is told', async () => {
    const other = await startTestChain(4_242);
    try {
      const wrong = await proxyOf(other.url);
      const one = await fixture.start({ chainId: fixture.chain.chainId, rpcUrls: [wrong.url, fixture.chain.url] });
      await fixture.set(1, 1);
      await untilIncluded(one, 1);
      expect(new Set(wrong.passed.map(({ method }) => method))).toEqual(new Set(['eth_chainId']));
      await expect.poll(async () => (await one.state.state()).trouble?.code, WAIT).toBe('CHAIN_WRONG');
      const { nodes } = await one.state.state();
      expect(nodes.map(({ state }) => state)).toEqual(['wrong_chain', 'in_use']);
      await expect(one.state.requireWorking()).resolves.toBeUndefined();
    } finally {
      await other.kill();
    }
  });

  test('that fail at a call are no contract that refuses: another is asked, and at the first start the same again', async () => {
    const stumbling = await proxyOf(fixture.chain.url);
    let failures = 0;
    const fails = async (): Promise<RpcAnswer> => {
      failures += 1;
      if (failures === 2) stumbling.rewrite('eth_call');
      return { error: { code: -32603, message: 'Internal error: block not found' } };
    };
    stumbling.rewrite('eth_call', fails);
    const alone = await fixture.start({ rpcUrls: [stumbling.url] });
    expect(failures).toBe(2);
    await fixture.set(1, 1);
    await untilIncluded(alone, 1);
    stumbling.rewrite('eth_call', async () => ({ error: { code: -32000, message: 'header not found' } }));
    await expect.poll(() => alone.trouble()?.code, WAIT).toBe('CHAIN_AWAY');
    await fixture.stop(alone);
    const one = await fixture.start({ rpcUrls: [stumbling.url, fixture.chain.url] });
    fixture.passTime();
    await fixture.set(2, 2);
    await untilIncluded(one, 2);
    expect(one.trouble()).toBeNull();
  });

  test('hold an epoch at included while one tells another block, and make it final when they agree', async () => {
    const liar = await proxyOf(fixture.chain.url);
    liar.rewrite('eth_getBlockByNumber', async (_params, ask) => {
      const { result } = await ask();
      return { result: { ...(result as object), hash: `0x${'ab'.repeat(32)}` } };
    });
    const one = await fixture.start({ rpcUrls: [fixture.chain.url, liar.url] });
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    await fixture.chain.mine(CONFIRMATIONS);
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_NODES_DISAGREE');
    expect(one.trouble()?.detail).toContain(new URL(liar.url).host);
    expect(await statusOf(one, 1)).toBe('included');
    liar.rewrite('eth_getBlockByNumber');
    await expect.poll(() => statusOf(one, 1), WAIT).toBe('final');
    await expect.poll(() => one.trouble(), WAIT).toBeNull();
  });

  test('hold an epoch at included while one tells another root', async () => {
    const liar = await proxyOf(fixture.chain.url);
    liar.rewrite('eth_call', async () => ({ result: `0x${'ab'.repeat(32)}` }));
    const one = await fixture.start({ rpcUrls: [fixture.chain.url, liar.url] });
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    await fixture.chain.mine(CONFIRMATIONS);
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_NODES_DISAGREE');
    expect(await statusOf(one, 1)).toBe('included');
  });

  test('are waited for while they are behind, and said to disagree where they stand still', async () => {
    const late = await proxyOf(fixture.chain.url);
    const one = await fixture.start({ rpcUrls: [fixture.chain.url, late.url] });
    await fixture.chain.mine(30);
    await fixture.set(1, 1);
    await untilIncluded(one, 1);
    const block = (await anchorOf(one, 1))?.block ?? 0;
    late.rewrite('eth_blockNumber', async () => ({ result: `0x${(block - 1).toString(16)}` }));
    await fixture.chain.mine(CONFIRMATIONS);
    await sleep(1_500);
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'included' });
    expect(one.trouble()).toBeNull();
    late.rewrite('eth_blockNumber', async () => ({ result: '0x1' }));
    await expect.poll(() => one.trouble()?.code, WAIT).toBe('CHAIN_NODES_DISAGREE');
    expect(await anchorOf(one, 1)).toMatchObject({ status: 'included' });
    late.rewrite('eth_blockNumber');
    await expect.poll(() => statusOf(one, 1), WAIT).toBe('final');
    await expect.poll(() => one.trouble(), WAIT).toBeNull();
  });
});

test('a process without a worker is told by the database what the worker met', async () => {
  const proxy = await proxyOf(fixture.chain.url);
  const onlooker = fixture.create();
  await expect(onlooker.state.requireWorking()).rejects.toMatchObject({ code: 'NOT_READY' });
  const worker = await fixture.start({ rpcUrls: [proxy.url] });
  await fixture.set(1, 1);
  await untilIncluded(worker, 1);
  await expect(onlooker.state.requireWorking()).resolves.toBeUndefined();
  await expect
    .poll(() => onlooker.state.state(), WAIT)
    .toMatchObject({
      trouble: null,
      place: { chain_id: fixture.chain.chainId },
      account: { commits_left: expect.any(Number) },
      epochs: [{ epoch: 1, status: 'included', changes: 1, sends: 1, confirmations: 1 }],
    });
  proxy.cut();
  await expect
    .poll(
      () =>
        onlooker.state.requireWorking().then(
          () => null,
          ({ code }) => code,
        ),
      WAIT,
    )
    .toBe('CHAIN_AWAY');
  expect((await onlooker.state.state()).nodes).toMatchObject([{ state: 'away' }]);
});

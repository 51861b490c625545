// The nodes that the service asks: away, of another chain, or not telling the truth.

import { setTimeout as sleep } from 'node:timers/promises';
import { computeAddress } from 'ethers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { naruContextUrl } from '../../src/identity/credentials/json-ld.ts';
import { onNode, transactionsOf } from '../support/chain-book.ts';
import { City, type Instance, PATIENCE, readiness } from '../support/city.ts';
import { type RpcProxy, startRpcProxy } from '../support/rpc-proxy.ts';
import { startTestChain, type TestChain } from '../support/test-chain.ts';

const OPERATOR_TOKEN = 'Tq7Wm2Zx9Lc4Vb6Np1Rk8Ys5Hd3Jf0Ga';
/** Of the settings that a city starts with. */
const CONFIRMATIONS = 3;
/** Several rounds of the worker: what it would do wrongly it has done by then. */
const ROUNDS_ms = 3_000;

let city: City;
let proxy: RpcProxy | undefined;
let otherChain: TestChain | undefined;

beforeEach(async () => {
  city = await City.open();
});

afterEach(async () => {
  await city?.close();
  await proxy?.close();
  await otherChain?.kill();
  proxy = undefined;
  otherChain = undefined;
});

async function issueCredential(url: string): Promise<number> {
  const credential = {
    '@context': ['https://www.w3.org/ns/credentials/v2', naruContextUrl(city.publicUrl)],
    type: ['VerifiableCredential', 'WaterAccountCredential'],
    validFrom: '2026-01-01T00:00:00Z',
    credentialSubject: {
      ...{ id: 'did:example:one', service_point: 'SP-000123', usage_class: 'domestic', role: 'owner' },
      from: '2026-01-01',
    },
  };
  const response = await fetch(`${url}/vc-api/credentials/issue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OPERATOR_TOKEN}` },
    body: JSON.stringify({ credential, options: {} }),
  });
  return response.status;
}

const committer = (): string => computeAddress(city.chain.key);

test('while the chain is away it registers and issues as pending, says so, and drains when it is back [faults 52]', async () => {
  proxy = await startRpcProxy(city.chain.url);
  const instance = await city.start({ CHAIN_RPC_URL: proxy.url, NARU_OPERATOR_TOKEN: OPERATOR_TOKEN });
  await city.mineSteadily();
  await city.ledger.untilSettled(instance.url);
  expect(await readiness(instance)).toMatchObject({ status: 200, parts: { chain: 'ok', database: 'ok' } });

  proxy.cut();
  const dids = [];
  for (let count = 0; count < 3; count += 1) dids.push(await city.ledger.register(instance.url));
  expect(await issueCredential(instance.url)).toBe(201);
  await expect.poll(() => readiness(instance), PATIENCE).toMatchObject({ status: 503, parts: { database: 'ok' } });
  expect((await readiness(instance)).parts.chain).not.toBe('ok');
  expect((await fetch(`${instance.url}/healthz`)).status).toBe(200);
  await city.untilTrouble(instance, 'CHAIN_AWAY');
  for (const did of dids) expect((await city.ledger.anchorOf(instance.url, did))?.status).toBe('pending');

  proxy.mend();
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 3, missing: [], twice: [] });
  await city.untilTrouble(instance, null);
  expect((await readiness(instance)).status).toBe(200);
}, 120_000);

describe('beside an honest node', () => {
  test('one that tells another newest root is found out, and nothing becomes final meanwhile [faults 52]', async () => {
    proxy = await startRpcProxy(city.chain.url);
    const instance = await city.start({ CHAIN_RPC_URL: `${proxy.url},${city.chain.url}` });
    await city.mineSteadily();
    await city.ledger.untilSettled(instance.url);
    // The last byte of every 32-byte answer of the contract's, the head's root among them, is another.
    proxy.rewrite('eth_call', async (_params, ask) => {
      const answer = await ask();
      const text = String(answer.result ?? '');
      return text.length < 66 ? answer : { result: `${text.slice(0, -2)}${text.endsWith('ee') ? 'dd' : 'ee'}` };
    });
    const did = await city.ledger.register(instance.url);
    await city.untilTrouble(instance, 'CHAIN_NODES_DISAGREE');
    await sleep(ROUNDS_ms);
    expect((await city.ledger.anchorOf(instance.url, did))?.status).not.toBe('final');
    expect((await readiness(instance)).status).toBe(503);

    proxy.rewrite('eth_call');
    expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 1, missing: [], twice: [] });
    await city.untilTrouble(instance, null);
  }, 120_000);

  test('one with blocks of its own making is found out, and none of them makes an anchor final [faults 52]', async () => {
    const instance = await startBesideLiar();
    await city.mineSteadily();
    const did = await city.ledger.register(instance.url);
    await city.untilTrouble(instance, 'CHAIN_NODES_DISAGREE');
    await sleep(ROUNDS_ms);
    expect((await city.ledger.anchorOf(instance.url, did))?.status).not.toBe('final');
    await expectSettledWithoutLiar(instance);
  }, 120_000);

  test('one that is ahead with blocks of its own making makes no anchor final until the other is there too [faults 52]', async () => {
    const instance = await startBesideLiar();
    const did = await city.ledger.register(instance.url);
    await city.untilStatus(instance, did, 'included');
    await sleep(CONFIRMATIONS * 1_000 + ROUNDS_ms);
    expect((await city.ledger.anchorOf(instance.url, did))?.status).toBe('included');
    await city.mineSteadily();
    await expectSettledWithoutLiar(instance);
  }, 120_000);

  /** The first node asked has the chain so far, and from here on takes what is sent to it into blocks of its own. */
  async function startBesideLiar(): Promise<Instance> {
    const first = await city.start();
    await city.mineSteadily();
    await city.ledger.untilSettled(first.url);
    await first.stop();
    await city.mineNothing();
    otherChain = await startTestChain(city.chain.chainId);
    const state = await city.chain.saveState();
    await otherChain.kill();
    await otherChain.restartFrom(state);
    await otherChain.rpc('evm_setAutomine', false);
    await otherChain.rpc('evm_setIntervalMining', 1);
    return city.start({ CHAIN_RPC_URL: `${otherChain.url},${city.chain.url}` });
  }

  async function expectSettledWithoutLiar(instance: Instance): Promise<void> {
    await otherChain?.kill();
    expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 1, missing: [], twice: [] });
  }
});

test('a node of another chain is passed over for the next, and nothing is ever sent to it [faults 52]', async () => {
  otherChain = await startTestChain(31_338);
  await otherChain.fund(city.chain.key);
  const instance = await city.start({ CHAIN_RPC_URL: `${otherChain.url},${city.chain.url}` });
  await city.mineSteadily();
  await city.ledger.register(instance.url);
  expect(await city.ledger.compare(instance.url, city.chain)).toEqual({ acknowledged: 1, missing: [], twice: [] });
  const { nodes, trouble } = await city.anchoringState(instance);
  expect(trouble?.code).toBe('CHAIN_WRONG');
  expect((await readiness(instance)).status).toBe(200);
  expect(nodes.map(({ state }) => state)).toEqual(['wrong_chain', 'in_use']);
  expect(await onNode(otherChain, (provider) => provider.getTransactionCount(committer()))).toBe(0);
  expect((await transactionsOf(city.chain, committer())).length).toBeGreaterThan(2);
}, 120_000);

test('with nodes of another chain alone it refuses to start, first and later [faults 52]', async () => {
  otherChain = await startTestChain(31_338);
  const refused = { code: 1, output: expect.stringMatching(/of chain 31338; this service anchors on chain 31337/) };
  expect(await city.startRefused({ CHAIN_RPC_URL: otherChain.url })).toMatchObject(refused);
  const instance = await city.start();
  await city.mineSteadily();
  await city.ledger.untilSettled(instance.url);
  await instance.stop();
  // No chain is named any more: the database remembers which it was.
  expect((await city.startRefused({ CHAIN_RPC_URL: otherChain.url, CHAIN_ID: '' })).code).not.toBe(0);
  expect(await onNode(otherChain, (provider) => provider.getTransactionCount(committer()))).toBe(0);
}, 120_000);

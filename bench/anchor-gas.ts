// Gas for N changes of DIDs: by Naru's epoch, by ERC-1056's registry, and by one storage slot a DID.
import { createRequire } from 'node:module';
import { AbiCoder, Contract, Interface, JsonRpcProvider, toBeHex } from 'ethers';
import { type Anchoring, createAnchoring } from '../src/anchoring/anchoring-service.ts';
import { bytes32, toHex } from '../src/anchoring/hexadecimal.ts';
import { enqueueChange } from '../src/anchoring/outbox-store.ts';
import { contractArtifact } from '../src/platform/chain/contract-artifact.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { inTransaction, openPool, type Pool } from '../src/platform/postgres/database.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import type { SampleProof } from './anchor-map.ts';
import type { BenchChain } from './bench-chain.ts';
import { numberedHash } from './numbered-hash.ts';

export const CHANGES = [1, 100, 10_000] as const;

export const WAYS = {
  naru: 'Naru: one root an epoch',
  erc1056: "ERC-1056: setAttribute, each DID's first",
  erc1056_later: "ERC-1056: setAttribute, each DID's later",
  slot: 'one SSTORE a DID in a mapping of nothing else',
} as const;

export interface GasRow {
  who: keyof typeof WAYS;
  changes: number;
  transactions: number;
  total: number;
}

const SENT_AT_ONCE = 500;
const WAIT_ms = 60_000;
const { EthereumDIDRegistry: registry } = createRequire(import.meta.url)('ethr-did-registry') as {
  EthereumDIDRegistry: { abi: []; bytecode: string };
};
/** calldata: slot, value. sstore(calldataload(0), calldataload(32)): the least that one stored hash a DID can cost. */
const SLOT_CONTRACT = '0x600880600b6000396000f36020356000355500';

export async function measureGas(chain: BenchChain, serverUrl: string): Promise<GasRow[]> {
  const rows: GasRow[] = [];
  await migrate(serverUrl);
  const pool = openPool(serverUrl);
  const anchoring = startAnchoring(pool, chain);
  await anchoring.start();
  // The first epoch ever also turns on what later ones find: it is not counted.
  await epochOf(anchoring, pool, 1, 0);
  let used = 1;
  for (const changes of CHANGES) {
    rows.push({ who: 'naru', changes, transactions: 1, total: await epochOf(anchoring, pool, changes, used, chain) });
    used += changes;
  }
  await anchoring.stop();
  await pool.end();

  const attributes = new Interface(registry.abi);
  const registryAt = await deploy(chain, registry.bytecode);
  const slots = await deploy(chain, SLOT_CONTRACT);
  const name = toHex(numberedHash('attribute', 0));
  const setAttribute = (who: 'erc1056' | 'erc1056_later', n: number) => ({
    from: addressOf(n),
    to: registryAt,
    data: attributes.encodeFunctionData('setAttribute', [addressOf(n), name, numberedHash(who, n), 86_400]),
  });
  const setSlot = (n: number) => ({
    from: addressOf(n),
    to: slots,
    data: AbiCoder.defaultAbiCoder().encode(
      ['bytes32', 'bytes32'],
      [numberedHash('slot', n), numberedHash('value', n)],
    ),
  });
  let first = 0;
  for (const changes of CHANGES) {
    const numbers = Array.from({ length: changes }, (_, i) => first + i);
    first += changes;
    for (const who of ['erc1056', 'erc1056_later'] as const) {
      const total = await gasOfAll(
        chain,
        numbers.map((n) => setAttribute(who, n)),
      );
      rows.push({ who, changes, transactions: changes, total });
    }
    rows.push({ who: 'slot', changes, transactions: changes, total: await gasOfAll(chain, numbers.map(setSlot)) });
  }
  const order = Object.keys(WAYS);
  return rows.sort((a, b) => order.indexOf(a.who) - order.indexOf(b.who));
}

function startAnchoring(pool: Pool, chain: BenchChain): Anchoring {
  return createAnchoring({
    pool,
    chain: {
      rpcUrls: [chain.url],
      chainId: chain.chainId,
      committerKey: chain.key,
      registryId: toHex(numberedHash('registry', 0)),
      isDevelopmentChain: true,
      confirmations: 1,
      stuckAfter_ms: 60_000,
      maxFee_gwei: 500,
    },
    epochInterval_ms: 86_400_000,
    epochChanges: 1,
    clock: systemClock,
    logger: createLogger('error'),
    metrics: createMetrics(),
  });
}

/** Leaves changes in the outbox, waits until the service has anchored them, and reads the receipt. @returns gas used */
async function epochOf(
  anchoring: Anchoring,
  pool: Pool,
  changes: number,
  from: number,
  chain?: BenchChain,
): Promise<number> {
  await inTransaction(pool, async (transaction) => {
    for (let n = from; n < from + changes; n += 1) {
      await enqueueChange(transaction, numberedHash('key', n), numberedHash('value', n));
    }
  });
  for (let waited_ms = 0; waited_ms < WAIT_ms; waited_ms += 50) {
    const anchor = await anchoring.service.anchorOf(numberedHash('key', from));
    if (anchor !== null && anchor.status !== 'pending' && anchor.transaction !== null) {
      const receipt = (await chain?.rpc('eth_getTransactionReceipt', anchor.transaction)) as
        | { gasUsed: string }
        | undefined;
      return Number(receipt?.gasUsed ?? 0);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the epoch did not reach the chain');
}

async function deploy(chain: BenchChain, data: string): Promise<string> {
  const hash = await chain.rpc('eth_sendTransaction', { from: addressOf(0), data, gasPrice: '0x0' });
  return (await receiptOf(chain, hash)).contractAddress;
}

/** Mined at once, but not always before the answer to the sending. */
async function receiptOf(chain: BenchChain, hash: unknown): Promise<{ contractAddress: string; status: string }> {
  for (let waited_ms = 0; waited_ms < WAIT_ms; waited_ms += 50) {
    const receipt = await chain.rpc('eth_getTransactionReceipt', hash);
    if (receipt !== null) return receipt as { contractAddress: string; status: string };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('a transaction was not mined');
}

interface Sent {
  from: string;
  to: string;
  data: string;
}

/** One transaction each, all in one block; @returns the gas of all */
async function gasOfAll(chain: BenchChain, transactions: readonly Sent[]): Promise<number> {
  await chain.rpc('evm_setAutomine', false);
  for (let at = 0; at < transactions.length; at += SENT_AT_ONCE) {
    const some = transactions.slice(at, at + SENT_AT_ONCE);
    await Promise.all(some.map((one) => chain.rpc('eth_sendTransaction', { ...one, gas: '0x30d40', gasPrice: '0x0' })));
  }
  await chain.rpc('evm_mine');
  await chain.rpc('evm_setAutomine', true);
  // The block's own sum: asking the node for ten thousand receipts takes it minutes.
  const block = (await chain.rpc('eth_getBlockByNumber', 'latest', false)) as {
    gasUsed: string;
    transactions: string[];
  };
  if (block.transactions.length !== transactions.length) {
    throw new Error(`${block.transactions.length} of ${transactions.length} transactions are in the block`);
  }
  for (const hash of [block.transactions[0], block.transactions.at(-1)]) {
    if ((await receiptOf(chain, hash)).status !== '0x1') throw new Error('a transaction was refused');
  }
  return Number(block.gasUsed);
}

/** An account for the n-th DID. */
function addressOf(n: number): string {
  return toBeHex((0xdd_0000_0000_0000n << 96n) + BigInt(n) + 1n, 20);
}

/** What it costs another contract's caller to have a proof checked: the whole transaction, on a node's estimate. */
export async function proofGas(
  chain: BenchChain,
  { root, proofs }: { root: string; proofs: readonly SampleProof[] },
): Promise<number> {
  const { abi, bytecode } = contractArtifact('AnchorLog');
  const address = await deploy(chain, bytecode);
  const registryId = toHex(numberedHash('registry', 1));
  const calls = new Interface(abi);
  const send = (name: string, values: unknown[]) =>
    chain.rpc('eth_sendTransaction', {
      from: addressOf(0),
      to: address,
      data: calls.encodeFunctionData(name, values),
      gasPrice: '0x0',
    });
  await receiptOf(chain, await send('register', [registryId, addressOf(0)]));
  await receiptOf(chain, await send('commit', [registryId, 1, toHex(new Uint8Array(32)), root]));
  const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true });
  try {
    const log = new Contract(address, abi, provider);
    const costs: number[] = [];
    for (const { key, value, proof } of proofs.slice(0, 20)) {
      const call = log.getFunction('isAnchored');
      const given = [registryId, 1, bytes32(key), bytes32(value), proof] as const;
      if ((await call(...given)) !== true) throw new Error('the contract refuses a proof');
      costs.push(Number(await call.estimateGas(...given)));
    }
    return costs.sort((a, b) => a - b)[costs.length >> 1] ?? 0;
  } finally {
    provider.destroy();
  }
}

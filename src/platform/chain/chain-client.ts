// The way to an EVM network: one URL at a time, the next where one doesn't answer, and never another chain than ours.
import { FetchRequest, isError, JsonRpcProvider } from 'ethers';
import { problem } from '../problem.ts';

const ANSWER_WITHIN_ms = 10_000;
/** Of JSON-RPC. */
const INTERNAL_ERROR = -32603;
/** A node that many blocks behind the others counts as away. */
export const LAG_blocks = 20;

export interface ChainNode {
  /** Only the host is ever told: a URL may carry an access key. */
  host: string;
  state: 'in_use' | 'ready' | 'away' | 'wrong_chain' | 'disagrees';
  /** Its newest block when it was last asked. */
  block: number | null;
}

export interface ChainClient {
  /**
   * Runs `work` against a node of the right chain; where a node can't be reached or is of another chain, once against each
   * other URL. What `work` throws for another reason is rethrown.
   *
   * @throws CHAIN_WRONG where every node that answers is of another chain, CHAIN_AWAY where none answers
   */
  use<T>(work: (provider: JsonRpcProvider, chainId: number) => Promise<T>): Promise<T>;
  /** Fixes the only chain to speak to, where that is not fixed yet. */
  expect(chainId: number): void;
  /**
   * Asks every other node whether it sees what the one in use told; one that is away has no say.
   *
   * @param agrees `null` where the node can't tell yet
   * @returns hosts of those that disagree, and of those that can't tell yet
   */
  disagreeing(
    agrees: (provider: JsonRpcProvider) => Promise<boolean | null>,
  ): Promise<{ against: string[]; undecided: string[] }>;
  /** Asks every node for its chain and newest block; one in use that is far behind the others is used no more. */
  survey(): Promise<void>;
  /** As last seen, in the order of the URLs. */
  nodes(): ChainNode[];
  close(): void;
}

interface Node extends ChainNode {
  url: string;
  provider: JsonRpcProvider | null;
  foundChain: number | null;
}

/**
 * @param rpcUrls at least one
 * @param chainId the only chain to speak to; where it is not given, the first answer fixes it
 */
export function createChainClient(rpcUrls: readonly string[], chainId: number | undefined): ChainClient {
  const nodes: Node[] = rpcUrls.map((url) => ({
    ...{ url, host: hostOf(url), state: 'ready', block: null, provider: null, foundChain: null },
  }));
  let order = [...nodes];
  let expected = chainId;

  /** Asked every time: behind one URL another node may stand from one call to the next. */
  async function open(node: Node): Promise<JsonRpcProvider | null> {
    const found = await chainIdAt(node.url);
    expected ??= found;
    node.foundChain = found;
    if (found !== expected) {
      drop(node, 'wrong_chain');
      return null;
    }
    node.provider ??= openProvider(node.url, found);
    return node.provider;
  }

  function drop(node: Node, state: 'away' | 'wrong_chain'): void {
    node.provider?.destroy();
    node.provider = null;
    node.state = state;
    if (state === 'wrong_chain') node.block = null;
    order = [...order.filter((other) => other !== node), node];
  }

  function noneUsable(): Error {
    const wrong = nodes.filter(({ state }) => state === 'wrong_chain');
    if (wrong.length === nodes.length)
      return problem(
        'CHAIN_WRONG',
        `${wrong.map(({ host, foundChain }) => `The node at ${host} is of chain ${foundChain}`).join('; ')}; ` +
          `this service anchors on chain ${expected}. Correct CHAIN_RPC_URL or CHAIN_ID.`,
      );
    const away = nodes.filter(({ state }) => state !== 'wrong_chain').map(({ host }) => host);
    const others =
      wrong.length === 0 ? '' : `; refused as of another chain: ${wrong.map(({ host }) => host).join(', ')}`;
    return problem('CHAIN_AWAY', `No chain node answers (${away.join(', ')}${others}).`);
  }

  async function look(node: Node): Promise<void> {
    try {
      const provider = await open(node);
      if (provider === null) return;
      node.block = await provider.getBlockNumber();
      if (node.state === 'away' || node.state === 'wrong_chain') node.state = 'ready';
    } catch {
      drop(node, 'away');
    }
  }

  return {
    async use(work) {
      for (const node of [...order]) {
        try {
          const provider = await open(node);
          if (provider === null) continue;
          const result = await work(provider, expected as number);
          for (const other of nodes) if (other !== node && other.state === 'in_use') other.state = 'ready';
          node.state = 'in_use';
          return result;
        } catch (error) {
          if (!isUnreachable(error)) throw error;
          drop(node, 'away');
        }
      }
      throw noneUsable();
    },

    expect(only) {
      expected ??= only;
    },

    async disagreeing(agrees) {
      const found = await Promise.all(
        order.slice(1).map(async (node) => {
          try {
            const provider = await open(node);
            const answer = provider === null ? null : await agrees(provider);
            if (answer !== null) node.state = answer ? 'ready' : 'disagrees';
            return { host: node.host, answer: provider === null ? true : answer };
          } catch {
            drop(node, 'away');
            return { host: node.host, answer: true };
          }
        }),
      );
      const hosts = (wanted: boolean | null) => found.filter(({ answer }) => answer === wanted).map(({ host }) => host);
      return { against: hosts(false), undecided: hosts(null) };
    },

    async survey() {
      await Promise.all(nodes.map(look));
      const newest = Math.max(...nodes.map(({ state, block }) => (state === 'away' ? 0 : (block ?? 0))));
      for (const node of nodes) if (node.block !== null && newest - node.block > LAG_blocks) drop(node, 'away');
    },

    nodes: () => nodes.map(({ host, state, block }) => ({ host, state, block: state === 'away' ? null : block })),

    close() {
      for (const node of nodes) {
        node.provider?.destroy();
        node.provider = null;
      }
    },
  };
}

function openProvider(url: string, chainId: number): JsonRpcProvider {
  const request = new FetchRequest(url);
  request.timeout = ANSWER_WITHIN_ms;
  // No cache: what a re-org changed must be seen at once. No batches: some gateways refuse them.
  return new JsonRpcProvider(request, chainId, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
}

async function chainIdAt(url: string): Promise<number> {
  const provider = openProvider(url, 0);
  try {
    return Number(await provider.send('eth_chainId', []));
  } finally {
    provider.destroy();
  }
}

/**
 * Whether a node failed at a call, which `ethers` tells as it tells a contract's refusal. A refusal has data, or its message
 * says so. An estimate can fail for want of money, too: there only an internal error counts. Source: JSON-RPC 2.0, 5.1
 */
export function isNodeFault(error: unknown): boolean {
  if (!isError(error, 'CALL_EXCEPTION') || error.data !== null) return false;
  const { code, message } = (error.info?.error ?? {}) as { code?: unknown; message?: unknown };
  if (code === undefined || /revert/i.test(String(message))) return false;
  return error.action === 'call' || code === INTERNAL_ERROR;
}

function isUnreachable(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    isError(error, 'TIMEOUT') ||
    isError(error, 'SERVER_ERROR') ||
    isError(error, 'NETWORK_ERROR') ||
    isNodeFault(error) ||
    (typeof code === 'string' && /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT)/.test(code))
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'a URL that is none';
  }
}

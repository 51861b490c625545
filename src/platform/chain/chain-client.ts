// The way to an EVM network: one URL at a time, the next where one doesn't answer, and never another chain than ours.
import { FetchRequest, isError, JsonRpcProvider } from 'ethers';
import { problem } from '../problem.ts';

const ANSWER_WITHIN_ms = 10_000;

export interface ChainClient {
  /**
   * Runs `work` against a node of the right chain; where the node can't be reached, once against each other URL.
   * What `work` throws for another reason is rethrown.
   *
   * @throws CHAIN_WRONG where a node is of another chain, CHAIN_AWAY where no node answers
   */
  use<T>(work: (provider: JsonRpcProvider, chainId: number) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * @param rpcUrls at least one
 * @param chainId the only chain to speak to; where it is not given, the first answer fixes it
 */
export function createChainClient(rpcUrls: readonly string[], chainId: number | undefined): ChainClient {
  const providers = new Map<string, JsonRpcProvider>();
  let urls = [...rpcUrls];
  let expected = chainId;

  async function providerOf(url: string): Promise<JsonRpcProvider> {
    const known = providers.get(url);
    if (known !== undefined) return known;
    const found = await chainIdAt(url);
    expected ??= found;
    if (found !== expected)
      throw problem(
        'CHAIN_WRONG',
        `The node at ${hostOf(url)} is of chain ${found}, not ${expected}; correct CHAIN_RPC_URL or CHAIN_ID.`,
      );
    const provider = openProvider(url, found);
    providers.set(url, provider);
    return provider;
  }

  return {
    async use(work) {
      for (const url of [...urls]) {
        try {
          const provider = await providerOf(url);
          return await work(provider, expected as number);
        } catch (error) {
          if (!isUnreachable(error)) throw error;
          // Who comes back may be somebody else: asked for its chain again.
          providers.get(url)?.destroy();
          providers.delete(url);
          urls = [...urls.filter((other) => other !== url), url];
        }
      }
      throw problem('CHAIN_AWAY', `No chain node answers (${rpcUrls.map(hostOf).join(', ')}).`);
    },
    close() {
      for (const provider of providers.values()) provider.destroy();
      providers.clear();
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

function isUnreachable(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    isError(error, 'TIMEOUT') ||
    isError(error, 'SERVER_ERROR') ||
    isError(error, 'NETWORK_ERROR') ||
    (typeof code === 'string' && /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT)/.test(code))
  );
}

/** A URL may carry an access key: only its host is ever said. */
function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'a URL that is none';
  }
}

// Resolves did:ethr on the chains that the settings name.
import { FetchRequest, JsonRpcProvider, Network } from 'ethers';
import { getResolver } from 'ethr-did-resolver';
import { type DidResolution, refusal } from './did-resolution.ts';
import type { DidVersion } from './verify-did-log.ts';

const RPC_TIMEOUT_ms = 5_000;
const RESOLUTION_TIMEOUT_ms = 10_000;

export interface EthrNetwork {
  name: string;
  chainId: number;
  rpcUrl: string;
  /** Address of the ERC-1056 registry. */
  registry: string;
}

export interface EthrDids {
  resolve(did: string, version: DidVersion): Promise<DidResolution>;
}

/** Source: ERC-1056; did:ethr method specification. A version is a block number. */
export function createEthrDids(networks: readonly EthrNetwork[]): EthrDids {
  const providers = networks.map(({ rpcUrl, chainId }) => {
    const connection = new FetchRequest(rpcUrl);
    connection.timeout = RPC_TIMEOUT_ms;
    return new JsonRpcProvider(connection, chainId, { staticNetwork: Network.from(chainId) });
  });
  const resolver =
    networks.length === 0
      ? null
      : getResolver({
          networks: networks.map(({ name, chainId, registry }, at) => ({
            ...{ name, chainId, registry },
            provider: providers[at] ?? null,
          })),
          // The package reads ethers' types of the other module system; the objects are the same.
        } as unknown as Parameters<typeof getResolver>[0]).ethr;

  async function resolve(did: string, { versionId, versionTime }: DidVersion): Promise<DidResolution> {
    const [, , ...parts] = did.split(':');
    const id = parts.join(':');
    const network = parts.length > 1 ? parts.slice(0, -1).join(':') : 'mainnet';
    const known = networks.some(({ name, chainId }) => name === network || `0x${chainId.toString(16)}` === network);
    if (!/^0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{66})$/.test(parts.at(-1) ?? '')) {
      return refusal('INVALID_DID', 'A did:ethr ends in an address or a compressed public key, 0x and hexadecimal.');
    }
    if (!known || !resolver) {
      return refusal('FEATURE_NOT_SUPPORTED', 'That network is not set up here (DID_ETHR_NETWORKS).');
    }
    if (versionTime !== undefined) {
      return refusal('FEATURE_NOT_SUPPORTED', 'Versions of a did:ethr are asked for by block: versionId.');
    }
    if (versionId !== undefined && !/^\d{1,15}$/.test(versionId)) {
      return refusal('INVALID_OPTIONS', 'A versionId of a did:ethr is a block number.');
    }
    const query = versionId === undefined ? {} : { query: `versionId=${versionId}` };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((done) => {
      timer = setTimeout(done, RESOLUTION_TIMEOUT_ms, null);
    });
    const parsed = { did, didUrl: did, method: 'ethr', id, ...query };
    const answer = await Promise.race([
      resolver(did, parsed, { resolve: () => Promise.reject(new Error('not used')) }, {}).catch(() => null),
      late,
    ]).finally(() => clearTimeout(timer));
    // Every address is a did:ethr, so that even the library's notFound means that the node gave no answer.
    if (answer === null || answer.didResolutionMetadata.error !== undefined) {
      return refusal('INTERNAL_ERROR', 'The chain node of that network did not give an answer.');
    }
    const metadata = { ...answer.didDocumentMetadata };
    return { error: null, document: metadata.deactivated ? null : answer.didDocument, metadata };
  }

  return { resolve };
}

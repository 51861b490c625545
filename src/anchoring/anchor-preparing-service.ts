// Makes ready the contract and the registry that epochs go to: deployed or given, registered, offered to its cold owner.
import { getAddress, getCreateAddress, type JsonRpcProvider } from 'ethers';
import type { Logger } from '../platform/logger.ts';
import type { Queryable } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { AnchorContract, deployment } from './anchor-contract-port.ts';
import { type Registry, readRegistry, writeRegistry } from './anchor-store.ts';
import type { ChainAccount } from './chain-account-port.ts';
import type { Sender } from './sender-service.ts';
import { forgetSendings, readDeploymentNonce } from './sending-store.ts';

export interface PlaceSettings {
  /** The AnchorLog to use. Where none is given one is deployed at first start, and again where a chain has lost it. */
  contract?: string | undefined;
  /** 0x-hex, 32 bytes: the name taken at the first start; the database remembers it. */
  registryId: string;
  /** A chain of its own may lose its tail and the contract with it; no other does, and none is deployed a second time. */
  isDevelopmentChain: boolean;
  /** Account to which the registry is offered, so that the committer's key alone can't rule it. */
  owner?: string | undefined;
}

/**
 * One step towards a usable registry; what is on its way to the chain is found again by the next call, in another process
 * too.
 *
 * @returns `null` while a transaction for it is on its way
 * @throws CHAIN_CONTRACT_UNUSABLE
 */
export type PreparePlace = (
  session: Queryable,
  provider: JsonRpcProvider,
  chainId: number,
  account: ChainAccount,
) => Promise<AnchorContract | null>;

export function createPreparing(settings: PlaceSettings, sender: Sender, logger: Logger): PreparePlace {
  const owner = settings.owner === undefined ? undefined : getAddress(settings.owner);
  let checked: string | undefined;
  let isReplacing = false;

  async function addressOf(
    session: Queryable,
    provider: JsonRpcProvider,
    known: Registry | null,
    account: ChainAccount,
  ): Promise<string | null> {
    if (settings.contract !== undefined) return settings.contract;
    if (known !== null && (await isThere(provider, known.contract))) return known.contract;
    if (known !== null) await loseContract(session, known);
    const nonce = await readDeploymentNonce(session, account.address);
    const deployed = nonce === null ? null : getCreateAddress({ from: account.address, nonce });
    if (deployed !== null && (await isThere(provider, deployed))) return deployed;
    await sender.advance(session, account, deployment(account));
    return null;
  }

  async function loseContract(session: Queryable, known: Registry): Promise<void> {
    if (!settings.isDevelopmentChain) {
      throw problem(
        'CHAIN_CONTRACT_UNUSABLE',
        `Chain ${known.chainId} has no contract at ${known.contract}, where this database's epochs are; ` +
          'ask another node (CHAIN_RPC_URL).',
      );
    }
    if (isReplacing) return;
    isReplacing = true;
    checked = undefined;
    logger.warn({ contract: known.contract }, 'the chain has lost the anchor contract; deploying it again');
    await forgetSendings(session);
  }

  return async (session, provider, chainId, account) => {
    const known = await readRegistry(session);
    const registryId = known?.registryId ?? settings.registryId;
    if (known !== null)
      refuseAnotherPlace(known, { chainId, contract: settings.contract ?? known.contract, registryId });
    const address = await addressOf(session, provider, known, account);
    if (address === null) return null;
    const contract = new AnchorContract(provider, address, registryId, account);
    const place = `${address} ${account.address}`;
    if (checked === place && known?.contract === address) return contract;
    if (!(await contract.hasRegistry())) {
      await sender.advance(session, account, contract.registration());
      return null;
    }
    await contract.checkCommitter();
    if (owner !== undefined && (await contract.mayBeOfferedTo(owner))) {
      await sender.advance(session, account, contract.handover(owner));
      return null;
    }
    if (known?.contract !== address) {
      await writeRegistry(session, { chainId, contract: getAddress(address), registryId });
      logger.info({ contract: address, chainId }, 'the anchor contract is ready');
    }
    checked = place;
    isReplacing = false;
    return contract;
  };
}

async function isThere(provider: JsonRpcProvider, address: string): Promise<boolean> {
  return (await provider.getCode(address)) !== '0x';
}

function refuseAnotherPlace(known: Registry, wanted: Registry): void {
  const differences = (['chainId', 'contract'] as const).filter(
    (part) => String(known[part]).toLowerCase() !== String(wanted[part]).toLowerCase(),
  );
  if (differences.length > 0)
    throw problem(
      'CHAIN_CONTRACT_UNUSABLE',
      `This database's epochs are in registry ${known.registryId} of contract ${known.contract} on chain ` +
        `${known.chainId}; the settings say otherwise (${differences.join(', ')}). Use those again, or another database.`,
    );
}

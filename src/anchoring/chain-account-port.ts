// The committer's account on the chain: its nonces and balance, fees, and signing and sending its transactions.
import { isError, type JsonRpcProvider, keccak256, Wallet } from 'ethers';
import type { Fees } from './sending-fees.ts';

export interface Call {
  /** `null` deploys. */
  to: string | null;
  data: string;
}

/** What a node said of a transaction that it was sent. */
export type Reception = 'taken' | 'too-cheap' | 'nonce-used' | 'funds-missing';

const FALLBACK_TIP_wei = 1_000_000_000n;

export class ChainAccount {
  readonly address: string;
  readonly #provider: JsonRpcProvider;
  readonly #wallet: Wallet;
  readonly #chainId: number;

  constructor(provider: JsonRpcProvider, chainId: number, key: string) {
    this.#provider = provider;
    this.#chainId = chainId;
    this.#wallet = new Wallet(key, provider);
    this.address = this.#wallet.address;
  }

  get wallet(): Wallet {
    return this.#wallet;
  }

  /** The lowest nonce that no mined transaction has, and the first that none waits under. */
  async nonces(): Promise<{ lowest: number; free: number }> {
    const [lowest, free] = await Promise.all([
      this.#provider.getTransactionCount(this.address, 'latest'),
      this.#provider.getTransactionCount(this.address, 'pending'),
    ]);
    return { lowest, free };
  }

  async balance_wei(): Promise<bigint> {
    return this.#provider.getBalance(this.address);
  }

  /**
   * What the node suggests now; `least_wei`: below it nothing is mined at present. Nodes without a base fee, with a base
   * fee of zero, or without the call for tips give what they have.
   */
  async suggestedFees(): Promise<Fees & { least_wei: bigint }> {
    const [block, price] = await Promise.all([
      this.#provider.getBlock('latest'),
      this.#provider.send('eth_gasPrice', []).then(BigInt, () => null),
    ]);
    const base_wei = block?.baseFeePerGas ?? null;
    if (base_wei === null) {
      const max_wei = price ?? FALLBACK_TIP_wei;
      return { max_wei, tip_wei: null, least_wei: 0n };
    }
    const tip_wei = await this.#provider
      .send('eth_maxPriorityFeePerGas', [])
      .then(BigInt, () => (price !== null && price >= base_wei ? price - base_wei : FALLBACK_TIP_wei));
    const doubled_wei = 2n * base_wei + tip_wei;
    return { max_wei: price !== null && price > doubled_wei ? price : doubled_wei, tip_wei, least_wei: base_wei };
  }

  async estimateGas(call: Call): Promise<bigint> {
    return this.#provider.estimateGas({ ...call, from: this.address });
  }

  async sign(
    call: Call,
    nonce: number,
    gasLimit: bigint,
    { max_wei, tip_wei }: Fees,
  ): Promise<{ transaction: string; signed: string }> {
    const price =
      tip_wei === null
        ? { type: 0, gasPrice: max_wei }
        : { type: 2, maxFeePerGas: max_wei, maxPriorityFeePerGas: tip_wei };
    const signed = await this.#wallet.signTransaction({ ...call, ...price, nonce, gasLimit, chainId: this.#chainId });
    return { transaction: keccak256(signed), signed };
  }

  /** Sends what was signed; sending it twice is as sending it once. */
  async send(signed: string): Promise<Reception> {
    try {
      await this.#provider.send('eth_sendRawTransaction', [signed]);
      return 'taken';
    } catch (error) {
      const reception = receptionOf(error);
      if (reception === null) throw error;
      return reception;
    }
  }

  /** Whether the node has the transaction, waiting or mined. */
  async knows(transaction: string): Promise<boolean> {
    return (await this.#provider.send('eth_getTransactionByHash', [transaction])) !== null;
  }

  /** Whether the transaction is in a block and did what it should. */
  async hasSucceeded(transaction: string): Promise<boolean> {
    return (await this.#provider.getTransactionReceipt(transaction))?.status === 1;
  }
}

/** Nodes say the same in many words. Sources: go-ethereum core/txpool/errors.go, Besu, Nethermind, anvil. */
function receptionOf(error: unknown): Reception | null {
  const { info, shortMessage, message } = error as {
    info?: { error?: { message?: string }; payload?: unknown };
    shortMessage?: string;
    message?: string;
  };
  const inner = (error as { error?: { message?: string } }).error?.message;
  const said = [inner, info?.error?.message, shortMessage, message].join(' ').toLowerCase();
  if (/already (known|imported)|known transaction|alreadyknown/.test(said)) return 'taken';
  if (
    isError(error, 'REPLACEMENT_UNDERPRICED') ||
    /underpriced|fee ?cap ?too ?low|less than block base ?fee/.test(said)
  )
    return 'too-cheap';
  if (/gas price (too low|below)|feetoolow|max fee per gas less/.test(said)) return 'too-cheap';
  if (isError(error, 'NONCE_EXPIRED') || /nonce (is )?too low|oldnonce|nonce_too_low/.test(said)) return 'nonce-used';
  if (isError(error, 'INSUFFICIENT_FUNDS') || /insufficient funds|upfront cost exceeds/.test(said))
    return 'funds-missing';
  return null;
}

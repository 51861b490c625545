// Somebody who looks at one DID's anchor all the time, and at the chain itself whenever it is said to be final.
import { setTimeout as sleep } from 'node:timers/promises';
import { onNode } from './chain-book.ts';
import type { City, Instance } from './city.ts';

const LOOK_EVERY_ms = 40;

export interface StatusWatch {
  /** The statuses in the order in which they were seen, without repetitions. */
  seen: string[];
  /** Confirmations that the chain itself gave whenever the anchor was said to be final; 0 where it had no such block. */
  confirmationsWhenFinal: Set<number>;
  end(): Promise<void>;
}

export function watchStatus(city: City, instance: Instance, did: string): StatusWatch {
  const seen: string[] = [];
  const confirmationsWhenFinal = new Set<number>();
  let ended = false;

  async function look(): Promise<void> {
    const anchor = await city.ledger.anchorOf(instance.url, did);
    if (anchor === null) return;
    if (seen.at(-1) !== anchor.status) seen.push(anchor.status);
    if (anchor.status === 'final') confirmationsWhenFinal.add(await confirmationsOf(city, anchor.transaction ?? ''));
  }
  const looking = (async () => {
    while (!ended) {
      // An instance or a node that is away has nothing to show.
      await look().catch(() => {});
      await sleep(LOOK_EVERY_ms);
    }
  })();
  return {
    seen,
    confirmationsWhenFinal,
    end: () => {
      ended = true;
      return looking;
    },
  };
}

/** Of the transaction, in the chain as it is now. */
function confirmationsOf(city: City, transaction: string): Promise<number> {
  return onNode(city.chain, async (provider) => {
    const receipt = await provider.getTransactionReceipt(transaction);
    return receipt === null ? 0 : (await provider.getBlockNumber()) - receipt.blockNumber + 1;
  });
}

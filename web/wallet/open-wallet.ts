// Opens this device's wallet: asks which service it belongs to, and asks the browser not to clear it away.
import { systemClock } from '../../src/platform/clock.ts';
import { createWallet } from './core/create-wallet.ts';
import type { Wallet } from './core/wallet.ts';
import { openIndexedDbStore } from './indexed-db-store.ts';

export interface OpenWallet {
  wallet: Wallet;
  serviceUrl: string;
  /** Whether the browser promised not to clear the wallet by itself. */
  lasting: boolean;
}

const serviceUrlAt = 'naru.service_url';

/** The service's address from the wallet's own origin; without a network, as it was when last heard. */
async function findServiceUrl(): Promise<string> {
  try {
    const answer = await fetch('/config.json', { cache: 'no-store' });
    const content = (await answer.json()) as { service_url?: unknown };
    if (typeof content.service_url === 'string') {
      const url = content.service_url.replace(/\/$/, '');
      localStorage.setItem(serviceUrlAt, url);
      return url;
    }
  } catch {
    // Offline: fall through to the remembered one.
  }
  const remembered = localStorage.getItem(serviceUrlAt);
  if (remembered === null) throw new Error('config.json has no service_url');
  return remembered;
}

async function askToStay(): Promise<boolean> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}

export async function openWallet(): Promise<OpenWallet> {
  const [serviceUrl, store, lasting] = await Promise.all([findServiceUrl(), openIndexedDbStore(), askToStay()]);
  // Two open tabs make one DID, and change it one after the other.
  const alone = async <T>(work: () => Promise<T>): Promise<T> => await navigator.locks.request('naru-did', work);
  const wallet = createWallet({ serviceUrl, store, now_ms: () => systemClock.now_ms(), alone });
  return { wallet, serviceUrl, lasting };
}

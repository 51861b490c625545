// A citizen's wallet without a page: the browser wallet's own core, with its records in memory.
import { createWallet } from '../web/wallet/core/create-wallet.ts';
import type { PresentationAnswer, PresentationRequest, Wallet } from '../web/wallet/core/wallet.ts';
import type { StoredCredential, WalletKind, WalletRecords, WalletStore } from '../web/wallet/core/wallet-store.ts';

function createMemoryStore(): WalletStore {
  const records: { [K in WalletKind]: Map<string, WalletRecords[K]> } = {
    keys: new Map(),
    credentials: new Map(),
    waiting: new Map(),
    dids: new Map(),
    shared: new Map(),
  };
  return {
    put: async (kind, record) => void records[kind].set(record.id, record),
    get: async (kind, id) => records[kind].get(id),
    list: async (kind) => [...records[kind].values()],
    delete: async (kind, id) => void records[kind].delete(id),
  };
}

export interface CitizenWallet {
  wallet: Wallet;
  store: WalletStore;
  /** Follows an offer's link and takes it. Throws WalletRefusal. */
  takeOffer(uri: string, txCode?: string): Promise<StoredCredential[]>;
  /** Shows what a request asks for. Throws WalletRefusal. */
  present(uri: string): Promise<PresentationAnswer & { request: PresentationRequest }>;
}

export function createCitizenWallet(options: {
  serviceUrl: string;
  now_ms: () => number;
  fetch?: typeof globalThis.fetch;
  /** Of a credential. One by default: a city of them shows each once, and need not make the keys of thirty. */
  copies?: number;
}): CitizenWallet {
  const store = createMemoryStore();
  const wallet = createWallet({ copies: 1, ...options, store });
  return {
    wallet,
    store,
    takeOffer: async (uri, txCode) => wallet.acceptOffer(await wallet.resolveOffer(uri), txCode),
    async present(uri) {
      const request = await wallet.parsePresentationRequest(uri);
      return { ...(await wallet.answerPresentationRequest(request)), request };
    },
  };
}

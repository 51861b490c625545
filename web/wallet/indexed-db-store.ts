// Where a browser keeps the wallet: IndexedDB, which also holds private keys that no page can read out.
import { openDB } from 'idb';
import type { WalletKind, WalletStore } from './core/wallet-store.ts';

const kinds: readonly WalletKind[] = ['keys', 'credentials', 'dids', 'shared'];
const version = 1;

export async function openIndexedDbStore(): Promise<WalletStore> {
  const database = await openDB('naru-wallet', version, {
    upgrade(fresh) {
      for (const kind of kinds) fresh.createObjectStore(kind, { keyPath: 'id' });
    },
  });
  return {
    async put(kind, record) {
      await database.put(kind, record);
    },
    get: (kind, id) => database.get(kind, id),
    list: (kind) => database.getAll(kind),
    async delete(kind, id) {
      await database.delete(kind, id);
    },
  };
}

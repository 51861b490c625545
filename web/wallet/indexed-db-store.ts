// Where a browser keeps the wallet: IndexedDB, which also holds private keys that no page can read out.
import { openDB } from 'idb';
import type { WalletKind, WalletStore } from './core/wallet-store.ts';

const kinds: readonly WalletKind[] = ['keys', 'credentials', 'waiting', 'dids', 'shared'];
const version = 2;

export async function openIndexedDbStore(): Promise<WalletStore> {
  const database = await openDB('naru-wallet', version, {
    upgrade(older) {
      const missing = kinds.filter((kind) => !older.objectStoreNames.contains(kind));
      for (const kind of missing) older.createObjectStore(kind, { keyPath: 'id' });
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

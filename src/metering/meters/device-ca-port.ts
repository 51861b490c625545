// The key of the service's own certificate authority for devices: a file in the data folder, for the service's account alone.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface AuthorityKeyFile {
  path: string;
  /** PEM; null where there is none. */
  read(): Promise<string | null>;
  /** @throws Error with code EEXIST where there is one: a key is never overwritten */
  create(pem: string): Promise<void>;
}

export function authorityKeyFile(dataDirectory: string): AuthorityKeyFile {
  const path = join(dataDirectory, 'device-ca', 'key.pem');
  return {
    path,
    read: async () => {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    create: async (pem) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, pem, { mode: 0o600, flag: 'wx' });
    },
  };
}

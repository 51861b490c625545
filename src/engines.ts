// The embedded defaults: a PostgreSQL, a development chain and a secret of our own, kept in the data folder.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from './config.ts';
import { startEmbeddedChain } from './platform/chain/embedded-chain.ts';
import type { Logger } from './platform/logger.ts';
import { startEmbeddedPostgres } from './platform/postgres/embedded-postgres.ts';
import { randomToken, systemRandom } from './platform/random.ts';

const POSTGRES_PORT = 15_432;
const CHAIN_PORT = 8_545;
const KEYS_PASSPHRASE_FILE = 'issuer-keys-passphrase';

export interface Engines {
  databaseUrl: string;
  chain: { rpcUrls: string[]; chainId?: number; committerKey: string; contract?: string; isDevelopmentChain: boolean };
  secret: string;
  operatorToken: string;
  keysPassphrase: string;
  /** What was started, for the table. */
  postgresPort: number | null;
  chainPort: number | null;
  stop(): Promise<void>;
}

/** Starts what the settings do not already name. */
export async function startEngines(directory: string, settings: Settings, logger: Logger): Promise<Engines> {
  const ownChain = settings.CHAIN_RPC_URL.length === 0 || settings.CHAIN_COMMITTER_KEY === undefined;
  const starts = await Promise.allSettled([
    settings.DATABASE_URL === undefined
      ? startEmbeddedPostgres(join(directory, 'postgres'), POSTGRES_PORT, logger)
      : Promise.resolve(null),
    ownChain ? startEmbeddedChain(join(directory, 'chain'), CHAIN_PORT, logger) : Promise.resolve(null),
  ] as const);
  const [postgres, chain] = starts.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : null)) as [
    Awaited<ReturnType<typeof startEmbeddedPostgres>> | null,
    Awaited<ReturnType<typeof startEmbeddedChain>> | null,
  ];
  const stop = async (): Promise<void> => {
    await Promise.all([postgres?.stop(), chain?.stop()]);
  };
  const failed = starts.find((outcome) => outcome.status === 'rejected');
  if (failed?.status === 'rejected') {
    await stop();
    throw failed.reason;
  }
  return {
    databaseUrl: postgres?.url ?? settings.DATABASE_URL ?? '',
    chain: chain
      ? { rpcUrls: [chain.url], chainId: chain.chainId, committerKey: chain.committerKey, isDevelopmentChain: true }
      : {
          rpcUrls: settings.CHAIN_RPC_URL,
          isDevelopmentChain: false,
          committerKey: settings.CHAIN_COMMITTER_KEY ?? '',
          ...(settings.CHAIN_ID !== undefined && { chainId: settings.CHAIN_ID }),
          ...(settings.ANCHOR_CONTRACT !== undefined && { contract: settings.ANCHOR_CONTRACT }),
        },
    secret: settings.NARU_SECRET ?? ownSecret(join(directory, 'secret')),
    operatorToken: settings.NARU_OPERATOR_TOKEN ?? ownSecret(join(directory, 'operator-token')),
    keysPassphrase: settings.ISSUER_KEYS_PASSPHRASE ?? ownSecret(join(directory, KEYS_PASSPHRASE_FILE)),
    postgresPort: postgres?.port ?? null,
    chainPort: chain?.port ?? null,
    stop,
  };
}

function ownSecret(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomToken(systemRandom), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

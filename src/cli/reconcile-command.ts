// naru reconcile: the way on for a database that is older than the chain, for who administers the service.
import { Command } from 'commander';
import { readRegistry } from '../anchoring/anchor-store.ts';
import { openAuditChain } from '../anchoring/audit-chain-port.ts';
import { openLog } from '../anchoring/log-source-port.ts';
import { LogUnreadable } from '../anchoring/public-log.ts';
import { type ReconciledEpoch, reconcile } from '../anchoring/reconcile-service.ts';
import { readSettings } from '../config.ts';
import { createChainClient } from '../platform/chain/chain-client.ts';
import type { Clock } from '../platform/clock.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import type { CommandIo } from './command-io.ts';

export function reconcileCommand(io: CommandIo, clock: Clock): Command {
  return new Command('reconcile')
    .description('bring a database that is older than the chain up to it; without options only tells what there is')
    .option(
      '--log <source>',
      'import epochs from a copy of the public log: a file that `naru audit --keep` wrote, or a URL',
    )
    .option('--disown', 'record epochs that no copy explains as not ours, and build on them')
    .option('--dry-run', 'with --log: only tell')
    .option('--json', 'print the epochs as JSON')
    .addHelpText('after', '\nExit status: 0 database and chain agree, 1 epochs are left, 2 wrongly called.')
    .action(async (options: { log?: string; disown?: boolean; dryRun?: boolean; json?: boolean }) => {
      const settings = readSettings({});
      if (settings.DATABASE_URL === undefined || settings.CHAIN_RPC_URL.length === 0)
        throw problem('SETTING_INVALID', 'DATABASE_URL and CHAIN_RPC_URL: set both as for `naru start`');
      const { log } = options;
      const pool = openPool(settings.DATABASE_URL, 3);
      try {
        const registry = await readRegistry(pool);
        if (registry === null)
          throw problem(
            'NOT_READY',
            'This database knows no anchor contract: it never anchored, or its backup is older.',
          );
        const client = createChainClient(settings.CHAIN_RPC_URL, registry.chainId);
        try {
          const epochs = await reconcile(pool, openAuditChain(client, registry.contract, registry.registryId), {
            log: log === undefined ? null : async () => (await openLog(log, 1)).epochs,
            importThem: log !== undefined && options.dryRun !== true,
            disown: options.disown === true && options.dryRun !== true,
            confirmations: settings.CHAIN_CONFIRMATIONS ?? 12,
            clock,
          });
          io.stdout.write(options.json === true ? `${JSON.stringify({ epochs })}\n` : asText(epochs));
          if (epochs.some(({ action }) => action === 'left')) io.setExitCode(1);
        } finally {
          client.close();
        }
      } catch (error) {
        throw error instanceof LogUnreadable ? new Error(`The log: ${error.message}`) : error;
      } finally {
        await pool.end();
      }
    });
}

function asText(epochs: readonly ReconciledEpoch[]): string {
  if (epochs.length === 0) return 'The chain holds no epoch that the database lacks.\n';
  return epochs
    .map(
      ({ epoch, root, transaction, committer, action, detail }) =>
        `epoch ${epoch}: ${action} (${detail}); root ${root}, transaction ${transaction ?? 'not found'}, by ${committer ?? 'unknown'}\n`,
    )
    .join('');
}

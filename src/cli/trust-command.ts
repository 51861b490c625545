// naru trust: whose credentials are accepted beside the service's own, and for which types.
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { createTrustService, entryOf, type TrustService } from '../identity/trust/trust-issuer-service.ts';
import { trustOrderSchema } from '../identity/trust/trusted-issuers.ts';
import type { Clock } from '../platform/clock.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type CommandIo, WrongUse } from './command-io.ts';

const ACTOR = 'command line';

export function trustCommand(io: CommandIo, clock: Clock): Command {
  const group = new Command('trust')
    .description('whose credentials are accepted beside the own ones, for which types: audited and anchored')
    .addHelpText('after', '\nSet DATABASE_URL as for `naru start`.');

  group
    .command('add')
    .description('trust an issuer for types, or change for which; running services take it up at once')
    .argument('<issuer>', 'its DID (did:web, did:webvh, did:key, did:jwk), or the PEM file of a root certificate')
    .requiredOption('--types <ids>', 'credential types, such as merchant,resident')
    .option('--from <time>', 'ISO 8601; from now on where it is left out')
    .option('--until <time>', 'ISO 8601')
    .action((issuer: string, options: { types: string; from?: string; until?: string }) =>
      withTrust(clock, async (trust) => {
        const { types, ...times } = options;
        const who = issuer.startsWith('did:') ? { issuer } : { root: await readFile(issuer, 'utf8') };
        const order = trustOrderSchema.safeParse({ ...who, ...times, types: types.split(',') });
        if (!order.success) {
          const [issue] = order.error.issues;
          throw new WrongUse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
        }
        const done = await trust.trustIssuer(order.data, ACTOR);
        io.stdout.write(`${done.issuer} ${done.changed ? 'is trusted' : 'was trusted so already'}: ${types}\n`);
      }),
    );
  group
    .command('end')
    .description('trust an issuer no longer; what it issued is refused from now on')
    .argument('<issuer>', 'as `naru trust list` shows it')
    .action((issuer: string) =>
      withTrust(clock, async (trust) => {
        await trust.endTrust(issuer, ACTOR);
        io.stdout.write(`${issuer} is trusted no longer.\n`);
      }),
    );
  group
    .command('list')
    .description('print who is trusted for what, as JSON')
    .action(() =>
      withTrust(clock, async (trust) => {
        io.stdout.write(`${JSON.stringify((await trust.listTrust()).map(entryOf), null, 2)}\n`);
      }),
    );
  return group;
}

async function withTrust(clock: Clock, work: (trust: TrustService) => Promise<void>): Promise<void> {
  const { DATABASE_URL } = readSettings({});
  if (DATABASE_URL === undefined) throw problem('SETTING_INVALID', 'DATABASE_URL: set it as for `naru start`');
  const pool = openPool(DATABASE_URL, 1);
  try {
    await work(createTrustService({ pool, clock }));
  } finally {
    await pool.end();
  }
}

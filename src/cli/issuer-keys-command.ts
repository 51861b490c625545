// naru issuer-keys: rotates the issuer's keys and takes stolen ones out, while the service runs or while it doesn't.
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { createDidService } from '../identity/dids/did-service.ts';
import { createChangeIssuerKeysService } from '../identity/trust/change-issuer-keys-service.ts';
import { issuerKeyFile } from '../identity/trust/issuer-keys-store.ts';
import type { Clock } from '../platform/clock.ts';
import { dataDirectoryPath } from '../platform/data-directory.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';
import type { CommandIo } from './command-io.ts';
import { issuerKeyService } from './key-engine.ts';

type IssuerKeysService = ReturnType<typeof createChangeIssuerKeysService>;

const ACTOR = 'naru issuer-keys';
const REASON_characters = 500;
const PAGE = 1_000;

export function issuerKeysCommand(io: CommandIo, clock: Clock): Command {
  const group = new Command('issuer-keys')
    .description(
      "the issuer's keys: a new entry of its DID log for each change, which running services take up at once",
    )
    .addHelpText(
      'after',
      '\nSet DATABASE_URL, PUBLIC_URL, NARU_DATA_DIR and ISSUER_KEYS_PASSPHRASE as for `naru start`, and ISSUER_KEYS_TRANSIT_* where that has them.',
    );

  group
    .command('list')
    .description('show which keys sign, which still verify, and which were revoked')
    .option('--json', 'print it as JSON')
    .action((options: { json?: boolean }) =>
      withKeys(clock, async (service) => {
        const keys = await service.listIssuerKeys();
        if (options.json) io.stdout.write(`${JSON.stringify({ keys })}\n`);
        else
          for (const { key, state, reason } of keys)
            io.stdout.write(`${key.padEnd(20)} ${state}${reason === null ? '' : `: ${reason}`}\n`);
      }),
    );
  group
    .command('rotate')
    .description('make new keys; what the old ones signed still verifies')
    .action(() =>
      withKeys(clock, async (service) => {
        const { generation, p256KeyId } = await service.rotateIssuerKeys();
        io.stdout.write(`Keys of generation ${generation} sign from now on, ${p256KeyId} among them.\n`);
      }),
    );
  group
    .command('revoke')
    .description('take a stolen key out of the DID document: what it signed is refused; where it signs now, rotate too')
    .argument('<key>', 'as `naru issuer-keys list` shows it: p256, ed25519-2 …')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action((key: string, options: { reason: string }) =>
      withKeys(clock, async (service) => {
        const reason = options.reason.slice(0, REASON_characters);
        const { issuer, revoked } = await service.revokeIssuerKey(key, { reason, actor: ACTOR });
        io.stdout.write(
          `Revoked ${revoked.join(' and ')}. Keys of generation ${issuer.generation} sign.\n` +
            `\`naru issuer-keys affected ${key}\` lists the credentials to be issued anew.\n`,
        );
      }),
    );
  group
    .command('affected')
    .description('list the ids of credentials that a key signed and that were not revoked, one a line')
    .argument('<key>', 'as for `revoke`')
    .action((key: string) =>
      withKeys(clock, async (service) => {
        let last: string | null = null;
        do {
          const page: string[] = await service.listAffected(key, last, PAGE);
          for (const id of page) io.stdout.write(`${id}\n`);
          last = page.length === PAGE ? (page.at(-1) ?? null) : null;
        } while (last !== null);
      }),
    );
  group
    .command('csr')
    .description(
      'print a certificate request (PKCS #10) of the P-256 key, for an authority; see ISSUER_CERTIFICATE_FILE',
    )
    .option('--next', 'of the key that the next rotation takes up, so that its certificate is there by then')
    .action((options: { next?: boolean }) =>
      withKeys(clock, async (service) => {
        io.stdout.write(await service.requestCertificate(options.next === true ? 'next' : 'current'));
      }),
    );
  return group;
}

async function withKeys(clock: Clock, work: (service: IssuerKeysService) => Promise<void>): Promise<void> {
  const settings = readSettings({});
  const { DATABASE_URL, PUBLIC_URL, NARU_DATA_DIR, ISSUER_KEYS_PASSPHRASE } = settings;
  if (DATABASE_URL === undefined || PUBLIC_URL === undefined || ISSUER_KEYS_PASSPHRASE === undefined) {
    throw problem(
      'SETTING_INVALID',
      'DATABASE_URL, PUBLIC_URL and ISSUER_KEYS_PASSPHRASE: set all three as for `naru start`',
    );
  }
  const pool = openPool(DATABASE_URL, 2);
  try {
    const dids = createDidService({
      ...{ pool, clock, random: systemRandom, publicUrl: PUBLIC_URL },
      anchorOf: async () => null,
    });
    const keyFile = issuerKeyFile(dataDirectoryPath(NARU_DATA_DIR));
    await work(
      createChangeIssuerKeysService({
        pool,
        clock,
        dids,
        keyFile,
        keyService: issuerKeyService(settings),
        publicUrl: PUBLIC_URL,
        passphrase: ISSUER_KEYS_PASSPHRASE,
      }),
    );
  } finally {
    await pool.end();
  }
}

// naru verifier: who may ask people for what, on the machine that holds the verifier's key.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { readSettings, verifierFiles } from '../config.ts';
import type { VerifierService } from '../identity/trust/verifier-service.ts';
import type { Clock } from '../platform/clock.ts';
import { dataDirectoryPath } from '../platform/data-directory.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';
import type { CommandIo } from './command-io.ts';

const BY_COMMAND_LINE = 'command line';

export function verifierCommand(io: CommandIo, clock: Clock): Command {
  const group = new Command('verifier')
    .description('who may ask people for what: registered, audited, and told to wallets')
    .addHelpText('after', '\nSet DATABASE_URL, PUBLIC_URL and NARU_DATA_DIR as for `naru start`.');
  const print = (value: unknown) => io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

  group
    .command('list')
    .description('print what is registered, as JSON')
    .action(() => withVerifiers(clock, async ({ verifiers }) => print(await verifiers.listVerifiers())));
  group
    .command('register')
    .description('register a verifier, or change what is registered')
    .argument('<id>', 'its name in requests, such as library-counter')
    .argument('<file>', 'JSON: name, purpose, keeps, may_ask, return_origins, certificate')
    .action((id: string, file: string) =>
      withVerifiers(clock, async ({ verifiers }) => {
        const { verifierIdSchema, verifierRegistrationSchema } = await import(
          '../identity/trust/registered-verifier.ts'
        );
        const registration = verifierRegistrationSchema.safeParse(parse(await readFile(file, 'utf8')));
        if (!verifierIdSchema.safeParse(id).success) throw problem('REQUEST_INVALID', 'id: write a-z, 0-9 and -');
        if (!registration.success) {
          const [issue] = registration.error.issues;
          throw problem('REQUEST_INVALID', `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
        }
        const changed = await verifiers.registerVerifier(id, registration.data, BY_COMMAND_LINE);
        io.stdout.write(changed ? `${id} is registered.\n` : `${id} was registered so already.\n`);
      }),
    );
  group
    .command('token')
    .description('make a bearer token for its programs, shown once; one made before ends')
    .argument('<id>')
    .action((id: string) =>
      withVerifiers(clock, async ({ verifiers }) => {
        io.stdout.write(`${await verifiers.makeVerifierToken(id, BY_COMMAND_LINE)}\n`);
      }),
    );
  group
    .command('end')
    .description('end a registration; from now on it asks for nothing')
    .argument('<id>')
    .action((id: string) =>
      withVerifiers(clock, async ({ verifiers }) => {
        await verifiers.endVerifier(id, BY_COMMAND_LINE);
        io.stdout.write(`${id} has ended.\n`);
      }),
    );
  group
    .command('certificate')
    .description('print the certificate under which is asked, and the authority that wallets have to trust')
    .action(() =>
      withVerifiers(clock, async ({ identity: { chain } }) => {
        for (const certificate of [...chain.x5c, ...chain.anchors]) io.stdout.write(pem(certificate));
      }),
    );
  return group;
}

async function withVerifiers(
  clock: Clock,
  work: (opened: {
    verifiers: VerifierService;
    identity: Parameters<typeof import('../identity/trust/verifier-service.ts').createVerifierService>[0]['identity'];
  }) => Promise<unknown>,
): Promise<void> {
  const settings = readSettings({});
  const { DATABASE_URL, PUBLIC_URL, NARU_DATA_DIR } = settings;
  if (DATABASE_URL === undefined || PUBLIC_URL === undefined) {
    throw problem('SETTING_INVALID', 'DATABASE_URL and PUBLIC_URL: set both as for `naru start`');
  }
  const { createVerifierService } = await import('../identity/trust/verifier-service.ts');
  const { openVerifierIdentity } = await import('../identity/trust/verifier-identity-store.ts');
  const pool = openPool(DATABASE_URL, 1);
  try {
    const identity = await openVerifierIdentity({
      files: verifierFiles(settings),
      ownFile: join(dataDirectoryPath(NARU_DATA_DIR), 'verifier.json'),
      ...{ publicUrl: PUBLIC_URL, random: systemRandom, now_ms: clock.now_ms() },
    });
    await work({ identity, verifiers: createVerifierService({ pool, clock, random: systemRandom, identity }) });
  } finally {
    await pool.end();
  }
}

function pem(certificate: string): string {
  const lines = certificate.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

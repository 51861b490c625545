// naru device-ca: the service's own certificate authority for devices, on the machine that holds its key.
import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import type { DeviceAuthority } from '../metering/meters/device-authority-service.ts';
import type { Clock } from '../platform/clock.ts';
import { dataDirectoryPath } from '../platform/data-directory.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';
import type { CommandIo } from './command-io.ts';

const BY_COMMAND_LINE = null;

export function deviceCaCommand(io: CommandIo, clock: Clock): Command {
  const group = new Command('device-ca')
    .description('an own certificate authority for devices: its key is made and stays in the data folder')
    .addHelpText('after', '\nSet DATABASE_URL and NARU_DATA_DIR as for `naru start`.');

  group
    .command('create')
    .description('make the key (device-ca/key.pem in the data folder, mode 600) and the certificate, which is printed')
    .option('--name <name>', 'common name of the authority', 'Naru device CA')
    .action((options: { name: string }) =>
      withAuthority(clock, async (authority) => {
        io.stdout.write(`${await authority.createAuthority(options.name)}`);
      }),
    );
  group
    .command('certificate')
    .description("print the authority's certificate, for whoever is to trust it")
    .action(() =>
      withAuthority(clock, async (authority) => {
        io.stdout.write(await authority.certificate());
      }),
    );
  group
    .command('sign')
    .description('sign a certificate request (PKCS #10, PEM) for a registered device; the certificate is printed')
    .argument('<request>', 'file of the request')
    .requiredOption('--device <id>', 'the device it is for')
    .action((file: string, options: { device: string }) =>
      withAuthority(clock, async (authority) => {
        const request = await readFile(file, 'utf8');
        const { pem } = await authority.signDeviceRequest(options.device, request, BY_COMMAND_LINE);
        io.stdout.write(`${pem}\n`);
      }),
    );
  group
    .command('revoke')
    .description('revoke a certificate; a connection that was opened with it is cut at once')
    .argument('<serial>', 'serial number in hexadecimal')
    .requiredOption('--reason <text>', 'why, for the audit')
    .action((serial: string, options: { reason: string }) =>
      withAuthority(clock, async (authority) => {
        await authority.revokeDeviceCertificate(serial, options.reason.slice(0, 200), BY_COMMAND_LINE);
        io.stdout.write('Revoked. Brokers of others know it from the next `naru device-ca crl`.\n');
      }),
    );
  group
    .command('crl')
    .description('write the revocation list, for others who check these certificates')
    .option('--out <file>', 'where to; default: print it')
    .action((options: { out?: string }) =>
      withAuthority(clock, async (authority) => {
        const list = await authority.revocationList();
        if (options.out === undefined) io.stdout.write(list);
        else await writeFile(options.out, list);
      }),
    );
  return group;
}

async function withAuthority(clock: Clock, work: (authority: DeviceAuthority) => Promise<void>): Promise<void> {
  const { DATABASE_URL, NARU_DATA_DIR } = readSettings({});
  if (DATABASE_URL === undefined) {
    throw problem('SETTING_INVALID', 'DATABASE_URL: write postgres://user:password@host:5432/database');
  }
  const { createDeviceAuthority } = await import('../metering/meters/device-authority-service.ts');
  const { authorityKeyFile } = await import('../metering/meters/device-ca-port.ts');
  const pool = openPool(DATABASE_URL, 1);
  try {
    const keyFile = authorityKeyFile(dataDirectoryPath(NARU_DATA_DIR));
    await work(createDeviceAuthority({ pool, clock, random: systemRandom, keyFile }));
  } finally {
    await pool.end();
  }
}

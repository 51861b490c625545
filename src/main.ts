#!/usr/bin/env node
// The command line: `naru --help` lists the commands; each is a file in cli/.
import { Command } from 'commander';
import { auditCommand } from './cli/audit-command.ts';
import { billRunCommand } from './cli/bill-run-command.ts';
import { checkLedgerCommand } from './cli/check-ledger-command.ts';
import { type CommandIo, runCommand } from './cli/command-io.ts';
import { decodeCommand } from './cli/decode-command.ts';
import { deviceCaCommand } from './cli/device-ca-command.ts';
import { doctorCommand } from './cli/doctor-command.ts';
import { importOffersCommand } from './cli/import-offers-command.ts';
import { importRegistryCommand } from './cli/import-registry-command.ts';
import { issuerKeysCommand } from './cli/issuer-keys-command.ts';
import { migrateCommand } from './cli/migrate-command.ts';
import { priceCommand } from './cli/price-command.ts';
import { provisionCommand } from './cli/provision-command.ts';
import { reconcileCommand } from './cli/reconcile-command.ts';
import { redecodeCommand } from './cli/redecode-command.ts';
import { replayCommand } from './cli/replay-command.ts';
import { simulateCommand } from './cli/simulate-command.ts';
import { staffLinkCommand } from './cli/staff-link-command.ts';
import { startCommand } from './cli/start-command.ts';
import { trustCommand } from './cli/trust-command.ts';
import { verifierCommand } from './cli/verifier-command.ts';
import { verifyBillCommand } from './cli/verify-bill-command.ts';
import { verifyProofCommand } from './cli/verify-proof-command.ts';
import { dataDirectorySetting } from './config.ts';
import { systemClock } from './platform/clock.ts';
import { dataDirectoryPath } from './platform/data-directory.ts';
import { packageVersion } from './platform/package-root.ts';

const io: CommandIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  setExitCode: (code) => {
    process.exitCode = code;
  },
};
const ending = new AbortController();
const fleetDefaults = {
  clock: systemClock,
  signal: ending.signal,
  url: 'mqtt://127.0.0.1:1883',
  dataDirectory: dataDirectoryPath(dataDirectorySetting()),
};

const program = new Command('naru')
  .description(
    'Digital identity that citizens hold themselves, and water meters read remotely, both checkable by anyone',
  )
  .version(packageVersion)
  .showHelpAfterError('(naru --help shows what there is)');
for (const command of [
  startCommand(),
  migrateCommand(),
  decodeCommand(io),
  simulateCommand(io, fleetDefaults),
  replayCommand(io, fleetDefaults),
  priceCommand(io, systemClock),
  billRunCommand(io, systemClock),
  checkLedgerCommand(io),
  doctorCommand(),
  auditCommand(io, ending.signal),
  reconcileCommand(io, systemClock),
  redecodeCommand(io, systemClock),
  verifyProofCommand(io, systemClock),
  verifyBillCommand(io, systemClock),
  staffLinkCommand(),
  importOffersCommand(io, systemClock),
  provisionCommand(io),
  importRegistryCommand(io),
  deviceCaCommand(io, systemClock),
  verifierCommand(io, systemClock),
  trustCommand(io, systemClock),
  issuerKeysCommand(io, systemClock),
]) {
  program.addCommand(command);
}
// The first Ctrl-C ends a simulation with its summary; `naru start` has its own way to stop.
program.hook('preAction', (_program, command) => {
  if (['simulate', 'replay', 'audit'].includes(command.name())) process.once('SIGINT', () => ending.abort());
});
await runCommand(program, process.argv.slice(2), io);

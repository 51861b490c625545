// naru check-ledger: what simulated meters were told, compared with what is stored.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type LedgerTelegram, readLedger } from '../../simulators/read-ledger.ts';
import { readSettings } from '../config.ts';
import { checkLedger, type LedgerFindings } from '../metering/intake/check-ledger-service.ts';
import { dataDirectoryPath } from '../platform/data-directory.ts';
import { openPool } from '../platform/postgres/database.ts';
import { type CommandIo, WrongUse } from './command-io.ts';

export function checkLedgerCommand(io: CommandIo): Command {
  return new Command('check-ledger')
    .description('compare a ledger that naru simulate wrote with the database')
    .argument('<file>', 'what naru simulate --ledger wrote')
    .option(
      '--data-dir <folder>',
      'folder of a demonstration that runs here, where DATABASE_URL is not set (NARU_DATA_DIR)',
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 all that was acknowledged is stored, none of it too often, 1 it is not, 2 wrongly called.',
    )
    .action(async (path: string, options: { dataDir?: string; json?: boolean }) => {
      const settings = readSettings({ NARU_DATA_DIR: options.dataDir });
      const url = settings.DATABASE_URL ?? demonstrationDatabase(dataDirectoryPath(settings.NARU_DATA_DIR));
      const telegrams = await telegramsIn(path);
      const pool = openPool(url, 1);
      const findings = await checkLedger(pool, telegrams).finally(() => pool.end());
      io.stdout.write(options.json === true ? `${JSON.stringify(findings)}\n` : inWords(findings));
      if (findings.missing + findings.readings_missing + findings.too_often > 0) io.setExitCode(1);
    });
}

async function telegramsIn(path: string): Promise<LedgerTelegram[]> {
  if (!existsSync(path)) throw new WrongUse(`check-ledger: ${path} is not there`);
  try {
    return await readLedger(path);
  } catch (error) {
    throw new WrongUse(`check-ledger: ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function demonstrationDatabase(folder: string): string {
  try {
    const { postgres_port } = JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as {
      postgres_port: number;
    };
    const password = readFileSync(join(folder, 'postgres', 'password'), 'utf8').trim();
    return `postgres://naru:${password}@127.0.0.1:${postgres_port}/postgres`;
  } catch {
    throw new WrongUse(
      `check-ledger: no demonstration runs on ${folder}; set DATABASE_URL, or name its folder with --data-dir`,
    );
  }
}

function inWords(findings: LedgerFindings): string {
  return [
    `${findings.telegrams} telegrams, acknowledged ${findings.acknowledged} times`,
    `missing       ${findings.missing} telegrams, ${findings.readings_missing} readings`,
    `too often     ${findings.too_often}`,
    `merged        ${findings.merged} (the same bytes sent again, taken for a redelivery)`,
    ...findings.examples.map(({ device_id, payload_hex }) => `  ${device_id} ${payload_hex.slice(0, 80)}`),
    '',
  ].join('\n');
}

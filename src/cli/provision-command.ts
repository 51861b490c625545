// naru provision: registers a list of devices from a CSV file, for fleets too large for a request.
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { deviceLimits } from '../metering/intake/device-limits.ts';
import { createDeviceSecrets } from '../metering/intake/device-secret.ts';
import { csvColumns, csvOptionalColumns, writeSecrets } from '../metering/meters/provision-csv.ts';
import { provisionList } from '../metering/meters/provision-csv-service.ts';
import { provisionFleet } from '../metering/meters/provision-fleet-service.ts';
import { systemClock } from '../platform/clock.ts';
import { type CsvProblem, problemLine } from '../platform/csv-list.ts';
import { openPool } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';
import { type CommandIo, WrongUse } from './command-io.ts';

export function provisionCommand(io: CommandIo): Command {
  return new Command('provision')
    .description('register a list of devices from a CSV file; begun again, it goes on where it stopped')
    .argument('<file>', 'the list, UTF-8 with a heading')
    .option('--dry-run', 'only check the list')
    .option('--out <file>', 'where the secrets of new devices without one are added, as device_id,secret (mode 600)')
    .addHelpText(
      'after',
      `\nColumns: ${csvColumns.join(', ')};\nand, where wanted: ${csvOptionalColumns.join(', ')}.\n` +
        'Set DATABASE_URL and NARU_SECRET as for `naru start`.\n\nExit status: 0 done, 1 refused, 2 wrongly called.',
    )
    .action(async (file: string, options: { dryRun?: boolean; out?: string }) => {
      const { DATABASE_URL, NARU_SECRET } = readSettings({});
      if (DATABASE_URL === undefined || NARU_SECRET === undefined)
        throw problem('SETTING_INVALID', 'DATABASE_URL and NARU_SECRET: set both as for `naru start`');
      const dryRun = options.dryRun === true;
      if (!dryRun && options.out === undefined)
        throw new WrongUse('provision: no --out; the secrets that are made are kept nowhere else');
      const { size } = await stat(file);
      if (size > deviceLimits.csv_bytes)
        throw new WrongUse(`provision: the list is larger than ${deviceLimits.csv_bytes} bytes; give it in parts`);
      const text = await readFile(file, 'utf8');
      const out = options.out === undefined || dryRun ? null : await open(options.out, 'a', 0o600);
      const pool = openPool(DATABASE_URL, 2);
      const secrets = createDeviceSecrets(NARU_SECRET);
      try {
        const { devices, known } = await provisionList(pool, text, {
          dryRun,
          by: { at: new Date(systemClock.now_ms()), actor: null },
          keep: async (made) => {
            if (out !== null) await keep(out, writeSecrets(made, (await out.stat()).size === 0));
          },
          provisionFleet: (entries, beforeCommit) => provisionFleet(pool, systemRandom, entries, secrets, beforeCommit),
        });
        const what = dryRun ? 'The list is good' : 'Registered';
        io.stdout.write(`${what}: ${devices} devices, of which ${known} were known before.\n`);
      } catch (error) {
        if (error instanceof Problem && Array.isArray(error.members.problems))
          io.stderr.write((error.members.problems as CsvProblem[]).map(problemLine).join(''));
        throw error;
      } finally {
        await out?.close();
        await pool.end();
      }
    });
}

async function keep(out: FileHandle, lines: string): Promise<void> {
  await out.appendFile(lines);
  await out.sync();
}

// naru import-registry: reads a utility's registry in from CSV lists: zones, places, installs, inlets, exceptions.
import { readFile, stat } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { readSettings } from '../config.ts';
import { importRegistry } from '../metering/meters/import-registry-service.ts';
import {
  type RegistryList,
  registryLimits,
  registryListNames,
  registryLists,
} from '../metering/meters/registry-list.ts';
import { systemClock } from '../platform/clock.ts';
import { type CsvProblem, problemLine } from '../platform/csv-list.ts';
import { openPool } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { type CommandIo, WrongUse } from './command-io.ts';

export function importRegistryCommand(io: CommandIo): Command {
  return new Command('import-registry')
    .description('read in a list of the registry; begun again, it goes on where it stopped')
    .addArgument(new Argument('<list>', 'which list it is').choices(registryListNames))
    .argument('<file>', 'the list, UTF-8 with a heading')
    .option('--dry-run', 'read everything in, say what is wrong, and take it back')
    .addHelpText(
      'after',
      `\n${columnsOfLists()}\nSet DATABASE_URL as for \`naru start\`.\n\nExit status: 0 done, 1 refused, 2 wrongly called.`,
    )
    .action(async (list: RegistryList, file: string, options: { dryRun?: boolean }) => {
      const { DATABASE_URL } = readSettings({});
      if (DATABASE_URL === undefined) throw problem('SETTING_INVALID', 'DATABASE_URL: set it as for `naru start`');
      const { size } = await stat(file);
      if (size > registryLimits.file_bytes)
        throw new WrongUse(
          `import-registry: the list is larger than ${registryLimits.file_bytes} bytes; give it in parts`,
        );
      const pool = openPool(DATABASE_URL, 2);
      const dryRun = options.dryRun === true;
      try {
        const { rows, before } = await importRegistry(
          { pool, clock: systemClock },
          list,
          await readFile(file, 'utf8'),
          {
            dryRun,
            onProgress: (done, all) => io.stderr.write(`${done} of ${all} rows\n`),
          },
        );
        const what = dryRun ? `The list is good: ${rows} rows` : `Read in: ${rows} rows`;
        io.stdout.write(`${what}${before > 0 ? `, of which ${before} were there from an earlier try` : ''}.\n`);
      } catch (error) {
        if (error instanceof Problem && Array.isArray(error.members.problems))
          io.stderr.write((error.members.problems as CsvProblem[]).map(problemLine).join(''));
        throw error;
      } finally {
        await pool.end();
      }
    });
}

function columnsOfLists(): string {
  return Object.entries(registryLists)
    .map(([name, { needed, wanted }]) => {
      const optional = Object.keys(wanted).map((column) => `[${column}]`);
      return `  ${name}: ${[...Object.keys(needed), ...optional].join(', ')}`;
    })
    .join('\n');
}

// naru migrate: brings a database to the newest schema, for those who deploy in steps.
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { migrate } from '../platform/postgres/migrate.ts';
import { problem } from '../platform/problem.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description("bring DATABASE_URL's schema up to date (naru start does this too)")
    .option('--json', 'print what was applied as JSON')
    .action(async (options: { json?: boolean }) => {
      const { DATABASE_URL } = readSettings({});
      if (DATABASE_URL === undefined) {
        throw problem('SETTING_INVALID', 'DATABASE_URL: write postgres://user:password@host:5432/database');
      }
      const applied = await migrate(DATABASE_URL);
      if (options.json) process.stdout.write(`${JSON.stringify({ applied })}\n`);
      else
        process.stdout.write(applied.length === 0 ? 'The schema is up to date.\n' : `Applied: ${applied.join(', ')}\n`);
    });
}

// naru staff-link: a new link into the utility's console, for who administers the service.
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { systemClock } from '../platform/clock.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';

export function staffLinkCommand(): Command {
  return new Command('staff-link')
    .description("make a link into the utility's console; it works once, within a day")
    .option('--json', 'print it as JSON')
    .action(async (options: { json?: boolean }) => {
      const { DATABASE_URL, PUBLIC_URL } = readSettings({});
      if (DATABASE_URL === undefined || PUBLIC_URL === undefined) {
        throw problem('SETTING_INVALID', 'DATABASE_URL and PUBLIC_URL: set both as for `naru start`');
      }
      const { createStaffLink } = await import('../portal/staff-service.ts');
      const pool = openPool(DATABASE_URL, 1);
      try {
        const token = await createStaffLink({ pool, clock: systemClock, random: systemRandom });
        const link = `${PUBLIC_URL}/utility/#enter=${token}`;
        process.stdout.write(options.json ? `${JSON.stringify({ link })}\n` : `${link}\n`);
      } finally {
        await pool.end();
      }
    });
}

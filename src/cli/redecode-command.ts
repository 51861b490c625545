// naru redecode: decodes again what lies in quarantine, after a decoder was mended or a device registered rightly.
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { openPartitions } from '../metering/intake/partition-service.ts';
import { type Redecoded, redecode } from '../metering/intake/redecode-service.ts';
import type { Clock } from '../platform/clock.ts';
import { openPool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import type { CommandIo } from './command-io.ts';

export function redecodeCommand(io: CommandIo, clock: Clock): Command {
  return new Command('redecode')
    .description(
      'decode again what lies in quarantine; what can be read now becomes readings of the time it was received',
    )
    .option('--code <code>', 'only uplinks with this reason, such as DECODER_FAILED')
    .option('--device <id>', 'only uplinks of this device')
    .option('--since <time>', 'only uplinks received since, such as 2026-03-01T00:00:00Z')
    .option('--json', 'print the counts as JSON')
    .action(async (options: { code?: string; device?: string; since?: string; json?: boolean }) => {
      const settings = readSettings({});
      if (settings.DATABASE_URL === undefined)
        throw problem('SETTING_INVALID', 'DATABASE_URL: set it as for `naru start`');
      const since_ms = options.since === undefined ? null : Date.parse(options.since);
      if (Number.isNaN(since_ms))
        throw problem('REQUEST_INVALID', `--since ${options.since}: is no time; write 2026-03-01T00:00:00Z`);
      const pool = openPool(settings.DATABASE_URL, 3);
      try {
        const partitions = await openPartitions(pool, clock);
        const counts = await redecode(
          { pool, partitions, timeZone: settings.TIME_ZONE },
          { code: options.code ?? null, deviceId: options.device ?? null, since_ms },
        );
        io.stdout.write(options.json === true ? `${JSON.stringify(counts)}\n` : asText(counts));
      } finally {
        await pool.end();
      }
    });
}

function asText({ uplinks, cleared, refused, readings, conflicts, misdated }: Redecoded): string {
  return `${uplinks} uplinks looked at: ${cleared} left quarantine (${readings} new readings, ${conflicts} conflicts, ${misdated} with an impossible time), ${uplinks - cleared} stay, of which the database refused ${refused}.\n`;
}

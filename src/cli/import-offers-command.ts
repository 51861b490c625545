// naru import-offers: a register as CSV becomes offers; begun again after whatever ended it, it goes on where it stopped.
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import { credentialTypes } from '../identity/credentials/credential-types.ts';
import { importLimits } from '../identity/issuing/import-limits.ts';
import { createImportService, type ImportService } from '../identity/issuing/import-offers-service.ts';
import type { RowFault } from '../identity/issuing/import-row.ts';
import { createImportSecrets } from '../identity/issuing/import-secrets.ts';
import type { Clock } from '../platform/clock.ts';
import { openPool } from '../platform/postgres/database.ts';
import { Problem, problem } from '../platform/problem.ts';
import { systemRandom } from '../platform/random.ts';
import { commandLineActor, deliveryLines, deskAudit } from '../portal/desk-import-service.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { progressLine } from './progress-line.ts';

const DAY_s = 86_400;

interface Options {
  type: string;
  dryRun?: boolean;
  validDays: string;
  links?: string;
  codes?: string;
}

export function importOffersCommand(io: CommandIo, clock: Clock): Command {
  return new Command('import-offers')
    .description('turn a register, a CSV file, into offers; begun again, it goes on where it stopped')
    .argument('<file>', 'the register, UTF-8 with a heading')
    .requiredOption('--type <type>', `credential type: ${credentialTypes.map(({ id }) => id).join(', ')}`)
    .option('--dry-run', 'only check the register')
    .option(
      '--valid-days <days>',
      'days in which the offers can be taken',
      String(importLimits.offerLifetime_s / DAY_s),
    )
    .option('--links <file>', 'where the links are written (mode 600)')
    .option('--codes <file>', 'where the codes are written (mode 600); they go another way than the links')
    .addHelpText(
      'after',
      "\nColumns: key, the register's own number of the entry, and the claims of the type.\n" +
        'Set DATABASE_URL, PUBLIC_URL, WALLET_URL and NARU_SECRET as for `naru start`.\n\nExit status: 0 done, 1 refused, 2 wrongly called.',
    )
    .action(async (file: string, options: Options) => {
      const { DATABASE_URL, PUBLIC_URL, WALLET_URL, NARU_SECRET } = readSettings({});
      if (!DATABASE_URL || !PUBLIC_URL || !WALLET_URL || !NARU_SECRET)
        throw problem(
          'SETTING_INVALID',
          'DATABASE_URL, PUBLIC_URL, WALLET_URL and NARU_SECRET: set all as for `naru start`',
        );
      const { size } = await stat(file);
      if (size > importLimits.file_bytes)
        throw new WrongUse(`import-offers: the file is larger than ${importLimits.file_bytes} bytes; give it in parts`);
      const pool = openPool(DATABASE_URL, 3);
      const imports = createImportService({
        ...{ pool, clock, random: systemRandom, publicUrl: PUBLIC_URL },
        secrets: createImportSecrets(NARU_SECRET),
      });
      try {
        if (options.dryRun === true) {
          const { rows, known } = await imports.checkImport(options.type, createReadStream(file));
          io.stdout.write(`The register is good: ${rows} rows, of which ${known} were offered before.\n`);
          return;
        }
        const lifetime_s = Number(options.validDays) * DAY_s;
        const audit = deskAudit(commandLineActor, clock);
        const { id } = await imports.beginImport(
          { type: options.type, lifetime_s },
          createReadStream(file),
          (within, id) => audit(within, { action: 'import_started', importId: id, type: options.type }),
        );
        await workOff(imports, id, progressLine(io.stderr, clock.now_ms));
        const { offered, known } = await imports.importOf(id);
        io.stdout.write(`Import ${id}: ${offered} offers made, ${known} rows had one before.\n`);
        for (const [part, path] of [
          ['links', options.links],
          ['codes', options.codes],
        ] as const) {
          if (path === undefined) continue;
          await audit(pool, { action: `${part}_downloaded`, importId: id, type: options.type });
          await write(path, deliveryLines(imports.deliveries(id), part, WALLET_URL));
        }
      } catch (error) {
        if (error instanceof Problem && Array.isArray(error.members.faults))
          io.stderr.write((error.members.faults as RowFault[]).map(asLine).join(''));
        throw error;
      } finally {
        await pool.end();
      }
    });
}

/** Helps the workers of a running service, or does it alone, until the import is done. */
async function workOff(imports: ImportService, id: string, progress: ReturnType<typeof progressLine>): Promise<void> {
  for (;;) {
    const { state, rows, offered, known } = await imports.importOf(id);
    if (state === 'done' || state === 'cancelled') break;
    progress.show(`${offered + known} of ${rows}`);
    await imports.workOff();
  }
  progress.clear();
}

async function write(path: string, lines: AsyncIterable<string>): Promise<void> {
  const file: FileHandle = await open(path, 'w', 0o600);
  try {
    for await (const some of lines) await file.write(some);
    await file.sync();
  } finally {
    await file.close();
  }
}

function asLine({ line, column, message }: RowFault): string {
  const where = [...(line === null ? [] : [`line ${line}`]), ...(column === null ? [] : [column])];
  return `${where.join(', ') || 'file'}: ${message.ko} / ${message.en}\n`;
}

// naru bill-run: starts a bill run, and says how far runs are and which places they held.
import { Command } from 'commander';
import { readSettings } from '../config.ts';
import type { BillRun } from '../metering/billing/bill-run-store.ts';
import { billingLimits } from '../metering/billing/billing-limits.ts';
import { createBillsService } from '../metering/billing/bills-service.ts';
import { startBillRun } from '../metering/billing/start-bill-run-service.ts';
import { LocalDays } from '../metering/readings/local-days.ts';
import type { Clock } from '../platform/clock.ts';
import { openPool, type Pool } from '../platform/postgres/database.ts';
import { problem } from '../platform/problem.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { tariffFile } from './tariff-file.ts';

interface StartOptions {
  tariff: string;
  from: string;
  until: string;
  billed: string;
  due?: string;
  months?: string;
  zone?: string;
  json?: boolean;
}

export function billRunCommand(io: CommandIo, clock: Clock): Command {
  const command = new Command('bill-run').description('Start a bill run, and see how far runs are');
  command
    .command('start')
    .description('leave a run to the worker: one bill of a place and period, however often it is started')
    .requiredOption('--tariff <file>', 'a tariff file, or the name of a shipped one; its text is kept with the run')
    .requiredOption('--from <date>', 'first day of use')
    .requiredOption('--until <date>', 'the first day that is no longer billed')
    .requiredOption('--billed <date>', 'date of the bills')
    .option('--due <date>', "when they are due; the end of that date's month without")
    .option('--months <n>', 'months that a bill is for; 1 without')
    .option('--zone <id>', 'only places of the zone and of those in it')
    .option('--json', 'print JSON')
    .action((options: StartOptions) =>
      withPool(async (pool, timeZone) => {
        const run_id = await startBillRun(
          { pool, clock, days: new LocalDays(timeZone) },
          {
            ...{ tariff: tariffFile(options.tariff), use_from: options.from, use_until: options.until },
            ...{ billed_on: options.billed, due_on: options.due, zone: options.zone, startedBy: null },
            months: options.months === undefined ? undefined : wholeNumber('--months', options.months),
          },
        );
        show(io, await createBillsService(pool).getRun(run_id), options.json);
      }),
    );
  command
    .command('show [run]')
    .description('the latest runs, or one with the places it held')
    .option('--json', 'print JSON, a run a line')
    .action((run: string | undefined, options: { json?: boolean }) =>
      withPool(async (pool) => {
        const bills = createBillsService(pool);
        if (run === undefined) {
          for (const one of await bills.listRuns(null, billingLimits.page)) show(io, one, options.json);
          return;
        }
        const run_id = wholeNumber('show', run);
        show(io, await bills.getRun(run_id), options.json);
        let after = '';
        for (;;) {
          const held = await bills.listHeld(run_id, after, billingLimits.page);
          for (const place of held) {
            const later = place.bill_id === null ? '' : `; billed by now: bill ${place.bill_id}`;
            const line = `  ${place.service_point_id}: ${place.reason}, ${place.detail}${later}`;
            io.stdout.write(`${options.json ? JSON.stringify(place) : line}\n`);
          }
          const last = held.at(-1);
          if (last === undefined || held.length < billingLimits.page) return;
          after = last.service_point_id;
        }
      }),
    );
  return command.addHelpText(
    'after',
    '\nSet DATABASE_URL and TIME_ZONE as for `naru start`; its worker makes the bills.',
  );
}

function show({ stdout }: CommandIo, run: BillRun, json: boolean | undefined): void {
  if (json) {
    stdout.write(`${JSON.stringify(run)}\n`);
    return;
  }
  const { run_id, state, tariff, use_from, use_until, zone_id, places, billed, billed_before, held } = run;
  const where = zone_id === null ? '' : `, zone ${zone_id}`;
  const before = billed_before === 0 ? '' : `, ${billed_before} billed before`;
  const done = `of ${places} places ${billed} billed, ${held} held${before}`;
  stdout.write(`Run ${run_id}: ${state}; use from ${use_from} until ${use_until} by ${tariff}${where}: ${done}\n`);
}

async function withPool(work: (pool: Pool, timeZone: string) => Promise<void>): Promise<void> {
  const { DATABASE_URL, TIME_ZONE } = readSettings({});
  if (DATABASE_URL === undefined) throw problem('SETTING_INVALID', 'DATABASE_URL: set it as for `naru start`');
  const pool = openPool(DATABASE_URL, 1);
  try {
    await work(pool, TIME_ZONE);
  } finally {
    await pool.end();
  }
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new WrongUse(`${option}: '${text.slice(0, 20)}' is not a whole number from 1 up`);
  return Number(text);
}

// naru price: what a use costs by a tariff file, component by component, as JSON or for people in Korean or English.
import { Command } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { dayAfter, dayBefore, isDate } from '../metering/billing/billing-dates.ts';
import { Exact } from '../metering/billing/exact.ts';
import type { MeasuredUse, OtherClass, PriceRequest } from '../metering/billing/price-request.ts';
import { priceUse } from '../metering/billing/price-use.ts';
import { priceJson } from '../metering/billing/priced-json.ts';
import { readTariff } from '../metering/billing/read-tariff.ts';
import { type Tariff, tariffJsonSchema } from '../metering/billing/tariff.ts';
import { linesOf } from '../metering/billing/tariff-components.ts';
import type { Clock } from '../platform/clock.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { priceText } from './price-text.ts';
import { tariffFile } from './tariff-file.ts';

interface Options {
  tariff?: string;
  class?: string;
  bore?: string;
  volume?: string;
  households?: string;
  months?: string;
  on?: string;
  from?: string;
  until?: string;
  billed?: string;
  measured: string[];
  with: string[];
  classOf: string[];
  volumeOf: string[];
  without: string[];
  proven: string[];
  index: string[];
  count: string[];
  lang: string;
  check?: boolean;
  schema?: boolean;
  json?: boolean;
}

const gather = (value: string, before: string[]): string[] => [...before, value];

export function priceCommand(io: CommandIo, clock: Clock): Command {
  const command = new Command('price')
    .description('What a use costs by a tariff, component by component, each row with its tariff line')
    .option('--tariff <file>', 'a tariff file, or the name of a shipped one, such as gimhae-current')
    .option('--class <name>', "the meter's class, as the tariff names it")
    .option('--bore <mm>', "the meter's bore")
    .option('--volume <m3>', 'volume in m3, with up to three decimals')
    .option('--households <n>', 'households behind the meter (가구분할); 1 without')
    .option('--months <n>', 'months of the bill, with decimals for a part of one; 1 without, whatever the days')
    .option('--on <date>', 'day of use, where all of it is on one side of any change; today without')
    .option('--from <date>', 'first day of use')
    .option('--until <date>', 'the first day after the use')
    .option('--billed <date>', 'date of the bill; the last day of use without');
  for (const [flags, description] of [
    ['--measured <from..until=m3>', 'use of some of the days, for tariffs that divide a change by use; repeat'],
    ['--with <class=households[:m3]>', 'another class on the meter, and its volume if it is known; repeat'],
    ['--class-of <component=class>', 'class of a component that has its own, such as sewer; repeat'],
    ['--volume-of <component=m3>', 'volume of a component that has its own; repeat'],
    ['--without <component>', 'an optional component that the meter is without; repeat'],
    ['--proven <predicate>', 'what a credential has proven, for a reduction; repeat'],
    ['--index <name=value>', 'a value of an index for the month, such as bod=3.4; repeat'],
    ['--count <name=value>', 'a number that the tariff goes by, such as persons=3; repeat'],
  ] as const) {
    command.option(flags, description, gather, [] as string[]);
  }
  return command
    .option('--lang <language>', 'language of the text: en or ko', 'en')
    .option('--json', 'print JSON')
    .option('--check', 'only check the tariff file')
    .option('--schema', 'print the JSON Schema of tariff files')
    .addHelpText('after', '\nExit status: 0 priced, 1 refused (the problem is printed), 2 wrongly called.')
    .action((options: Options) => {
      if (options.schema) {
        io.stdout.write(`${JSON.stringify(tariffJsonSchema(), null, 2)}\n`);
        return;
      }
      const { name, text } = tariffFile(needed(options.tariff, '--tariff FILE'));
      const tariff = readTariff(text, name);
      if (options.check) {
        const lines = linesOf(tariff.components);
        io.stdout.write(`${tariff.id}: ${tariff.components.length} components, ${lines.length} lines: no fault\n`);
        return;
      }
      const language = options.lang;
      if (language !== 'en' && language !== 'ko') throw new WrongUse('--lang: write en or ko');
      const request = requestOf(options, tariff, clock);
      const bill = priceUse(tariff, request);
      io.stdout.write(
        options.json
          ? `${JSON.stringify(priceJson(tariff, request, bill), null, 2)}\n`
          : priceText(tariff, request, bill, language),
      );
    });
}

function requestOf(options: Options, tariff: Tariff, clock: Clock): PriceRequest {
  const { from, until } = daysOf(options, tariff, clock);
  const last = dayBefore(until);
  return {
    class: needed(options.class, '--class NAME'),
    bore_mm: options.bore === undefined ? null : wholeNumber('--bore', options.bore),
    volume_l: litres('--volume', needed(options.volume, '--volume M3')),
    use_from: from,
    use_until: until,
    billed_on: options.billed === undefined ? last : dateOf('--billed', options.billed),
    ...(options.households !== undefined && { households: wholeNumber('--households', options.households) }),
    ...(options.months !== undefined && { months: decimal('--months', options.months) }),
    others: options.with.map(otherClass),
    ...(options.measured.length > 0 && { measured: options.measured.map(measuredUse) }),
    class_of: Object.fromEntries(options.classOf.map((text) => pair('--class-of', text))),
    volume_l_of: Object.fromEntries(
      options.volumeOf.map((text) => pair('--volume-of', text)).map(([id, m3]) => [id, litres('--volume-of', m3)]),
    ),
    without: options.without,
    proven: options.proven,
    index_values: Object.fromEntries(
      options.index.map((text) => pair('--index', text)).map(([id, value]) => [id, decimal('--index', value)]),
    ),
    counts: Object.fromEntries(
      options.count.map((text) => pair('--count', text)).map(([id, value]) => [id, decimal('--count', value)]),
    ),
  };
}

function daysOf(options: Options, tariff: Tariff, clock: Clock): { from: string; until: string } {
  if ((options.from === undefined) !== (options.until === undefined)) {
    throw new WrongUse('price: --from and --until go together');
  }
  if (options.from !== undefined && options.until !== undefined) {
    if (options.on !== undefined) throw new WrongUse('price: give either --on or --from and --until');
    return { from: dateOf('--from', options.from), until: dateOf('--until', options.until) };
  }
  if (goesByDays(tariff)) throw new WrongUse('price: this tariff goes by the days of use: give --from and --until');
  const today = () =>
    Temporal.Instant.fromEpochMilliseconds(clock.now_ms())
      .toZonedDateTimeISO(tariff.time_zone)
      .toPlainDate()
      .toString();
  const on = options.on === undefined ? today() : dateOf('--on', options.on);
  return { from: on, until: dayAfter(on) };
}

function goesByDays(tariff: Tariff): boolean {
  return linesOf(tariff.components).some(
    (line) => ('scale' in line && line.scale.includes('days')) || ('per' in line && line.per.includes('days')),
  );
}

function needed(value: string | undefined, option: string): string {
  if (value === undefined) throw new WrongUse(`price: no ${option}`);
  return value;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new WrongUse(`${option}: '${text.slice(0, 20)}' is not a whole number`);
  return Number(text);
}

function decimal(option: string, text: string): Exact {
  const value = Exact.parse(text);
  if (value === null || value.sign() < 0) {
    throw new WrongUse(`${option}: '${text.slice(0, 20)}' is not a number such as 57 or 3.4`);
  }
  return value;
}

function litres(option: string, m3: string): number {
  const volume_l = decimal(option, m3).times(Exact.whole(1_000));
  if (!volume_l.isWhole()) throw new WrongUse(`${option}: '${m3.slice(0, 20)}' has more than three decimals`);
  return Number(volume_l.numerator);
}

function dateOf(option: string, text: string): string {
  if (!isDate(text)) throw new WrongUse(`${option}: '${text.slice(0, 20)}' is not a date as 2025-02-15`);
  return text;
}

function pair(option: string, text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new WrongUse(`${option}: '${text.slice(0, 40)}' is not NAME=VALUE`);
  return [name, value];
}

function otherClass(text: string): OtherClass {
  const [, name, households, m3] = /^([^=]+)=(\d+)(?::(.+))?$/.exec(text) ?? [];
  if (name === undefined || households === undefined) {
    throw new WrongUse(
      `--with: '${text.slice(0, 40)}' is not CLASS=HOUSEHOLDS or CLASS=HOUSEHOLDS:M3, as in bath=1:20`,
    );
  }
  const other = { class: name, households: wholeNumber('--with', households) };
  return m3 === undefined ? other : { ...other, volume_l: litres('--with', m3) };
}

function measuredUse(text: string): MeasuredUse {
  const [span, m3] = pair('--measured', text);
  const [from = '', until = ''] = span.split('..');
  return { from: dateOf('--measured', from), until: dateOf('--measured', until), volume_l: litres('--measured', m3) };
}

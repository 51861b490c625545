// naru simulate: a fleet of meters that report to a broker for a while, and what became of their telegrams.
import { Command } from 'commander';
import { encodedFormatNames, findFormat } from '../../devices/formats.ts';
import type { FleetDevice } from '../../simulators/device-list.ts';
import { type FleetSummary, runFleet } from '../../simulators/fleet.ts';
import type { RadioFaults } from '../../simulators/radio-faults.ts';
import type { Clock } from '../platform/clock.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { brokerUrl, devicesIn, durationOf, numberBetween } from './fleet-options.ts';
import { progressLine } from './progress-line.ts';
import { registerSimulatedDevices } from './simulated-devices.ts';

export interface FleetDefaults {
  /** Folder of the service that runs on this machine. */
  dataDirectory: string;
  url: string;
  clock: Clock;
  /** Aborts when the person at the terminal has seen enough. */
  signal: AbortSignal;
}

interface Options {
  meters?: string;
  for: string;
  every: string;
  format: string;
  seed: string;
  url: string;
  devices?: string;
  dataDir: string;
  backfill: string;
  duplicates: string;
  delay: string;
  loss: string;
  outages: string;
  outage: string;
  clock: string;
  clones: string;
  ledger?: string;
  json?: boolean;
}

export function simulateCommand(io: CommandIo, defaults: FleetDefaults): Command {
  return new Command('simulate')
    .description('Let simulated meters report to a broker over MQTT')
    .option('--meters <n>', 'how many (default: all of --devices, else 20)')
    .option('--for <duration>', 'how long they report', '30s')
    .option('--every <duration>', 'a telegram of each meter, about so often', '1s')
    .option(
      '--format <name>',
      `mix (each as listed, or all there are) or one of ${encodedFormatNames.join(', ')}`,
      'mix',
    )
    .option('--seed <n>', 'the same seed, the same households and faults', '1')
    .option('--url <url>', 'the broker', defaults.url)
    .option(
      '--devices <file>',
      'CSV of device_id,secret,format,serial (default: meters are registered with the service on --data-dir)',
    )
    .option('--data-dir <folder>', 'folder of the service that runs on this machine', defaults.dataDirectory)
    .option('--backfill <hours>', 'past hours that the meters send first', '0')
    .option('--duplicates <share>', 'share of telegrams that are sent twice', '0')
    .option('--delay <duration>', 'the longest that a telegram is held back', '0ms')
    .option('--loss <share>', 'share of telegrams that the radio loses', '0')
    .option(
      '--outages <share>',
      'share of telegrams before which the link goes away; readings are sent afterwards',
      '0',
    )
    .option('--outage <duration>', 'the longest that the link stays away', '10s')
    .option('--clock <duration>', "the furthest that a meter's clock is off", '0ms')
    .option('--clones <share>', 'share of devices of which there is a second one with the same identity', '0')
    .option('--ledger <file>', 'append a line of JSON for each telegram, for naru check-ledger')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', '\nExit status: 0 all acknowledged, 1 some were not, 2 wrongly called.')
    .action(async (options: Options) => {
      const { clock } = defaults;
      const seed = numberBetween('--seed', options.seed, 0, 2 ** 31 - 1);
      if (options.format !== 'mix' && findFormat(options.format)?.encode === undefined) {
        throw new WrongUse(
          `--format: '${options.format.slice(0, 40)}' is not mix or one of ${encodedFormatNames.join(', ')}`,
        );
      }
      const format = options.format === 'mix' ? null : options.format;
      const count = options.meters === undefined ? null : numberBetween('--meters', options.meters, 1, mostMeters);
      const devices =
        options.devices === undefined
          ? await registerSimulatedDevices({
              ...{ seed, format, clock, dataDirectory: options.dataDir },
              count: count ?? metersByDefault,
            })
          : listedDevices(options.devices, { count, seed, format, now_ms: clock.now_ms() });
      const every_ms = durationOf('--every', options.every);
      const for_ms = durationOf('--for', options.for);
      const line = progressLine(io.stderr, () => clock.now_ms());
      // Not AbortSignal.any over AbortSignal.timeout: Node 20 lets both be collected as garbage, and then nothing ends.
      const ending = new AbortController();
      defaults.signal.addEventListener('abort', () => ending.abort(), { once: true });
      const timer = setTimeout(() => ending.abort(), for_ms);
      const summary = await runFleet({
        url: brokerUrl(options.url),
        devices,
        clock,
        seed,
        pause_ms: { least: every_ms * 0.8, most: every_ms * 1.2 },
        signal: ending.signal,
        backfill_h: numberBetween('--backfill', options.backfill, 0, 8_784),
        firstStart: false,
        faults: faultsIn(options),
        ...(options.ledger === undefined ? {} : { ledgerPath: options.ledger }),
        onProgress: (progress) => line.show(`sent ${progress.sent}, acknowledged ${progress.acknowledged}`),
      });
      clearTimeout(timer);
      line.clear();
      io.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : inWords(summary));
      if (summary.sent === 0 || summary.acknowledged < summary.sent) io.setExitCode(1);
    });
}

function faultsIn(options: Options): RadioFaults {
  const share = (name: 'loss' | 'duplicates' | 'outages' | 'clones') =>
    numberBetween(`--${name}`, options[name], 0, 1, false);
  return {
    loss: share('loss'),
    duplicates: share('duplicates'),
    delay_ms: durationOf('--delay', options.delay),
    outages: share('outages'),
    outage_ms: durationOf('--outage', options.outage),
    clock_ms: durationOf('--clock', options.clock),
    clones: share('clones'),
  };
}

const metersByDefault = 20;
const mostMeters = 100_000;

function listedDevices(
  path: string,
  wanted: { count: number | null; seed: number; format: string | null; now_ms: number },
): FleetDevice[] {
  const { count, format } = wanted;
  const listed = devicesIn(path, wanted);
  if (count !== null && count > listed.length) {
    throw new WrongUse(`--meters: ${count}, but ${path} lists ${listed.length} devices`);
  }
  return listed.slice(0, count ?? listed.length).map((device) => (format === null ? device : { ...device, format }));
}

function inWords(summary: FleetSummary): string {
  const { latency } = summary;
  const refusals = Object.entries(summary.refusals).map(([reason, times]) => `  ${times} × ${reason}`);
  return [
    `${summary.devices} meters${summary.cloned > 0 ? ` and ${summary.cloned} clones` : ''}, ${(summary.duration_ms / 1000).toFixed(1)} s`,
    `sent          ${summary.sent}`,
    `acknowledged  ${summary.acknowledged} (${summary.readings_acknowledged} readings)`,
    `latency       p50 ${latency.p50_ms ?? '-'} ms, p95 ${latency.p95_ms ?? '-'} ms, p99 ${latency.p99_ms ?? '-'} ms`,
    ...(refusals.length === 0 ? [] : ['connection errors', ...refusals]),
    '',
  ].join('\n');
}

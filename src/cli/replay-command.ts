// naru replay: recorded registers, sent to a broker as if their meters stood here.
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { senmlJson } from '../../devices/senml-json.ts';
import { openRecordedRegisters } from '../../simulators/recorded-registers.ts';
import { replay } from '../../simulators/replay.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { brokerUrl, devicesIn, numberBetween } from './fleet-options.ts';
import { progressLine } from './progress-line.ts';
import type { FleetDefaults } from './simulate-command.ts';
import { registerSimulatedDevices } from './simulated-devices.ts';

interface Options {
  url: string;
  devices?: string;
  dataDir: string;
  timeZone?: string;
  speed?: string;
  perTelegram: string;
  json?: boolean;
}

/** Meters registered for a record when no list is given: what is left over of a larger record is counted and said. */
const REPLAYED_METERS = 500;
const REPLAY_SEED = 99;

export function replayCommand(io: CommandIo, defaults: FleetDefaults): Command {
  return new Command('replay')
    .description('Send recorded registers to a broker over MQTT, as SenML')
    .argument('<file>', 'CSV of meter,local_time,register_l, plain or .gz')
    .option('--url <url>', 'the broker', defaults.url)
    .option(
      '--devices <file>',
      'CSV of device_id,secret,format,serial; meters take them in order (default: meters are registered with the service on --data-dir)',
    )
    .option('--data-dir <folder>', 'folder of the service that runs on this machine', defaults.dataDirectory)
    .option('--time-zone <zone>', 'of the local times, as in Asia/Seoul (default: what the header names)')
    .option('--speed <factor>', 'so many times as fast as it was (default: as fast as it is acknowledged)')
    .option('--per-telegram <n>', 'registers of a meter in one telegram', '1')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', '\nExit status: 0 all acknowledged, 1 some were not, 2 wrongly called.')
    .action(async (path: string, options: Options) => {
      if (!existsSync(path)) throw new WrongUse(`replay: ${path} is not there`);
      const { clock } = defaults;
      const url = brokerUrl(options.url);
      const speed = options.speed === undefined ? null : numberBetween('--speed', options.speed, 0.001, 1e9, false);
      const perTelegram = numberBetween('--per-telegram', options.perTelegram, 1, 168);
      const file = await openRecordedRegisters(path, options.timeZone ?? null);
      const devices =
        options.devices === undefined
          ? await registerSimulatedDevices({
              ...{ seed: REPLAY_SEED, clock, count: REPLAYED_METERS, dataDirectory: options.dataDir },
              format: senmlJson.name,
            })
          : devicesIn(options.devices, { seed: 1, now_ms: clock.now_ms() });
      const line = progressLine(io.stderr, () => clock.now_ms());
      const summary = await replay({
        url,
        devices,
        rows: file.rows,
        clock,
        speed,
        perTelegram,
        signal: defaults.signal,
        onProgress: (progress) => line.show(`sent ${progress.sent}, acknowledged ${progress.acknowledged}`),
      });
      line.clear();
      const all = { ...summary, lines_skipped: file.skipped() };
      if (options.json === true) io.stdout.write(`${JSON.stringify(all)}\n`);
      else {
        const { latency } = all;
        io.stdout.write(
          [
            `${all.meters} meters, ${all.registers} registers, ${(all.duration_ms / 1000).toFixed(1)} s`,
            `sent          ${all.sent}`,
            `acknowledged  ${all.acknowledged}`,
            `latency       p50 ${latency.p50_ms ?? '-'} ms, p95 ${latency.p95_ms ?? '-'} ms, p99 ${latency.p99_ms ?? '-'} ms`,
            `passed over   ${all.lines_skipped} lines, ${all.meters_without_device} meters for which no device was left`,
            '',
          ].join('\n'),
        );
      }
      if (all.sent === 0 || all.acknowledged < all.sent) io.setExitCode(1);
    });
}

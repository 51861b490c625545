// naru start: the service, in the production shape or as a demonstration that brings everything along.
import { Command } from 'commander';
import { readSettings, settingDescriptions } from '../config.ts';

/** Options a person types, each with the environment variable it stands for. */
const options = [
  ['--roles <list>', 'NARU_ROLES', 'which of api, broker, worker to run'],
  ['--data-dir <folder>', 'NARU_DATA_DIR', 'folder for keys and embedded data'],
  ['--host <address>', 'HOST', 'address to listen on'],
  ['--http-port <port>', 'HTTP_PORT', 'port of pages and API'],
  ['--wallet-port <port>', 'WALLET_PORT', "port of the wallet's own origin"],
  ['--mqtt-port <port>', 'MQTT_PORT', 'port of MQTT'],
  ['--mqtt-ws-port <port>', 'MQTT_WS_PORT', 'port of MQTT over WebSocket'],
  ['--meters <count>', 'NARU_DEMO_METERS', 'meters of the demonstration fleet'],
] as const;

export function startCommand(): Command {
  const command = new Command('start')
    .description('run the service: with its own database, chain and fleet (--demo), or on yours')
    .option('--demo', 'bring an own database, chain and a demonstration fleet; not for production (NARU_DEMO)');
  for (const [flags, variable, what] of options) command.option(flags, `${what} (${variable})`);
  return command
    .addHelpText(
      'after',
      `\nEnvironment variables:\n${settingDescriptions.map(([name, what]) => `  ${name}\n      ${what}`).join('\n')}`,
    )
    .action(async (given: Record<string, string | boolean | undefined>) => {
      const overrides: Record<string, string | undefined> = { NARU_DEMO: given.demo === true ? 'true' : undefined };
      for (const [flags, variable] of options) overrides[variable] = given[camelCase(flags)] as string | undefined;
      const settings = readSettings(overrides);
      const { runStart } = await import('./run-start.ts');
      await runStart(settings);
    });
}

function camelCase(flags: string): string {
  const name = flags.split(' ')[0] ?? '';
  return name.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

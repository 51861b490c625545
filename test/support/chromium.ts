// Finds the system's Chromium for browser tests, installs it where that is allowed, and says loudly when there is none.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const installCommand = 'apt-get update && apt-get install -y chromium fonts-noto-cjk';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const install_ms = 300_000;

/** No sandbox: tests may run as root. The rest keeps the browser from speaking to anybody but the pages under test. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function find(): string | null {
  return places.find((place) => existsSync(place)) ?? null;
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Path of a Chromium, or `null` after saying loudly that browser tests are skipped and how to get one. As root on a
 * system with apt-get it is installed. Where `CI` is set its absence is an error: nothing may pass unseen there.
 */
export function findChromium(): string | null {
  const found = find();
  if (found !== null) return found;
  if (mayInstall()) {
    console.warn(`Chromium is not here; running: ${installCommand}`);
    try {
      execFileSync('sh', ['-c', installCommand], {
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: install_ms,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch {
      console.warn('Chromium could not be installed.');
    }
  }
  const installed = find();
  if (installed !== null) return installed;
  const message = `BROWSER TESTS SKIPPED: no Chromium. Install it: ${installCommand}`;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(message);
  console.warn(`\n*** ${message} ***\n`);
  return null;
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  return await chromium.launch({ executablePath, args: quiet });
}

// Starts the transit engine that tests have, in its own process, and stops it with them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TOKEN = 's.token-of-the-issuer-in-tests';

export interface TransitServer {
  url: string;
  tokenFile: string;
  /** Which keys signed since the last time it was asked: name of each, in order. */
  signed(): Promise<string[]>;
  /** As an operator does: a new version of the key. */
  rotate(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startTransitServer(): Promise<TransitServer> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-transit-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const program = fileURLToPath(new URL('./transit-server.mjs', import.meta.url));
  // It ends with its standard input, and so with this process too.
  const child = spawn(process.execPath, [program, TOKEN], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const [port] = await new Promise<string[]>((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => resolve([line]));
    child.once('exit', () => reject(new Error('the transit engine of the tests did not start')));
  });
  const url = `http://127.0.0.1:${port}/v1/transit`;
  return {
    ...{ url, tokenFile },
    signed: async () => (await (await fetch(`http://127.0.0.1:${port}/signed`)).json()) as string[],
    rotate: async (name) => {
      await fetch(`${url}/keys/${name}/rotate`, { method: 'POST', headers: { 'x-vault-token': TOKEN } });
    },
    stop: async () => {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

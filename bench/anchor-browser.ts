// Proofs checked a second in Chromium, by the very file that pages use.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { packageRoot } from '../src/platform/package-root.ts';
import type { SampleProof } from './anchor-map.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @returns `null` where there is no Chromium */
export async function measureInBrowser(sample: {
  root: string;
  proofs: readonly SampleProof[];
}): Promise<number | null> {
  const executablePath = places.find((place) => existsSync(place));
  if (executablePath === undefined) return null;
  const script = await bundle();
  const server = createServer((request, response) => {
    response.setHeader('content-type', request.url === '/proofs.js' ? 'text/javascript' : 'text/html');
    response.end(request.url === '/proofs.js' ? script : '<!doctype html><title>proofs</title>');
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.addScriptTag({
      type: 'module',
      content: "import { verifyProof } from '/proofs.js'; globalThis.verifyProof = verifyProof;",
    });
    await page.waitForFunction('globalThis.verifyProof !== undefined');
    return await page.evaluate(({ root, proofs }) => {
      const { verifyProof } = globalThis as unknown as {
        verifyProof(root: Uint8Array, key: Uint8Array, value: Uint8Array, proof: Uint8Array): boolean;
      };
      const bytes = (hex: string) =>
        Uint8Array.from(hex.slice(2).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
      const statements = proofs.map(({ key, value, proof }) => [bytes(key), bytes(value), bytes(proof)] as const);
      const rootBytes = bytes(root);
      const check = () => statements.every(([key, value, proof]) => verifyProof(rootBytes, key, value, proof) === true);
      if (!check()) throw new Error('a proof does not verify in the browser');
      const began = performance.now();
      check();
      return (statements.length / (performance.now() - began)) * 1_000;
    }, sample);
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: packageRoot,
    build: {
      write: false,
      lib: { entry: join(packageRoot, 'src/anchoring/proofs.ts'), formats: ['es'], fileName: 'proofs' },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !('output' in output)) throw new Error('the proofs were not bundled');
  return output.output[0].code;
}

// Builds and serves the pages for browser tests: the site, the wallet, and the wallet over a stand-in core.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { type StaticPages, serveStaticPages } from './static-pages.ts';

const standIn = fileURLToPath(new URL('./stand-in-wallet.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Never listened on: every call there is answered by browser routing. */
const serviceUrl = 'http://localhost:8080';

export interface BuiltPages {
  site: StaticPages;
  /** The wallet as it ships. */
  wallet: StaticPages;
  /** The wallet's pages over `stand-in-wallet.ts`. */
  walletPages: StaticPages;
  stop(): Promise<void>;
}

function overStandIn(): Plugin {
  return {
    name: 'test:stand-in-wallet',
    enforce: 'pre',
    resolveId: (source) => (source.endsWith('/core/create-wallet.ts') ? standIn : null),
  };
}

async function buildInto(outDir: string, config: string, plugins: Plugin[] = []): Promise<string> {
  await build({ configFile: join(root, config), logLevel: 'error', plugins, build: { outDir, emptyOutDir: true } });
  return outDir;
}

/** The site and the wallet as they ship, in folders of their own; call `remove` at the end. */
export async function buildPageFolders(): Promise<{ site: string; wallet: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-pages-'));
  return {
    site: await buildInto(join(folder, 'site'), 'vite.config.ts'),
    wallet: await buildInto(join(folder, 'wallet'), 'vite.wallet.config.ts'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function buildPages(): Promise<BuiltPages> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-pages-'));
  const built = (config: string, name: string, plugins: Plugin[] = []): Promise<string> =>
    buildInto(join(folder, name), config, plugins);
  const config = { '/config.json': JSON.stringify({ service_url: serviceUrl }) };
  const site = await serveStaticPages(await built('vite.config.ts', 'site'));
  const wallet = await serveStaticPages(await built('vite.wallet.config.ts', 'wallet'), [serviceUrl], config);
  const pages = await built('vite.wallet.config.ts', 'wallet-pages', [overStandIn()]);
  const walletPages = await serveStaticPages(pages, [serviceUrl], config);
  return {
    site,
    wallet,
    walletPages,
    stop: async () => {
      await Promise.all([site.stop(), wallet.stop(), walletPages.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

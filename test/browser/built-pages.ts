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

export async function buildPages(): Promise<BuiltPages> {
  const folder = mkdtempSync(join(tmpdir(), 'naru-pages-'));
  const built = async (config: string, name: string, plugins: Plugin[] = []): Promise<string> => {
    const outDir = join(folder, name);
    await build({ configFile: join(root, config), logLevel: 'error', plugins, build: { outDir, emptyOutDir: true } });
    return outDir;
  };
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

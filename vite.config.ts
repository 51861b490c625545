// Builds the service's pages: the citizen portal at `/` and the utility's console at `/utility/`, into dist/pages/site.
import { resolve } from 'node:path';
import preact from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';

const web = resolve(import.meta.dirname, 'web');

/** The portal's page is the site's front page: its file moves from `portal/index.html` to `index.html`. */
function portalAtTheRoot(): Plugin {
  return {
    name: 'naru:portal-at-the-root',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const page = bundle['portal/index.html'];
      if (page === undefined) this.error('portal/index.html was not built');
      page.fileName = 'index.html';
    },
  };
}

export default defineConfig({
  root: web,
  publicDir: resolve(web, 'shared/public'),
  plugins: [preact({ devToolsEnabled: false }), portalAtTheRoot()],
  build: {
    outDir: resolve(import.meta.dirname, 'dist/pages/site'),
    emptyOutDir: true,
    target: 'es2022',
    rollupOptions: {
      input: { portal: resolve(web, 'portal/index.html'), utility: resolve(web, 'utility/index.html') },
    },
  },
});

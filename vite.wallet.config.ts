// Builds the wallet, a PWA on an origin of its own, into dist/pages/wallet; its service worker lets it open offline.
import { resolve } from 'node:path';
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

const wallet = resolve(import.meta.dirname, 'web/wallet');

export default defineConfig({
  root: wallet,
  publicDir: resolve(wallet, 'public'),
  plugins: [
    preact({ devToolsEnabled: false }),
    VitePWA({
      registerType: 'autoUpdate',
      injectRegister: false,
      manifest: {
        id: '/',
        name: '나루 지갑 · Naru wallet',
        short_name: '나루 지갑',
        description: '내 증명서를 내 기기에 보관하고, 필요한 것만 보여 줍니다.',
        lang: 'ko',
        dir: 'ltr',
        start_url: '/',
        scope: '/',
        display: 'standalone',
        background_color: '#f4f6f5',
        theme_color: '#0b4a5c',
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: '/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{html,js,css,svg,png,webmanifest}'],
        navigateFallback: '/index.html',
      },
    }),
  ],
  build: {
    outDir: resolve(import.meta.dirname, 'dist/pages/wallet'),
    emptyOutDir: true,
    target: 'es2022',
  },
});

// Draws the wallet's PNG icons from its SVG mark: `node scripts/draw-icons.mjs [path of a Chromium]`.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';

const folder = resolve(import.meta.dirname, '../web/wallet/public');
const mark = readFileSync(resolve(folder, 'icon.svg'), 'utf8');
const icons = [
  { name: 'icon-192.png', size_px: 192, inset: 0 },
  { name: 'icon-512.png', size_px: 512, inset: 0 },
  // A maskable icon may be cut to a circle: the mark keeps inside its safe zone, the colour fills the rest.
  { name: 'icon-maskable-512.png', size_px: 512, inset: 0.12 },
];

const browser = await chromium.launch({
  executablePath: process.argv[2] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const { name, size_px, inset } of icons) {
  const page = await browser.newPage({ viewport: { width: size_px, height: size_px } });
  const drawn_px = Math.round(size_px * (1 - 2 * inset));
  const background = inset > 0 ? '#0b4a5c' : 'transparent';
  await page.setContent(
    `<style>body{margin:0;display:grid;place-items:center;height:100vh;background:${background}}svg{width:${drawn_px}px;height:${drawn_px}px}</style>${mark}`,
  );
  await page.screenshot({ path: resolve(folder, name), omitBackground: true });
}
await browser.close();

// A wallet in a page of another origin, in a real browser: it can send a DPoP proof and read the nonce it is told.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findChromium, launchChromium } from '../../support/chromium.ts';
import { identityCity } from '../../support/identity-city.ts';

const { publicUrl } = await identityCity();
const executable = findChromium();

describe.skipIf(executable === null)('a page of another origin', () => {
  test('reads the nonce for its next proof from the refusal [RFC 9449 8, Fetch 3.3.5]', async () => {
    const browser = await launchChromium(executable ?? '');
    onTestFinished(() => browser.close());
    const page = await (await browser.newContext()).newPage();
    await page.goto(await otherOrigin());
    const told = await page.evaluate(async (service) => {
      const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key.publicKey);
      const part = (value: object) =>
        btoa(JSON.stringify(value)).replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_');
      const payload = { htm: 'POST', htu: `${service}/oauth/token`, iat: Math.floor(Date.now() / 1000), jti: 'one' };
      const signed = `${part({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })}.${part(payload)}`;
      const signature = await crypto.subtle.sign(
        { name: 'ECDSA', hash: 'SHA-256' },
        key.privateKey,
        new TextEncoder().encode(signed),
      );
      const last = btoa(String.fromCharCode(...new Uint8Array(signature)));
      const dpop = `${signed}.${last.replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_')}`;
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'none' });
      const answer = await fetch(`${service}/oauth/token`, { method: 'POST', headers: { dpop }, body });
      return { error: (await answer.json()).error, nonce: answer.headers.get('dpop-nonce') };
    }, publicUrl);
    expect(told).toEqual({ error: 'use_dpop_nonce', nonce: expect.stringMatching(/^[\w-]{43}$/) });
  });
});

async function otherOrigin(): Promise<string> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>wallet'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGuardedFetch, type GuardedFetchOptions } from '../../../src/platform/http/guarded-fetch.ts';

const folder = mkdtempSync(join(tmpdir(), 'naru-https-'));
const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
execFileSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:did.example.org'],
    ...['-keyout', keyFile, '-out', certificateFile],
  ],
  { stdio: 'ignore', timeout: 60_000 },
);
const ca = readFileSync(certificateFile, 'utf8');
let asked = 0;
const answers: Record<string, RequestListener> = {
  '/good': (_request, reply) => reply.setHeader('content-type', 'application/json; charset=utf-8').end('{"good":1}'),
  '/inside': (_request, reply) => reply.writeHead(302, { location: 'https://localhost/good' }).end(),
  '/html': (_request, reply) => reply.setHeader('content-type', 'text/html').end('secret'),
  '/large': (_request, reply) => reply.setHeader('content-type', 'application/json').end('x'.repeat(2_000)),
  '/slow': (_request, reply) => reply.setHeader('content-type', 'application/json').write('{'),
  '/broken': (_request, reply) => reply.writeHead(500).end('secret'),
};
const server = createServer({ key: readFileSync(keyFile), cert: ca }, (request, reply) => {
  asked += 1;
  const answer = answers[request.url ?? ''];
  if (answer) answer(request, reply);
  else reply.writeHead(404).end();
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, 'localhost', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function fetching(path: string, options: Partial<GuardedFetchOptions> = {}, host = 'localhost') {
  const limits = { timeout_ms: 400, body_bytes: 1_000 };
  const guarded = createGuardedFetch({ hosts: ['localhost'], ca, limits, ...options });
  return guarded(`https://${host}:${port}${path}`, ['application/json']);
}

test('fetches from a host on the list, and tells an absent document from a failure', async () => {
  expect(await fetching('/good')).toBe('{"good":1}');
  expect(await fetching('/absent')).toBeNull();
});

test.each([
  ['a redirect', '/inside', 'FETCH_NOT_ALLOWED', /redirect/],
  ['another media type', '/html', 'FETCH_FAILED', /media type/],
  ['an answer that is too long', '/large', 'FETCH_FAILED', /1000 bytes/],
  ['an answer that never ends', '/slow', 'FETCH_FAILED', /400 ms/],
  ['a failure', '/broken', 'FETCH_FAILED', /status 500/],
])('refuses %s, without repeating what was answered', async (_what, path, code, message) => {
  const refusal = await fetching(path).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code, detail: expect.stringMatching(message) });
  expect(String(refusal)).not.toContain('secret');
});

test('asks nobody who is not on the list, and nobody by number', async () => {
  const before = asked;
  await expect(fetching('/good', { hosts: [] })).rejects.toMatchObject({ code: 'FETCH_NOT_ALLOWED' });
  await expect(fetching('/good', { hosts: ['*.localhost'] })).rejects.toMatchObject({ code: 'FETCH_NOT_ALLOWED' });
  for (const host of ['127.0.0.1', '[::1]', '2130706433']) {
    await expect(fetching('/good', { hosts: ['127.0.0.1', '[::1]'] }, host)).rejects.toMatchObject({
      code: 'FETCH_NOT_ALLOWED',
    });
  }
  expect(asked).toBe(before);
});

test('refuses plain http and credentials in the address', async () => {
  const guarded = createGuardedFetch({ hosts: ['localhost'], ca });
  for (const address of [`http://localhost:${port}/good`, `https://name:word@localhost:${port}/good`]) {
    await expect(guarded(address, ['application/json'])).rejects.toMatchObject({ code: 'FETCH_NOT_ALLOWED' });
  }
});

test('refuses a certificate that nobody it trusts has signed', async () => {
  const guarded = createGuardedFetch({ hosts: ['localhost'] });
  await expect(guarded(`https://localhost:${port}/good`, ['application/json'])).rejects.toMatchObject({
    code: 'FETCH_FAILED',
  });
});

test.each([
  '127.0.0.1',
  '10.0.0.7',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '::1',
  'fe80::1',
  'fd00::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
])('refuses a listed name that points to %s', async (address) => {
  const before = asked;
  const lookup: GuardedFetchOptions['lookup'] = (_host, done) =>
    done(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
  await expect(fetching('/good', { hosts: ['*.example.org'], lookup }, 'did.example.org')).rejects.toMatchObject({
    code: 'FETCH_NOT_ALLOWED',
    detail: expect.stringMatching(/points to an address inside/),
  });
  expect(asked).toBe(before);
});

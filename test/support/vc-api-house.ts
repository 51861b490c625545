// The VC-API as a test suite of the W3C reaches it: over HTTPS, with nothing but its address and an issuer's id.
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { composeIdentity } from '../../src/compose-identity.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { createHttpServer } from '../../src/platform/http/http-server.ts';
import { operatorGuard } from '../../src/platform/http/operator-guard.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { selfSigned } from './certificates.ts';
import { waitingAnchor } from './identity-city.ts';
import { testDatabase } from './test-database.ts';

export interface Answer {
  status: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into, member by member
  body: any;
}

export const OPERATOR_TOKEN = 'operator-token-of-the-vc-api-in-tests';

/** Call at the top of a test file; everything is stopped at its end. @param lists whose status lists are fetched */
export async function vcApiService(lists: { hosts: string[]; ca?: string } = { hosts: [] }) {
  const { pool } = await testDatabase();
  const clock = { now_ms: () => Date.now() };
  const port = await freePort(0);
  const publicUrl = `https://localhost:${port}`;
  const dataDirectory = mkdtempSync(join(tmpdir(), 'naru-vc-api-'));
  const identity = await composeIdentity({
    ...{ pool, clock, random: systemRandom, publicUrl, dataDirectory, secret: 'the-key-of-the-nonces-in-tests' },
    keysPassphrase: 'the ferry lands at seven',
    requireOperator: operatorGuard(OPERATOR_TOKEN),
    anchorOf: (key) => waitingAnchor(pool, key),
    ...{ vcApiIsOpen: true, statusListHosts: lists.hosts },
    ...(lists.ca === undefined ? {} : { statusListAuthority: lists.ca }),
  });
  const { cert, key } = await selfSigned('localhost');
  const server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl, title: 'test', version: '0', routes: identity.routes },
    tls: { cert, key },
  });
  await server.listen({ host: '127.0.0.1', port });
  afterAll(async () => {
    await server.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asking = request(
        {
          ...{ method, host: '127.0.0.1', port, path: path.replace(publicUrl, ''), rejectUnauthorized: false },
          headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        },
        async (answer) => {
          const pieces: Buffer[] = [];
          for await (const piece of answer) pieces.push(piece as Buffer);
          const text = Buffer.concat(pieces).toString('utf8');
          const type = answer.headers['content-type'] ?? '';
          const isJson = text.startsWith('{') || text.startsWith('[');
          resolve({ status: answer.statusCode ?? 0, type, body: isJson ? JSON.parse(text) : text });
        },
      );
      asking.once('error', reject);
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  return {
    ...{ pool, publicUrl, issuer: identity.issuer, credentials: identity.credentials },
    get: (path: string, headers: Record<string, string> = {}) => ask('GET', path, undefined, headers),
    post: (path: string, body: unknown, headers: Record<string, string> = {}) => ask('POST', path, body, headers),
    issue: (credential: unknown, options: object = {}, headers: Record<string, string> = {}) =>
      ask('POST', '/vc-api/credentials/issue', { credential, options }, headers),
    verify: (verifiableCredential: unknown, options: object = {}) =>
      ask('POST', '/vc-api/credentials/verify', { verifiableCredential, options }),
    verifyPresentation: (verifiablePresentation: unknown, options: object = {}) =>
      ask('POST', '/vc-api/presentations/verify', { verifiablePresentation, options }),
  };
}

/** The failed steps of an answer, `step: REASON`, those of the credentials in a presentation after its own. */
export function failures({ body }: Answer): string[] {
  const traces = [body.trace ?? [], ...(body.credentialResults ?? []).map((one: { trace: object[] }) => one.trace)];
  return traces
    .flat()
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ step, reason }) => `${step}: ${reason}`);
}

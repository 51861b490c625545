// Another issuer's host, with status lists of its own, on this machine over TLS.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { testAuthority } from './certificates.ts';

export async function foreignListHost() {
  const authority = await testAuthority('lists');
  const { cert, key } = await authority.issue('localhost', { dns: ['localhost'] });
  const documents = new Map<string, { type: string; text: string }>();
  let asked = 0;
  const server = createServer({ cert, key }, (request, response) => {
    asked += 1;
    const document = documents.get(request.url ?? '');
    if (document === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': document.type }).end(document.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    ...{ origin, ca: authority.cert },
    asked: () => asked,
    /** @returns its address */
    serve: (path: string, document: unknown, type = 'application/vc'): string => {
      documents.set(path, { type, text: typeof document === 'string' ? document : JSON.stringify(document) });
      return origin + path;
    },
  };
}

/** `encodedList` of a list in which these bits are set, the left-most first. */
export function encodedList(set: readonly number[], length_bytes = 16_384): string {
  const bits = new Uint8Array(length_bytes);
  for (const index of set) bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
  return `u${gzipSync(bits).toString('base64url')}`;
}

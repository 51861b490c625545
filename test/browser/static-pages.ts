// Serves a folder of built pages on a free port, with the security headers that the service gives them.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

export interface StaticPages {
  url: string;
  stop(): Promise<void>;
}

/** @param connect further origins the pages may call. @param files contents that are not in the folder, by path. */
export async function serveStaticPages(
  folder: string,
  connect: readonly string[] = [],
  files: Record<string, string> = {},
): Promise<StaticPages> {
  const policy = [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...connect].join(' ')}`,
  ].join('; ');
  const server: Server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const made = files[path];
    const plain = join(folder, path);
    const file = existsSync(plain) && statSync(plain).isDirectory() ? join(plain, 'index.html') : plain;
    response.setHeader('content-security-policy', policy);
    response.setHeader('content-type', types[extname(made === undefined ? file : path)] ?? 'application/octet-stream');
    if (made !== undefined) response.end(made);
    else if (existsSync(file)) createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((stopped) => server.close(stopped));
    },
  };
}

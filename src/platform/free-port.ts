// Finds a TCP port that nobody listens on.
import { createServer } from 'node:net';

const TRIES = 50;

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first free port from `wanted` upwards, leaving out `taken`; `wanted` 0 lets the system choose. */
export async function freePort(
  wanted: number,
  host = '127.0.0.1',
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  if (wanted === 0) return anyFreePort(host);
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port += 1) {
    if (!taken.has(port) && (await canListen(port, host))) return port;
  }
  throw new Error(`no free TCP port from ${wanted} to ${wanted + TRIES - 1}`);
}

function anyFreePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

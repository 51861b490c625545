// Finds a TCP port that nobody listens on.
import { createServer } from 'node:net';

const TRIES = 50;
/** Below those that systems give to connections, and to who listens on port 0: from 32,768 on Linux, else from 49,152 (RFC 6335, 6). */
const unasked = { first: 20_000, count: 12_000, eachProcess: 61 } as const;
let given = 0;

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first free port from `wanted` upwards, leaving out `taken`; for `wanted` 0 one of those that nobody gets without asking. */
export async function freePort(
  wanted: number,
  host = '127.0.0.1',
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  if (wanted === 0) return anyFreePort(host, taken);
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port += 1) {
    if (!taken.has(port) && (await canListen(port, host))) return port;
  }
  throw new Error(`no free TCP port from ${wanted} to ${wanted + TRIES - 1}`);
}

/** Processes begin at different ones and none is given twice, so that it is still free when its user comes to listen. */
async function anyFreePort(host: string, taken: ReadonlySet<number>): Promise<number> {
  const { first, count, eachProcess } = unasked;
  for (let tries = 0; tries < count; tries += 1) {
    const port = first + ((process.pid * eachProcess + given) % count);
    given += 1;
    if (!taken.has(port) && (await canListen(port, host))) return port;
  }
  throw new Error(`no free TCP port from ${first} to ${first + count - 1}`);
}

// A TCP proxy of our own between two parts: what passes can be held, dropped or cut, and looked at.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Asked for every piece that passes: false keeps it from passing, for good; a number passes it that many ms later. */
export type Watch = (bytes: Buffer) => boolean | number;

/** PostgreSQL's simple query `COMMIT`, as clients of ours send it. */
export const isCommit = (bytes: Buffer): boolean => bytes.includes('COMMIT\0');

export interface Wire {
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
  /** From now on asked for what clients send, or, `null`, everything passes. */
  watchClients(watch: Watch | null): void;
  /** Holds what the server sends until `release`. */
  holdServer(): void;
  release(): void;
  /** Ends every connection and takes no new ones, until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
}

export async function openWire(targetPort: number): Promise<Wire> {
  const pairs = new Set<Pair>();
  let watch: Watch | null = null;
  let isHeld = false;
  let isCut = false;
  const destroy = (pair: Pair) => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };
  const listener = createServer((client) => {
    client.on('error', () => {});
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    server.on('error', () => destroy(pair));
    client.on('data', (bytes) => {
      const passes = watch === null || watch(bytes);
      if (passes === true) server.write(bytes);
      if (typeof passes !== 'number') return;
      client.pause();
      setTimeout(() => {
        server.write(bytes);
        client.resume();
      }, passes);
    });
    server.on('data', (bytes) => client.write(bytes));
    if (isHeld) server.pause();
    client.on('close', () => destroy(pair));
    server.on('close', () => destroy(pair));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    connections: () => pairs.size,
    watchClients(next) {
      watch = next;
    },
    holdServer() {
      isHeld = true;
      for (const { server } of pairs) server.pause();
    },
    release() {
      isHeld = false;
      for (const { server } of pairs) server.resume();
    },
    cut() {
      isCut = true;
      for (const pair of pairs) destroy(pair);
    },
    mend() {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        isCut = true;
        for (const pair of pairs) destroy(pair);
        listener.close(() => resolve());
      }),
  };
}

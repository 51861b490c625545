// Sockets that share the buffer they read into: each must still hear its own bytes, whole, in order, and for good.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { withSharedReads } from '../../../src/metering/intake/shared-reads-broker.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server whose connections are handed to `take`, and how to connect to it. */
async function listen(take: (socket: Socket, accepted: Socket) => void): Promise<() => Promise<Socket>> {
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    const socket = withSharedReads(accepted);
    sockets.push(socket);
    take(socket, accepted);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return async () => {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(client);
    await once(client, 'connect');
    return client;
  };
}

test('takes over every accepted connection, so that none reads into buffers of its own', async () => {
  const taken: boolean[] = [];
  const dial = await listen((socket, accepted) => {
    taken.push(socket !== accepted && accepted.destroyed && socket.remoteAddress === '127.0.0.1');
  });
  await dial();
  await expect.poll(() => taken).toEqual([true]);
});

test('keeps what came on one connection apart from what comes on others and later', async () => {
  const heard = new Map<number, Buffer[]>();
  const dial = await listen((socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      heard.set(chunk[0] as number, chunks);
    });
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => dial()));
  // Small and large, so that blocks of copies end in the middle of a round.
  const rounds = [1, 100, 5_000, 40_000, 70_000, 3, 200_000];
  for (const bytes of rounds) for (const [n, client] of clients.entries()) client.write(Buffer.alloc(bytes, n + 1));
  const total = rounds.reduce((sum, bytes) => sum + bytes, 0);
  const lengthOf = (n: number) => Buffer.concat(heard.get(n) ?? []).length;
  await expect
    .poll(() => clients.map((_, n) => lengthOf(n + 1)), { timeout: 60_000 })
    .toEqual(clients.map(() => total));
  for (const n of clients.keys()) {
    expect(Buffer.concat(heard.get(n + 1) ?? []).equals(Buffer.alloc(total, n + 1)), `connection ${n}`).toBe(true);
  }
});

test('reads nothing while it is paused, and all of it afterwards', async () => {
  let heard_bytes = 0;
  const accepted: Socket[] = [];
  const dial = await listen((socket) => {
    accepted.push(socket);
    socket.on('data', (chunk: Buffer) => {
      heard_bytes += chunk.length;
      socket.pause();
    });
  });
  const client = await dial();
  client.write(Buffer.alloc(10));
  await expect.poll(() => heard_bytes).toBe(10);
  client.write(Buffer.alloc(500));
  const other = await dial();
  other.write(Buffer.alloc(7));
  // The other one's bytes came later and were heard: those of the paused one were not read.
  await expect.poll(() => heard_bytes).toBe(17);
  accepted[0]?.resume();
  await expect.poll(() => heard_bytes).toBe(517);
});

test('ends with its client, and is counted out of its server', async () => {
  const told: string[] = [];
  const dial = await listen((socket) => {
    socket.resume();
    socket.on('end', () => told.push('end'));
    socket.on('close', () => told.push('close'));
    socket.write('hello');
  });
  const client = await dial();
  const [greeting] = await once(client, 'data');
  expect(String(greeting)).toBe('hello');
  client.end();
  await expect.poll(() => told).toEqual(['end', 'close']);
  const [server] = servers.splice(0) as [Server];
  const closed = once(server, 'close');
  server.close();
  await closed;
});

// A JSON-RPC proxy on loopback that a test can cut, mend, and let lie.
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One call as it passed, with what the caller was answered; `null` where it was cut off. */
export interface PassedCall {
  method: string;
  params: unknown[];
  answer: RpcAnswer | null;
}

export interface RpcAnswer {
  result?: unknown;
  error?: { code: number; message: string };
}

/**
 * What to answer instead of the node.
 *
 * @param ask asks the node itself, with these or other parameters
 */
export type Rewrite = (params: unknown[], ask: (params?: unknown[]) => Promise<RpcAnswer>) => Promise<RpcAnswer>;

export interface RpcProxy {
  readonly url: string;
  /** What passed since the start, or since `forget`. */
  readonly passed: readonly PassedCall[];
  forget(): void;
  /** From now on every connection is dropped without an answer, those that wait for one too. */
  cut(): void;
  mend(): void;
  /** Answers `method` by `rewrite`; without one, by the node again. */
  rewrite(method: string, rewrite?: Rewrite): void;
  close(): Promise<void>;
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  const rewrites = new Map<string, Rewrite>();
  const sockets = new Set<Socket>();
  const passed: PassedCall[] = [];
  let isCut = false;

  async function ask(method: string, params: unknown[]): Promise<RpcAnswer> {
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(10_000),
    });
    const { result, error } = (await response.json()) as RpcAnswer;
    return error === undefined ? { result } : { error };
  }

  async function answer(body: string): Promise<string> {
    const { id, method, params = [] } = JSON.parse(body) as { id: unknown; method: string; params?: unknown[] };
    const call: PassedCall = { method, params, answer: null };
    passed.push(call);
    const rewrite = rewrites.get(method);
    const given = rewrite ? await rewrite(params, (others = params) => ask(method, others)) : await ask(method, params);
    if (!isCut) call.answer = given;
    return JSON.stringify({ jsonrpc: '2.0', id, ...given });
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      answer(Buffer.concat(parts).toString('utf8')).then(
        (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
        () => request.socket.destroy(),
      );
    });
  });
  server.on('connection', (socket) => {
    if (isCut) socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listen(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    forget: () => {
      passed.length = 0;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    rewrite(method, rewrite) {
      if (rewrite === undefined) rewrites.delete(method);
      else rewrites.set(method, rewrite);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

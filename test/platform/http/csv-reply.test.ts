// Tables over HTTP: as fast as they are read, ended where the reader leaves, and only for who asks for them.
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { csvLine } from '../../../src/platform/csv-writing.ts';
import { sendCsv, wantsCsv } from '../../../src/platform/http/csv-reply.ts';
import { createHttpServer } from '../../../src/platform/http/http-server.ts';
import { createLogger } from '../../../src/platform/logger.ts';

test.each([
  ['text/csv', true],
  ['text/csv; charset=utf-8', true],
  ['text/csv, application/json;q=0.5', true],
  ['application/json, text/csv;q=0.9', false],
  ['text/csv;q=0', false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', false],
  [undefined, false],
])('takes Accept: %s for CSV: %s [RFC 9110 12.5.1]', (accept, expected) => {
  expect(wantsCsv(accept)).toBe(expected);
});

test('writes numbers and what is not known as they are, and defuses what a spreadsheet would work out', () => {
  expect(csvLine([1, null, -2, '-2', '=A1', '＝A1', 'a,"b"'])).toBe(`1,,-2,'-2,'=A1,'＝A1,"a,""b"""\r\n`);
});

test('reads a table no further than its reader, and ends it where the reader leaves', async () => {
  let pieces = 0;
  let ended: () => void = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  // Without an end: whoever gathered it first would never answer.
  async function* endless() {
    try {
      for (;;) {
        pieces += 1;
        yield csvLine(Array(1_000).fill(pieces));
      }
    } finally {
      ended();
    }
  }
  const server = await createHttpServer({
    ...{ logger: createLogger('silent'), publicUrl: 'http://localhost', title: 'test', version: '0' },
    routes: [
      async (app) => void app.get('/endless.csv', (_request, reply) => sendCsv(reply, 'endless.csv', endless())),
    ],
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = server.server.address() as AddressInfo;
    await new Promise<void>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: '/endless.csv' }, (answer) => {
        answer.once('data', (data: Buffer) => {
          expect(data.toString().startsWith('1,1,1')).toBe(true);
          asked.destroy();
          resolve();
        });
      });
      asked.once('error', reject);
      asked.end();
    });
    await end;
    expect(pieces).toBeGreaterThan(0);
  } finally {
    await server.close();
  }
});

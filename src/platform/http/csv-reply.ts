// Tables as CSV and other long files over HTTP: written as far as the reader reads, and kept nowhere on their way.
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** A spreadsheet takes UTF-8 for what the machine's language was once written in, unless the file begins with it. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * @param lines pieces of a file; the next is asked for when the one before has been taken by the socket
 * @param forPeople with a byte order mark: Korean spreadsheets read the file as CP949 without; programs are better off without
 */
export function sendCsv(
  reply: FastifyReply,
  name: string,
  lines: AsyncIterable<string>,
  forPeople = false,
): FastifyReply {
  return sendPieces(reply, { type: 'text/csv; charset=utf-8', name }, forPeople ? marked(lines) : lines);
}

/** A file that is kept nowhere on its way, neither here nor by whoever passes it on. */
export function sendPieces(
  reply: FastifyReply,
  file: { type: string; name: string },
  pieces: AsyncIterable<string>,
): FastifyReply {
  return reply
    .type(file.type)
    .header('content-disposition', `attachment; filename="${file.name}"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(pieces, { highWaterMark: 1 }));
}

async function* marked(lines: AsyncIterable<string>): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK;
  yield* lines;
}

/** Whether CSV is named and nothing else is wanted more. Source: RFC 9110, 12.5.1 */
export function wantsCsv(accept: string | undefined): boolean {
  let csv = 0;
  let other = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const weight = given === undefined ? 1 : Number(given);
    if (type === 'text/csv') csv = Math.max(csv, weight);
    else if (type === 'application/json' || type === 'application/*') other = Math.max(other, weight);
  }
  return csv > 0 && csv >= other;
}

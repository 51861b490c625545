// naru decode: what a telegram says, as JSON; one from the command line, or any number of lines from standard input.
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { findFormat, formatNames } from '../../devices/formats.ts';
import { type DecodeResult, refused } from '../../devices/payload-format.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { type PrintedUplink, printedUplink } from './decoded-output.ts';

/** A payload is at most a MQTT packet of ours; as hex, with its field names, this holds it twice over. */
const longestLine_bytes = 262_144;

export function decodeCommand(io: CommandIo): Command {
  return new Command('decode')
    .description('Decode a telegram and print what it says as JSON')
    .argument('[hex...]', 'the payload in hex; spaces are allowed')
    .option('--format <name>', `one of ${formatNames.join(', ')}`)
    .option('--key <hex>', "the meter's AES key, 32 hex digits (of a DES key 16)")
    .option('--jsonl', 'read lines of {"format","payload_hex","key"} from standard input and write a line for each')
    .addHelpText('after', '\nExit status: 0 decoded, 1 refused (the problem is printed), 2 wrongly called.')
    .action(async (hex: string[], options: { format?: string; key?: string; jsonl?: boolean }) => {
      if (options.jsonl === true) {
        if (hex.length > 0 || options.format !== undefined || options.key !== undefined) {
          throw new WrongUse('decode --jsonl takes format, payload and key from the lines, not from the command line');
        }
        await decodeLines(io);
        return;
      }
      decodeOne(io, hex.join(''), options.format, options.key);
    });
}

function decodeOne(io: CommandIo, hex: string, format: string | undefined, key: string | undefined): void {
  if (format === undefined) throw new WrongUse(`decode: no --format; write one of ${formatNames.join(', ')}`);
  if (findFormat(format) === undefined) {
    throw new WrongUse(`decode: no format '${format.slice(0, 40)}'; write one of ${formatNames.join(', ')}`);
  }
  const payload = bytesOf(hex);
  if (payload === null || payload.length === 0)
    throw new WrongUse('decode: the payload is not hex; write pairs of 0-9, a-f');
  const keyBytes = key === undefined ? undefined : bytesOf(key);
  if (keyBytes === null || (keyBytes !== undefined && !isKey(keyBytes))) {
    throw new WrongUse('decode: --key is not 32 hex digits, nor 16');
  }
  const result = decodeWith(format, payload, keyBytes);
  io.stdout.write(`${JSON.stringify(printed(result), null, 2)}\n`);
  if (!result.ok) io.setExitCode(1);
}

/** A line out for each line in, in order; a bad line gives a problem and the next one is read. */
async function decodeLines(io: CommandIo): Promise<void> {
  try {
    await pipeline(io.stdin, answers, io.stdout, { end: false });
  } catch (error) {
    // Whoever reads us has seen enough, as `head` does.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

/** One string of answers for each chunk that came, so that a full pipe holds up the reading. */
async function* answers(source: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let begun_bytes = 0;
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const out: string[] = [];
    let at = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, at)) {
      begun_bytes += end - at;
      if (begun_bytes <= longestLine_bytes) begun.push(bytes.subarray(at, end));
      out.push(answerTo(begun, begun_bytes));
      begun = [];
      begun_bytes = 0;
      at = end + 1;
    }
    begun_bytes += bytes.length - at;
    // The rest of a line that is too long is counted and not kept.
    if (begun_bytes <= longestLine_bytes) begun.push(bytes.subarray(at));
    else begun = [];
    if (out.length > 0) yield out.join('');
  }
  if (begun_bytes > 0) yield answerTo(begun, begun_bytes);
}

function answerTo(parts: readonly Buffer[], length_bytes: number): string {
  const result =
    length_bytes > longestLine_bytes
      ? refused('LINE_INVALID', `the line is longer than ${longestLine_bytes} bytes`)
      : decodeLine(Buffer.concat(parts).toString('utf8'));
  return `${JSON.stringify(printed(result))}\n`;
}

function decodeLine(line: string): DecodeResult {
  let asked: unknown;
  try {
    asked = JSON.parse(line);
  } catch {
    return refused('LINE_INVALID', 'the line is not JSON');
  }
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
    return refused('LINE_INVALID', 'the line is not an object; write {"format","payload_hex","key"}');
  }
  const { format, payload_hex, key } = asked as Record<string, unknown>;
  if (typeof format !== 'string' || findFormat(format) === undefined) {
    return refused('FORMAT_UNKNOWN', `format is not one of ${formatNames.join(', ')}`);
  }
  const payload = typeof payload_hex === 'string' ? bytesOf(payload_hex) : null;
  if (payload === null) return refused('PAYLOAD_HEX_INVALID', 'payload_hex is not pairs of hex digits');
  if (key === undefined || key === null || key === '') return decodeWith(format, payload, undefined);
  const keyBytes = typeof key === 'string' ? bytesOf(key) : null;
  if (keyBytes === null || !isKey(keyBytes)) return refused('KEY_INVALID', 'key is not 32 hex digits, nor 16');
  return decodeWith(format, payload, keyBytes);
}

/** Of AES, or of DES and of Diehl's scrambling. */
function isKey({ length }: Uint8Array): boolean {
  return length === 16 || length === 8;
}

function decodeWith(format: string, payload: Uint8Array, key: Uint8Array | undefined): DecodeResult {
  const found = findFormat(format);
  if (found === undefined) return refused('FORMAT_UNKNOWN', 'no such format');
  return found.decode(payload, key === undefined ? {} : { key });
}

/** What is printed is written out in decoded-output.ts, so that nothing else of a result can slip into it. */
function printed(result: DecodeResult): { problem: { code: string; detail: string } } | PrintedUplink {
  if (!result.ok) return { problem: { code: result.problem.code, detail: result.problem.detail } };
  return printedUplink(result.uplink);
}

/** Null when it is not whole pairs of hex digits; white space between them is read past. */
function bytesOf(hex: string): Uint8Array | null {
  const digits = hex.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return null;
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

// naru decode, run in this process: one telegram, streams of lines, and being called wrongly.
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type CommandIo, type ExitCode, runCommand } from '../../src/cli/command-io.ts';
import { decodeCommand } from '../../src/cli/decode-command.ts';
import { recordedJson } from '../support/recorded-data.ts';

const seoulFrame = '680F0F680801780F17501623001C13515122002316';
const key = '28f64a24988064a079aa2c807d6102ae';
const sealed = '2a442d2c998734761b168d2091d37cac21e1d68cdaffcd3dc452bd802913ff7b1706ca9e355d6c2701cc24';

async function run(argv: string[], stdin = Readable.from([] as Buffer[])) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let code: ExitCode | null = null;
  const io: CommandIo = {
    stdin,
    stdout,
    stderr,
    setExitCode: (next) => {
      code = next;
    },
  };
  const collected = Promise.all([text(stdout), text(stderr)]);
  const returned = await runCommand(decodeCommand(io), argv, io);
  stdout.end();
  stderr.end();
  const [out, err] = await collected;
  return { code: returned, told: code, out, err };
}

async function text(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

function lines(out: string): unknown[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const seoulAnswer = {
  meter_id: '23165017',
  model: 'Seoul digital meter V1.1, 15 mm',
  total_m3: 225.151,
  total_backward_m3: null,
  status: null,
  meter_datetime: null,
  flags: [],
  readings: [{ measured_at: null, register_l: 225_151 }],
  volumes: [],
  dates: [],
};

describe('naru decode of one telegram', () => {
  it('prints what it says and ends with 0', async () => {
    const { code, out } = await run(['--format', 'seoul-digital', seoulFrame]);
    expect(JSON.parse(out)).toEqual(seoulAnswer);
    expect(code).toBe(0);
  });

  it('takes the bytes with spaces, in one argument or in many', async () => {
    const spaced = seoulFrame.replace(/../g, '$& ').trim();
    expect(JSON.parse((await run(['--format', 'seoul-digital', spaced])).out)).toEqual(seoulAnswer);
    expect(JSON.parse((await run(['--format', 'seoul-digital', ...spaced.split(' ')])).out)).toEqual(seoulAnswer);
  });

  it('opens an encrypted telegram with --key', async () => {
    const { code, out } = await run(['--format', 'wmbus', '--key', key, sealed]);
    expect(JSON.parse(out)).toMatchObject({ meter_id: '76348799', readings: [{ register_l: 6_408 }] });
    expect(code).toBe(0);
  });

  it('takes the short key of a telegram that is encrypted with DES', async () => {
    const telegram = '1e468b050100000004077a01001002bbd1eafd0222f871cb70da16c78ae098';
    const { code, out } = await run(['--format', 'wmbus', '--key', '0102030405060708', telegram]);
    expect([JSON.parse(out).total_m3, code]).toEqual([1, 0]);
  });

  it('prints the problem of a telegram that it refuses and ends with 1', async () => {
    const { code, told, out } = await run(['--format', 'wmbus', sealed]);
    expect(JSON.parse(out)).toMatchObject({ problem: { code: 'ENCRYPTED_NO_KEY' } });
    expect([code, told]).toEqual([1, 1]);
  });

  it.each([
    { title: 'no format', argv: [seoulFrame] },
    { title: 'a format that is not there', argv: ['--format', 'seoul', seoulFrame] },
    { title: 'no payload', argv: ['--format', 'wmbus'] },
    { title: 'a payload that is no hex', argv: ['--format', 'wmbus', 'zz'] },
    { title: 'half a byte', argv: ['--format', 'wmbus', '123'] },
    { title: 'a short key', argv: ['--format', 'wmbus', '--key', '00', seoulFrame] },
    { title: 'an option that is not there', argv: ['--fromat', 'wmbus', seoulFrame] },
    { title: 'both kinds at once', argv: ['--jsonl', '--format', 'wmbus'] },
  ])('ends with 2 and one line of explanation for $title', async ({ argv }) => {
    const { code, out, err } = await run(argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err.trim().length).toBeGreaterThan(0);
  });

  it('explains itself and ends with 0 for --help', async () => {
    const { code, out } = await run(['--help']);
    expect(out).toContain('--jsonl');
    expect(code).toBe(0);
  });
});

describe('naru decode --jsonl', () => {
  it('answers each line in order, and goes on after bad ones', async () => {
    const asked = [
      JSON.stringify({ format: 'seoul-digital', payload_hex: seoulFrame }),
      'not JSON',
      '[]',
      '',
      JSON.stringify({ format: 'none', payload_hex: '00' }),
      JSON.stringify({ format: 'wmbus', payload_hex: 'xx' }),
      JSON.stringify({ format: 'wmbus', payload_hex: sealed, key: 'xx' }),
      JSON.stringify({ format: 'wmbus', payload_hex: sealed, key: null }),
      JSON.stringify({ format: 'wmbus', payload_hex: '', key }),
      JSON.stringify({ format: 'wmbus', payload_hex: sealed, key }),
    ];
    const { code, out } = await run(['--jsonl'], Readable.from([Buffer.from(asked.join('\n'))]));
    expect(lines(out)).toMatchObject([
      seoulAnswer,
      { problem: { code: 'LINE_INVALID' } },
      { problem: { code: 'LINE_INVALID' } },
      { problem: { code: 'LINE_INVALID' } },
      { problem: { code: 'FORMAT_UNKNOWN' } },
      { problem: { code: 'PAYLOAD_HEX_INVALID' } },
      { problem: { code: 'KEY_INVALID' } },
      { problem: { code: 'ENCRYPTED_NO_KEY' } },
      { problem: { code: 'FRAME_TOO_SHORT' } },
      { meter_id: '76348799' },
    ]);
    expect(code).toBe(0);
  });

  it('reads lines that come in pieces of one byte, with and without a last line feed', async () => {
    const line = JSON.stringify({ format: 'seoul-digital', payload_hex: seoulFrame, note: '나루' });
    const bytes = Buffer.from(`${line}\r\n${line}\n`);
    const { out } = await run(['--jsonl'], Readable.from([...bytes].map((byte) => Buffer.of(byte))));
    expect(lines(out)).toEqual([seoulAnswer, seoulAnswer]);
  });

  it('refuses a line without end and reads the next', async () => {
    const chunks = [...Array.from({ length: 40 }, () => Buffer.alloc(65_536, 0x20)), Buffer.from('\n{}\n')];
    const { out } = await run(['--jsonl'], Readable.from(chunks));
    expect(lines(out)).toMatchObject([{ problem: { code: 'LINE_INVALID' } }, { problem: { code: 'FORMAT_UNKNOWN' } }]);
  });

  it('stops reading while nobody takes its answers', async () => {
    let produced = 0;
    const line = `${JSON.stringify({ format: 'seoul-digital', payload_hex: seoulFrame })}\n`;
    const stdin = Readable.from(
      (function* () {
        for (; produced < 5_000; produced += 1) yield Buffer.from(line);
      })(),
    );
    const stdout = new PassThrough({ highWaterMark: 1024 });
    const io: CommandIo = { stdin, stdout, stderr: new PassThrough(), setExitCode: () => undefined };
    const done = runCommand(decodeCommand(io), ['--jsonl'], io);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(produced).toBeLessThan(1_000);
    const out = text(stdout);
    expect(await done).toBe(0);
    stdout.end();
    expect((await out).trimEnd().split('\n').length).toBe(5_000);
  });

  it('prints total, backward volume, state and dates under names that stay', async () => {
    // Made by us: Ultrimis W with 1,000 litres, 7 backwards, 900 kept on the last of February.
    const payload_hex = '284401067856341201167a010000000413e803000003fd1740000004933c070000004413840300 00426c5c32';
    const line = JSON.stringify({ format: 'wmbus', payload_hex: withLength(payload_hex) });
    const { out } = await run(['--jsonl'], Readable.from([Buffer.from(`${line}\n`)]));
    expect(lines(out)).toEqual([
      {
        meter_id: '12345678',
        model: 'Apator Ultrimis W (APA cold water, version 1)',
        total_m3: 1,
        total_backward_m3: 0.007,
        status: 'REVERSE',
        meter_datetime: null,
        flags: ['backflow'],
        readings: [
          { measured_at: null, register_l: 1_000, backward_l: 7 },
          { measured_at: '2026-02-28T23:59', register_l: 900, kind: 'historic' },
        ],
        volumes: [
          { volume_m3: 1, of: 'total', storage: 0, tariff: 0, subunit: 0, at: null },
          { volume_m3: 0.007, of: 'backward', storage: 0, tariff: 0, subunit: 0, at: null },
          { volume_m3: 0.9, of: 'total', storage: 1, tariff: 0, subunit: 0, at: '2026-02-28' },
        ],
        dates: [{ of: 'kept', at: '2026-02-28', storage: 1 }],
      },
    ]);
  });

  it('says where a meter does not trust its own clock, and OK where nothing is the matter', async () => {
    const invalidClock = withLength('004432387856341201077a010000000413e8030000046d802a4133');
    const { out } = await run(['--format', 'wmbus', invalidClock]);
    expect(JSON.parse(out)).toMatchObject({
      status: 'OK',
      meter_datetime: '2026-03-01T10:00',
      clock_valid: false,
      readings: [{ measured_at: null }],
    });
  });

  const recorded =
    recordedJson<
      { telegram: string; key: string | null; expect: { id: string; total_m3?: number; status?: string } }[]
    >('wmbus-water.json');

  it.skipIf(recorded === null)('gives a line for each of the 79 recorded telegrams, as recorded', async () => {
    const all = recorded ?? [];
    const asked = all.map(({ telegram, key: own }) =>
      JSON.stringify({ format: 'wmbus', payload_hex: telegram, key: own }),
    );
    const { out } = await run(['--jsonl'], Readable.from([Buffer.from(`${asked.join('\n')}\n`)]));
    const answers = lines(out) as { meter_id: string; total_m3: number | null; status: string | null }[];
    expect(answers.map(({ meter_id }) => meter_id)).toEqual(all.map(({ expect: { id } }) => id));
    expect(answers.map(({ total_m3 }) => total_m3?.toFixed(6) ?? null)).toEqual(
      all.map(({ expect: { total_m3 } }) => total_m3?.toFixed(6) ?? null),
    );
    const told = all.map(({ expect: { status } }, index) =>
      status === undefined ? undefined : answers[index]?.status,
    );
    expect(told).toEqual(all.map(({ expect: { status } }) => status));
  });
});

/** The telegram with its L field set to what it is long. */
function withLength(hex: string): string {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  bytes[0] = bytes.length - 1;
  return bytes.toString('hex');
}

// naru trust on the service's database: adds, lists and ends, and says what was wrong with a call.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test, vi } from 'vitest';
import { type CommandIo, runCommand } from '../../src/cli/command-io.ts';
import { trustCommand } from '../../src/cli/trust-command.ts';
import { testAuthority } from '../support/certificates.ts';
import { testDatabase } from '../support/test-database.ts';

const { url, pool } = await testDatabase();
vi.stubEnv('DATABASE_URL', url);
const folder = mkdtempSync(join(tmpdir(), 'naru-trust-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...argv: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io: CommandIo = { stdin: Readable.from([]), stdout, stderr, setExitCode: () => undefined };
  const collected = Promise.all([text(stdout), text(stderr)]);
  const code = await runCommand(trustCommand(io, { now_ms: () => Date.UTC(2026, 0, 15) }), argv, io);
  stdout.end();
  stderr.end();
  const [out, err] = await collected;
  return { code, out, err };
}

test('trusts a DID and a root certificate, lists both, ends one, and keeps who did it', async () => {
  const root = join(folder, 'root.pem');
  writeFileSync(root, (await testAuthority('neighbour')).cert);
  expect(await run('add', 'did:web:gu.example', '--types', 'merchant,resident')).toMatchObject({ code: 0, err: '' });
  expect((await run('add', root, '--types', 'resident', '--until', '2027-01-01T00:00:00Z')).code).toBe(0);
  const [gu, authority] = JSON.parse((await run('list')).out);
  expect(gu).toEqual({
    ...{ issuer: 'did:web:gu.example', types: ['merchant', 'resident'] },
    ...{ from: '2026-01-15T00:00:00.000Z', until: null },
  });
  expect(authority.issuer).toMatch(/^x509-sha256:/);
  expect((await run('end', 'did:web:gu.example')).code).toBe(0);
  expect(JSON.parse((await run('list')).out)).toEqual([authority]);
  const { rows } = await pool.query('SELECT actor, action FROM identity.trusted_issuer_audit ORDER BY id');
  expect(rows.map(({ actor, action }) => `${actor}: ${action}`)).toEqual([
    ...['command line: added', 'command line: added', 'command line: ended'],
  ]);
});

test('says what was wrong with a call, and changes nothing', async () => {
  const before = (await run('list')).out;
  expect(await run('add', 'did:web:gu.example', '--types', 'passport')).toMatchObject({
    code: 1,
    err: expect.stringContaining('CREDENTIAL_TYPE_UNKNOWN'),
  });
  expect((await run('add', 'did:web:gu.example', '--types', 'resident', '--from', 'tomorrow')).code).toBe(2);
  expect((await run('end', 'did:web:nobody.example')).code).toBe(1);
  expect((await run('list')).out).toBe(before);
});

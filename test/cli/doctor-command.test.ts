// What naru doctor finds, as a person and as a program reads it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { doctorCommand, type Finding } from '../../src/cli/doctor-command.ts';

const root = mkdtempSync(join(tmpdir(), 'naru-doctor-'));
const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
const before = process.exitCode;
afterEach(() => {
  process.exitCode = before;
  vi.restoreAllMocks();
});
afterAll(() => {
  sleeper.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** Runs the command on a folder whose lock names `pid`; the parts the machine has are not this test's matter. */
async function doctor(pid: number | null, url?: string) {
  const folder = mkdtempSync(join(root, 'data-'));
  if (pid !== null) writeFileSync(join(folder, 'naru.pid'), String(pid));
  if (url !== undefined) writeFileSync(join(folder, 'running.json'), JSON.stringify({ url }));
  const said: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  await doctorCommand().parseAsync(['--json', '--data-dir', folder], { from: 'user' });
  vi.restoreAllMocks();
  const { findings, wrong } = JSON.parse(said.join('')) as { findings: Finding[]; wrong: number };
  const exitCode = process.exitCode;
  return { findings, wrong, exitCode, service: findings.find(({ what }) => what === 'service') };
}

test('as JSON gives each finding its state, what was found and, where something is amiss, what to do', async () => {
  const { findings, wrong, exitCode, service } = await doctor(null);
  for (const { what, state, found, remedy } of findings) {
    expect(what && found).not.toBe('');
    expect(['ok', 'absent', 'wrong']).toContain(state);
    if (state !== 'ok') expect(remedy).toMatch(/\w/);
  }
  expect(findings.map(({ what }) => what)).toEqual(expect.arrayContaining(['Node.js', 'PostgreSQL', 'HTTP_PORT']));
  expect(wrong).toBe(findings.filter(({ state }) => state === 'wrong').length);
  expect(exitCode).toBe(wrong > 0 ? 1 : 0);
  expect(service?.state).toBe('absent');
});

test('of a running service names the part that is away and ends with 1', async () => {
  const server = createServer((_request, answer) =>
    answer.writeHead(503).end(JSON.stringify({ status: 'not_ready', parts: { database: 'ok', chain: 'away' } })),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const { findings, service, exitCode } = await doctor(process.pid, url);
  server.close();
  expect(service?.state).toBe('ok');
  expect(findings).toContainEqual({ what: url, state: 'wrong', found: 'away: chain', remedy: 'see its log' });
  expect(exitCode).toBe(1);
});

test('of a service that does not answer says so', async () => {
  const { findings } = await doctor(process.pid, 'http://127.0.0.1:1');
  expect(findings.at(-1)).toMatchObject({ state: 'wrong', found: expect.stringContaining('no answer') });
});

test('of a service that is still starting says so, instead of failing', async () => {
  expect((await doctor(process.pid)).service).toMatchObject({
    state: 'ok',
    found: expect.stringContaining('starting'),
  });
});

test('takes no other program for the service, whatever number the lock holds', async () => {
  expect((await doctor(sleeper.pid ?? 0)).service?.state).toBe('absent');
});

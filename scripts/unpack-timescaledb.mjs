// Unpacks a PostgreSQL with TimescaleDB's Apache edition beside the system, for tests: Debian 13's packages, with the C
// library they were built for, in a folder of their own. Nothing is installed. Prints the folder; exits 1 with the reason
// where it can't be done.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const packages = [
  ...['postgresql-17', 'postgresql-17-timescaledb', 'libpq5', 'libc6', 'libssl3t64', 'libicu76', 'libxml2', 'liblz4-1'],
  ...['libzstd1', 'liblzma5', 'zlib1g', 'libpam0g', 'libaudit1', 'libcap-ng0', 'libgssapi-krb5-2', 'libkrb5-3'],
  ...['libk5crypto3', 'libkrb5support0', 'libcom-err2', 'libkeyutils1', 'libldap2', 'libsasl2-2', 'libsystemd0'],
  ...['libcap2', 'libgcrypt20', 'libgpg-error0', 'libselinux1', 'libpcre2-8-0', 'libstdc++6', 'libgcc-s1', 'libuuid1'],
];
const folder = join(tmpdir(), 'naru-timescaledb-17');
const unfinished = `${folder}.${process.pid}`;

if (!existsSync(join(folder, 'ready'))) {
  try {
    unpack();
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    process.stderr.write(`TimescaleDB for tests can't be unpacked here: ${error.message}\n`);
    process.exit(1);
  }
}
process.stdout.write(`${folder}\n`);

function unpack() {
  for (const needed of ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', KEYRING]) {
    if (!existsSync(needed)) throw new Error(`there is no ${needed}`);
  }
  if (process.arch !== 'x64') throw new Error(`it is known to run on x64, and this is ${process.arch}`);
  for (const name of ['apt/state/lists/partial', 'apt/cache/archives/partial', 'apt/parts', 'debs', 'root']) {
    mkdirSync(join(unfinished, name), { recursive: true });
  }
  const apt = join(unfinished, 'apt');
  writeFileSync(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] http://deb.debian.org/debian trixie main\n`);
  writeFileSync(join(apt, 'status'), '');
  // apt as a whole in a folder of ours: its lists, its state, its idea that nothing is installed.
  const options = [
    `Dir::Etc::sourcelist=${apt}/sources.list`,
    ...[`Dir::Etc::sourceparts=${apt}/parts`, `Dir::State=${apt}/state`, `Dir::State::status=${apt}/status`],
    ...[`Dir::Cache=${apt}/cache`, 'Acquire::Languages=none', 'Acquire::Retries=2', 'APT::Sandbox::User=root'],
  ].flatMap((option) => ['-o', option]);
  run('/usr/bin/apt-get', ['-qq', ...options, 'update'], unfinished);
  run('/usr/bin/apt-get', ['-qq', ...options, 'download', ...packages], join(unfinished, 'debs'));
  for (const deb of readdirSync(join(unfinished, 'debs'))) {
    run('/usr/bin/dpkg-deb', ['-x', join(unfinished, 'debs', deb), join(unfinished, 'root')], unfinished);
  }
  rmSync(apt, { recursive: true });
  rmSync(join(unfinished, 'debs'), { recursive: true });
  // The system's own loader would bind them to its older C library: each program is started by the loader that came along.
  const programs = join(unfinished, 'root/usr/lib/postgresql/17/bin');
  for (const program of ['postgres', 'initdb']) {
    renameSync(join(programs, program), join(programs, `${program}.elf`));
    writeFileSync(join(programs, program), loaderScript(program));
    chmodSync(join(programs, program), 0o755);
  }
  chmodSync(unfinished, 0o755);
  writeFileSync(join(unfinished, 'ready'), '');
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
}

function loaderScript(program) {
  const root = join(folder, 'root/usr');
  const libraries = `${root}/lib/x86_64-linux-gnu`;
  const self = `${root}/lib/postgresql/17/bin/${program}`;
  return `#!/bin/sh\nexec ${libraries}/ld-linux-x86-64.so.2 --argv0 ${self} --library-path ${libraries} ${self}.elf "$@"\n`;
}

function run(program, args, cwd) {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 180_000 });
  if (status !== 0)
    throw new Error(`${program} ${args.at(-1)}: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`);
}

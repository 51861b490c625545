// Gets what tests need beyond npm (a browser, a font for Korean, TimescaleDB) with the system's package manager, where it may; otherwise
// says which command would.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const packages = ['chromium', 'fonts-noto-cjk'];
const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;

if (!browsers.some((path) => existsSync(path))) {
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Tests need a browser: ${command}\n`);
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    spawnSync('apt-get', ['update', '-qq'], quiet);
    const { status } = spawnSync('apt-get', command.split(' ').slice(1), quiet);
    if (status !== 0) process.stderr.write('It could not be installed; the browser tests will say that they skip.\n');
  } else {
    process.stderr.write(`Tests in a browser will be skipped; to run them: sudo ${command}\n`);
  }
}

// TimescaleDB beside the system, for running the tests of metering on it as well; in CI a run without it fails.
const unpacked = spawnSync(process.execPath, [fileURLToPath(new URL('unpack-timescaledb.mjs', import.meta.url))], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (unpacked.status !== 0) process.stderr.write('The tests of metering will run on native partitions alone.\n');

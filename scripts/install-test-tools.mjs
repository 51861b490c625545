// Gets what tests need beyond npm (a browser, a font for Korean, an MQTT broker, TimescaleDB) with the system's package
// manager, where it may; otherwise says which command would. Peers that tests talk to come from npm, into a folder of their own.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const tools = [
  {
    what: 'a browser',
    tests: 'browser tests',
    places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
    packages: ['chromium', 'fonts-noto-cjk'],
  },
  {
    what: 'an MQTT 5 broker',
    tests: 'tests with Mosquitto',
    places: ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/usr/local/sbin/mosquitto'],
    packages: ['mosquitto'],
  },
];
const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };

const missing = tools.filter(({ places }) => !places.some((path) => existsSync(path)));
if (missing.length > 0) {
  const packages = missing.flatMap((tool) => tool.packages);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const what = missing.map((tool) => tool.what).join(' and ');
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Tests need ${what}: ${command}\n`);
    spawnSync('apt-get', ['update', '-qq'], quiet);
    for (const tool of missing) {
      const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...tool.packages], quiet);
      if (status !== 0) process.stderr.write(`${tool.what} could not be installed; the ${tool.tests} will say so.\n`);
    }
  } else {
    const tests = missing.map((tool) => tool.tests).join(' and ');
    process.stderr.write(`The ${tests} will be skipped; to run them: sudo ${command}\n`);
  }
}

// TimescaleDB beside the system, for running the tests of metering on it as well; in CI a run without it fails.
const unpacked = spawnSync(process.execPath, [fileURLToPath(new URL('unpack-timescaledb.mjs', import.meta.url))], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (unpacked.status !== 0) process.stderr.write('The tests of metering will run on native partitions alone.\n');

// Independent wallets, issuers and verifiers, which stay out of the product's own dependencies.
const peers = fileURLToPath(new URL('../test/conformance/peers', import.meta.url));
if (!existsSync(`${peers}/node_modules/@credo-ts/openid4vc/package.json`)) {
  const installed = spawnSync('npm', ['ci', '--prefix', peers], quiet);
  if (installed.status !== 0) process.stderr.write('Credo could not be installed; the tests with it will say so.\n');
}

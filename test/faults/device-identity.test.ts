// Devices against the service as it is started: identities that differ, topics of others, floods, clones, revocation in a
// second process, certificates. What each was told is compared with what is stored. [faults 18-21, 25-27]
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/platform/free-port.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { certificateRequest, type Held, type TestAuthority, testAuthority } from '../support/certificates.ts';
import { CONNACK, connectPacket, packet, publishPacket } from '../support/mqtt-bytes.ts';
import { type NaruProcess, runNaru } from '../support/naru-process.ts';
import { newSeed } from '../support/seed.ts';
import { removeFolder, type ServiceProcess, serviceFolder, startService } from '../support/service-process.ts';

const seed = newSeed('device-identity');
const run = `${seed.toString(36)}-${randomBytes(2).toString('hex')}`;
const folder = serviceFolder();
const secretOf = (id: string) => `${id}-secret-of-a-device-in-a-fault-test`;
const id = (name: string) => `${name}-${run}`;
const names = ['clone', 'flood', 'calm', 'mine', 'theirs', 'far', 'cert', 'lost', 'own'];
const clients: MqttClient[] = [];
const path = (name: string) => join(folder, name);
let service: ServiceProcess;
let second: NaruProcess;
let secondPort: number;
let environment: Record<string, string>;
let utility: TestAuthority;
let database: pg.Client;

const call = (url: string, payload?: object, method = payload === undefined ? 'GET' : 'POST') =>
  fetch(`${service.url}${url}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${service.operatorToken}` },
    ...(payload !== undefined && { body: JSON.stringify(payload) }),
  });
const eventsOf = async (deviceId: string): Promise<string[]> => {
  const answer = await call('/api/utility/device-events?open=true&limit=200');
  const { events } = (await answer.json()) as { events: { device_id: string; kind: string }[] };
  return events.filter(({ device_id }) => device_id === deviceId).map(({ kind }) => kind);
};
const naru = (...args: string[]) =>
  execFileSync(process.execPath, [join(packageRoot, 'dist/src/main.js'), ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    encoding: 'utf8',
    // The runner's own limits stand still meanwhile.
    timeout: 60_000,
  });

async function connected(client: MqttClient): Promise<MqttClient> {
  clients.push(client);
  client.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before CONNACK')));
  });
  return client;
}
const once = (clientId: string, given: IClientOptions): IClientOptions => ({
  ...{ clientId, reconnectPeriod: 0, connectTimeout: 20_000, ...given },
});
const plain = (name: string, port = service.mqttPort, given: IClientOptions = {}) =>
  connected(
    mqtt.connect(
      `mqtt://127.0.0.1:${port}`,
      once(id(name), { username: id(name), password: secretOf(id(name)), ...given }),
    ),
  );
const overTls = (name: string, held: Held) =>
  connected(
    mqtt.connect(
      `mqtts://127.0.0.1:${tlsPort()}`,
      once(id(name), { rejectUnauthorized: false, cert: held.cert, key: held.key }),
    ),
  );
const tlsPort = () => JSON.parse(readFileSync(path('running.json'), 'utf8')).mqtt_tls_port as number;
const closing = (client: MqttClient) =>
  new Promise<void>((resolve) => (client.connected ? client.once('close', () => resolve()) : resolve()));

beforeAll(async () => {
  utility = await testAuthority('a utility');
  const server = await (await testAuthority('server authority')).issue('localhost');
  writeFileSync(path('server.pem'), server.cert);
  writeFileSync(path('server-key.pem'), server.key);
  writeFileSync(path('utility.pem'), utility.cert);
  writeFileSync(path('utility-crl.pem'), await utility.list([]));
  service = await startService(folder, ['--meters', '1'], {
    ...{ MQTT_TLS_PORT: '0', MQTT_TLS_CERT_FILE: path('server.pem'), MQTT_TLS_KEY_FILE: path('server-key.pem') },
    ...{ MQTT_CLIENT_CA_FILE: path('utility.pem'), MQTT_CLIENT_CRL_FILE: path('utility-crl.pem') },
    ...{ DEVICE_MESSAGES_PER_S: '20', LOG_LEVEL: 'debug' },
  });
  environment = {
    ...{ DATABASE_URL: service.databaseUrl, NARU_DATA_DIR: folder, CHAIN_RPC_URL: service.rpcUrl },
    NARU_SECRET: readFileSync(path('secret'), 'utf8').trim(),
    ISSUER_KEYS_PASSPHRASE: readFileSync(path('issuer-keys-passphrase'), 'utf8').trim(),
    CHAIN_COMMITTER_KEY: `0x${randomBytes(32).toString('hex')}`,
    ...{ PUBLIC_URL: service.url, WALLET_URL: service.walletUrl, LOG_LEVEL: 'debug' },
  };
  database = new pg.Client({ connectionString: service.databaseUrl });
  await database.connect();
  const columns =
    'device_id,secret,formats,meter_serial,meter_model,bore_mm,dials,service_point,zone_id,zone_name,usage_class,installed_at';
  const rows = names.map((name, n) => {
    const rest = `senml+json,${8_800_000 + n},test,15,8,place-${run}-${n},z,Zone,domestic,2026-01-01T00:00:00Z`;
    return `${id(name)},${secretOf(id(name))},${rest}`;
  });
  writeFileSync(path('list.csv'), [columns, ...rows, ''].join('\n'));
  // Said twice, it is said once.
  expect(naru('provision', path('list.csv'), '--dry-run')).toContain('9 devices, of which 0 were known');
  expect(naru('provision', path('list.csv'), '--out', path('made.csv'))).toContain('9 devices, of which 0 were known');
  expect(naru('provision', path('list.csv'), '--out', path('made.csv'))).toContain('9 devices, of which 9 were known');
  secondPort = await freePort(0);
  second = runNaru(
    ['start', '--roles', 'broker'],
    { ...environment, MQTT_PORT: String(secondPort), MQTT_WS_PORT: '0' },
    folder,
  );
  await second.until('Naru serves broker', 60_000);
}, 180_000);

afterAll(async () => {
  for (const client of clients) client.end(true);
  await database?.end();
  await second?.stop();
  await service?.stop();
  removeFolder(folder);
});

/** Everything that the broker says to these bytes until it closes, in hex. */
function answerTo(...packets: Buffer[]): Promise<string> {
  const socket: Socket = connectTcp(service.mqttPort, '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => heard.push(bytes));
  socket.write(Buffer.concat(packets));
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(heard).toString('hex'))));
}
const hello = (name: string) => connectPacket(id(name), secretOf(id(name)));
const connack = (code: number) => Buffer.from([CONNACK, 2, 0, code]).toString('hex');
const subscribe = (filter: string) => {
  const text = Buffer.from(filter);
  return packet(
    0x82,
    Buffer.concat([Buffer.from([0, 1, text.length >> 8, text.length & 255]), text, Buffer.from([1])]),
  );
};

describe('a device', () => {
  test.each([
    ['its client id is not its user name', () => connectPacket(id('mine'), secretOf(id('theirs')), id('theirs'))],
    ['its client id is empty', () => connectPacket('', secretOf(id('theirs')), id('theirs'))],
  ])('is answered with CONNACK 5 where %s [faults 19]', async (_what, connect) => {
    expect(await answerTo(connect())).toBe(connack(5));
  });

  test.each([
    ['publishes as another', () => publishPacket(`naru/v1/up/${id('theirs')}/senml-json`, '[]', 1)],
    ['publishes on a wildcard', () => publishPacket(`naru/v1/up/${id('mine')}/#`, '[]', 1)],
    ['publishes on $SYS', () => publishPacket('$SYS/broker/uptime', '1', 1)],
    ['publishes on a topic with NUL', () => publishPacket(`naru/v1/up/${id('mine')}/a\0b`, '[]', 1)],
    ['publishes on 101 levels', () => publishPacket(Array(101).fill('a').join('/'), '[]', 1)],
    ['answers for another', () => publishPacket(`naru/v1/ack/${id('theirs')}`, '{"id":"1"}', 1)],
    [
      'publishes a retained message',
      () => packet(0x33, publishPacket(`naru/v1/up/${id('mine')}/senml-json`, '[]', 1).subarray(2)),
    ],
    ['subscribes to everything', () => subscribe('#')],
    ["subscribes to another's commands", () => subscribe(`naru/v1/down/${id('theirs')}`)],
    ['subscribes to all commands', () => subscribe('naru/v1/down/+')],
  ])('that %s is closed with nothing stored, and that is on record [faults 20, 21, 26]', async (_what, bytes) => {
    await database.query('DELETE FROM metering.device_event');
    const answer = await answerTo(hello('mine'), bytes());
    expect(answer.startsWith(connack(0))).toBe(true);
    // No PUBACK, and no SUBACK that grants anything.
    expect(answer.slice(8)).toMatch(/^(9003000180)?$/);
    const { rows } = await database.query(
      `SELECT FROM metering.uplink JOIN metering.device USING (device_no) WHERE device_id IN ($1, $2)`,
      [id('mine'), id('theirs')],
    );
    expect(rows).toEqual([]);
  });

  test('that publishes as another is on record as a trespasser [faults 20]', async () => {
    await answerTo(hello('mine'), publishPacket(`naru/v1/up/${id('theirs')}/senml-json`, '[]', 1));
    await expect.poll(() => eventsOf(id('mine'))).toEqual(['trespass']);
  });

  test('that would leave a will is not let in [faults 26]', async () => {
    const will = {
      topic: `naru/v1/up/${id('mine')}/senml-json`,
      payload: Buffer.from('x'),
      qos: 1,
      retain: false,
    } as const;
    await expect(plain('mine', service.mqttPort, { will })).rejects.toThrow();
  });
});

test('one device at a thousand messages a second is held up alone, reported, and loses nothing [faults 25]', async () => {
  const MESSAGES = 1_000;
  const acknowledged = new Set<number>();
  const flooding = await plain('flood');
  const payload = (n: number) =>
    JSON.stringify([{ bn: 'urn:naru:meter:8800001:', n: 'register', u: 'l', v: n, t: 1_770_000_000 + n }]);
  for (let n = 1; n <= MESSAGES; n += 1) {
    flooding.publish(`naru/v1/up/${id('flood')}/senml-json`, payload(n) + ' '.repeat(4_000), { qos: 1 }, (error) => {
      if (!error) acknowledged.add(n);
    });
  }
  await expect.poll(() => eventsOf(id('flood'))).toEqual(['flood']);
  const calm = await plain('calm');
  const uplink = JSON.stringify([{ bn: 'urn:naru:meter:8800002:', n: 'register', u: 'l', v: 1 }]);
  await calm.publishAsync(`naru/v1/up/${id('calm')}/senml-json`, uplink, { qos: 1 });
  expect(acknowledged.size).toBeLessThan(MESSAGES);
  expect(await eventsOf(id('calm'))).toEqual([]);
  flooding.end(true);
  // The ledger: what was acknowledged is there, once.
  const { rows } = await database.query<{ register_l: string }>(
    `SELECT register_l FROM metering.reading JOIN metering.meter USING (meter_id) WHERE serial = '8800001'`,
  );
  const stored = rows.map(({ register_l }) => Number(register_l));
  expect([...acknowledged].filter((n) => !stored.includes(n))).toEqual([]);
  expect(new Set(stored).size).toBe(stored.length);
});

test('two with one identity at two processes raise an alarm; revoked, neither comes back [faults 18]', async () => {
  let going = true;
  const comingBack = [service.mqttPort, secondPort].map(async (port) => {
    while (going) {
      const client = await plain('clone', port).catch(() => null);
      if (client !== null) await closing(client);
    }
  });
  await expect.poll(() => eventsOf(id('clone')), { timeout: 30_000 }).toEqual(['clone']);
  expect((await call(`/api/utility/devices/${id('clone')}/revoke`, { reason: 'cloned' })).status).toBe(204);
  going = false;
  for (const client of clients) if (client.options.clientId === id('clone')) client.end(true);
  await Promise.all(comingBack);
  for (const port of [service.mqttPort, secondPort])
    await expect(plain('clone', port)).rejects.toMatchObject({ code: 4 });
});

test('revoked over one process, a device is cut at the other [faults 27]', async () => {
  const far = await plain('far', secondPort);
  const cut = closing(far);
  expect((await call(`/api/utility/devices/${id('far')}/revoke`, { reason: 'stolen' })).status).toBe(204);
  await cut;
});

test("a certificate of the utility's is taken until its list names it [faults 19, 27]", async () => {
  const held = await utility.issue(id('cert'));
  await expect(overTls('mine', held)).rejects.toMatchObject({ code: 5 });
  const client = await overTls('cert', held);
  const cut = closing(client);
  writeFileSync(path('utility-crl.pem'), await utility.list([held.serial]));
  await cut;
  await expect(overTls('cert', held)).rejects.not.toHaveProperty('code', 5);
});

test('a certificate of the own authority, signed and revoked on the command line [faults 27]', async () => {
  expect(naru('device-ca', 'create')).toContain('BEGIN CERTIFICATE');
  expect(statSync(path('device-ca/key.pem')).mode & 0o777).toBe(0o600);
  const request = await certificateRequest(id('own'));
  writeFileSync(path('own.csr'), request.pem);
  const cert = naru('device-ca', 'sign', path('own.csr'), '--device', id('own'));
  const held = { cert, key: request.key, serial: '' };
  // The service learns of the new authority by itself.
  await expect
    .poll(
      () =>
        overTls('own', held).then(
          () => 'in',
          () => 'out',
        ),
      { timeout: 30_000 },
    )
    .toBe('in');
  const client = clients.at(-1);
  const { certificates } = (await (await call(`/api/utility/devices/${id('own')}`)).json()) as {
    certificates: { serial: string }[];
  };
  const cut = client === undefined ? Promise.reject(new Error('no client')) : closing(client);
  naru('device-ca', 'revoke', certificates[0]?.serial ?? '', '--reason', 'lost');
  await cut;
  await expect(overTls('own', held)).rejects.not.toHaveProperty('code', 5);
  expect(naru('device-ca', 'crl')).toContain('BEGIN X509 CRL');
});

test('no secret and no key is in what the two processes printed', () => {
  const printed = service.output() + second.output();
  const secrets = [...names.map((name) => secretOf(id(name))), environment.NARU_SECRET ?? ''];
  expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
  expect(printed).not.toContain('PRIVATE KEY');
});

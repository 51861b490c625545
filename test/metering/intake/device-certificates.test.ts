// Devices that come with a certificate: of the utility's authority, of our own, or with a pinned key.

import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spkiHash } from '../../../src/metering/intake/device-certificate.ts';
import { openDeviceTrust } from '../../../src/metering/intake/device-trust-service.ts';
import { createDeviceAuthority } from '../../../src/metering/meters/device-authority-service.ts';
import { authorityKeyFile } from '../../../src/metering/meters/device-ca-port.ts';
import { createDeviceCredentials } from '../../../src/metering/meters/device-credential-service.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { certificateRequest, selfSigned, type TestAuthority, testAuthority } from '../../support/certificates.ts';
import { connectPacket } from '../../support/mqtt-bytes.ts';
import { testDatabase } from '../../support/test-database.ts';
import { fleetEntry, secretOf, senml, testSecrets } from '../../support/test-intake.ts';
import {
  closing,
  type DeviceBrokerUnderTest,
  deviceBroker,
  type TestTls,
  testTls,
} from '../../support/watched-broker-fixture.ts';

const database = await testDatabase();
const { pool } = database;
const common = { pool, clock: systemClock, random: systemRandom };
const folder = mkdtempSync(join(tmpdir(), 'naru-device-ca-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const keyFile = authorityKeyFile(folder);
const authority = createDeviceAuthority({ ...common, keyFile });
const credentials = createDeviceCredentials({ ...common, secrets: testSecrets });
let utility: TestAuthority;
let tls: TestTls;
let broker: DeviceBrokerUnderTest;

beforeAll(async () => {
  await authority.createAuthority('test device CA');
  utility = await testAuthority('a utility');
  tls = await testTls(utility.cert, await utility.list(['0aff']));
  const fleet = Array.from({ length: 9 }, (_, n) => fleetEntry(`dev-${n + 1}`, String(n + 1)));
  broker = await deviceBroker(database, fleet, { tls });
});

describe("a certificate of the utility's authority", () => {
  test('lets the device in that it names, which then is heard', async () => {
    const client = await broker.connectTls('dev-1', await utility.issue('dev-1'));
    await client.publishAsync('naru/v1/up/dev-1/senml-json', senml('1', 100), { qos: 1 });
    const { rows } = await pool.query(
      'SELECT register_l FROM metering.reading JOIN metering.meter USING (meter_id) WHERE serial = $1',
      ['1'],
    );
    expect(rows).toEqual([{ register_l: 100 }]);
    await client.endAsync();
  });

  test('without a common name is named by urn:naru:device', async () => {
    const held = await utility.issue(null, { uris: ['urn:naru:device:dev-1'] });
    const client = await broker.connectTls('dev-1', held);
    expect(client.connected).toBe(true);
    await client.endAsync();
  });

  test('of another device is answered with CONNACK 5, a secret beside it or not [faults 19]', async () => {
    const held = await utility.issue('dev-1');
    await expect(broker.connectTls('dev-2', held)).rejects.toMatchObject({ code: 5 });
    const withSecret = { username: 'dev-2', password: secretOf('dev-2') };
    await expect(broker.connectTls('dev-2', held, withSecret)).rejects.toMatchObject({ code: 5 });
  });

  test('of a device that is not registered is answered with CONNACK 5', async () => {
    await expect(broker.connectTls('dev-99', await utility.issue('dev-99'))).rejects.toMatchObject({ code: 5 });
  });

  test.each([
    ['that has expired', () => utility.issue('dev-1', { days: -1 })],
    ['that says two different things', () => utility.issue('dev-1', { uris: ['urn:naru:device:dev-2'] })],
    ['of an authority that nobody trusts', async () => (await testAuthority('a stranger')).issue('dev-1')],
    ["of an authority with the trusted one's name", async () => (await testAuthority('a utility')).issue('dev-1')],
    ['that the device signed itself', () => selfSigned('dev-1')],
  ])('%s is closed before a byte of MQTT', async (_what, make) => {
    const before = await broker.refusals('certificate');
    await expect(broker.connectTls('dev-1', await make())).rejects.not.toHaveProperty('code', 5);
    await expect.poll(() => broker.refusals('certificate')).toBe(before + 1);
  });

  test('revoked by a list that is put in place while it is connected: cut, and not let in again [faults 27]', async () => {
    const held = await utility.issue('dev-2');
    const other = await utility.issue('dev-3');
    const client = await broker.connectTls('dev-2', held);
    const unharmed = await broker.connectTls('dev-3', other);
    const cut = closing(client);
    writeFileSync(tls.crlFile, await utility.list([held.serial]));
    await cut;
    expect(unharmed.connected).toBe(true);
    await expect(broker.connectTls('dev-2', held)).rejects.not.toHaveProperty('code', 5);
    await unharmed.endAsync();
  });
});

describe('a certificate of our own authority', () => {
  test("is signed for the device's own key, and its key file is for nobody else", async () => {
    expect(statSync(keyFile.path).mode & 0o777).toBe(0o600);
    await expect(authority.createAuthority('again')).rejects.toMatchObject({ code: 'DEVICE_CA_EXISTS' });
    const request = await certificateRequest('dev-5');
    const { pem, serial } = await authority.signDeviceRequest('dev-5', request.pem, null);
    const certificate = new X509Certificate(pem);
    expect(certificate.subject).toBe('CN=dev-5');
    expect(certificate.subjectAltName).toBe('URI:urn:naru:device:dev-5');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.verify(new X509Certificate(await authority.certificate()).publicKey)).toBe(true);
    expect(certificate.serialNumber.toLowerCase()).toBe(serial);
  });

  test('lets the device in until it is revoked, which cuts the connection [faults 27]', async () => {
    const request = await certificateRequest('dev-5');
    const { pem, serial } = await authority.signDeviceRequest('dev-5', request.pem, null);
    const held = { cert: pem, key: request.key, serial };
    const client = await broker.connectTls('dev-5', held);
    const cut = closing(client);
    await authority.revokeDeviceCertificate(serial.toUpperCase(), 'lost', null);
    await cut;
    await expect(broker.connectTls('dev-5', held)).rejects.not.toHaveProperty('code', 5);
    await expect(authority.revocationList()).resolves.toContain('BEGIN X509 CRL');
  });

  test('that is not in the register is not taken, though the key signed it', async () => {
    const request = await certificateRequest('dev-6');
    const { pem, serial } = await authority.signDeviceRequest('dev-6', request.pem, null);
    await pool.query('DELETE FROM metering.device_certificate WHERE serial = $1', [serial]);
    await expect(broker.connectTls('dev-6', { cert: pem, key: request.key, serial })).rejects.not.toHaveProperty(
      'code',
      5,
    );
  });

  test.each([
    ['names another device', async () => (await certificateRequest('dev-7')).pem, /another device/],
    ['is no request', async () => 'hello', /PKCS #10/],
    ['is a certificate', async () => (await selfSigned('dev-6')).cert, /PKCS #10/],
    ['has a changed signature', async () => spoilt((await certificateRequest('dev-6')).pem), /not signed|PKCS #10/],
  ])('is not made for a request that %s', async (_what, make, why) => {
    const refusal = expect.objectContaining({ code: 'DEVICE_REQUEST_INVALID', detail: expect.stringMatching(why) });
    await expect(authority.signDeviceRequest('dev-6', await make(), null)).rejects.toEqual(refusal);
  });
});

describe('a pinned key', () => {
  test('lets a self-signed certificate in, its dates and names aside; removed, it cuts the connection', async () => {
    const held = await selfSigned('module 4711', -1);
    const pin = spkiHash(new X509Certificate(held.cert));
    await expect(broker.connectTls('dev-7', held)).rejects.not.toHaveProperty('code', 5);
    await credentials.addPin('dev-7', pin, null);
    const client = await broker.connectTls('dev-7', held);
    await expect(broker.connectTls('dev-8', held)).rejects.toMatchObject({ code: 5 });
    const cut = closing(client);
    await credentials.removePin('dev-7', pin, null);
    await cut;
    await expect(broker.connectTls('dev-7', held)).rejects.not.toHaveProperty('code', 5);
  });
});

describe('revocation lists', () => {
  const presented = (pem: string) => ({ authorized: true, chain: [new X509Certificate(pem)] });

  test.each([
    ['of somebody else with the same name', async (serial: string) => (await testAuthority('lists')).list([serial])],
    ['that is none', async () => 'no list'],
    ['that is broken', async () => '-----BEGIN X509 CRL-----\nMIH8\n-----END X509 CRL-----\n'],
    ['of the utility, with nothing else in the file', async () => ''],
  ])('a file %s leaves the last good one in force', async (_what, make) => {
    const ca = await testAuthority('lists');
    const good = await ca.issue('dev-1');
    const revoked = await ca.issue('dev-1');
    const files = await testTls(ca.cert, await ca.list([revoked.serial]));
    const trust = await openDeviceTrust({ ...common, logger: createLogger('silent'), files: files.files });
    writeFileSync(files.crlFile, await make(good.serial));
    expect(await trust.refresh()).toBe(false);
    expect(await trust.check(presented(good.cert))).toMatchObject({ deviceIds: ['dev-1'] });
    expect(await trust.check(presented(revoked.cert))).toBeNull();
  });

  test('that are overdue or lack an authority refuse its devices, and let no connection be cut', async () => {
    const [ca, other] = [await testAuthority('lists'), await testAuthority('other lists')];
    const [one, another] = [await ca.issue('dev-1'), await other.issue('dev-2')];
    const files = await testTls(ca.cert + other.cert, await ca.list([], { days: 1 }));
    const trust = await openDeviceTrust({ ...common, logger: createLogger('silent'), files: files.files });
    const proof = await trust.check(presented(one.cert));
    expect(proof).not.toBeNull();
    expect(await trust.check(presented(another.cert))).toBeNull();
    writeFileSync(files.crlFile, await ca.list([], { days: -1 }));
    expect(await trust.refresh()).toBe(true);
    expect(await trust.check(presented(one.cert))).toBeNull();
    expect(proof !== null && trust.isVouchedFor(proof.credential)).toBe(true);
    writeFileSync(files.crlFile, await ca.list([one.serial]));
    expect(await trust.refresh()).toBe(true);
    expect(proof !== null && trust.isVouchedFor(proof.credential)).toBe(false);
  });

  test('and files that are missing at the start are named with their setting', async () => {
    const files = { certificateFile: '/nowhere/cert.pem', keyFile: tls.files.keyFile };
    const refusal = expect.objectContaining({
      code: 'SETTING_INVALID',
      detail: expect.stringContaining('MQTT_TLS_CERT_FILE'),
    });
    await expect(openDeviceTrust({ ...common, logger: createLogger('silent'), files })).rejects.toEqual(refusal);
  });
});

describe('the TLS listener', () => {
  test('takes a device with its secret and no certificate; a wrong one is CONNACK 4', async () => {
    const client = await broker.connectTls('dev-8', null, { username: 'dev-8', password: secretOf('dev-8') });
    expect(client.connected).toBe(true);
    await client.endAsync();
    const wrong = { username: 'dev-8', password: 'x'.repeat(30) };
    await expect(broker.connectTls('dev-8', null, wrong)).rejects.toMatchObject({ code: 4 });
  });

  test('closes a connection that begins no handshake, and one that speaks MQTT without TLS', async () => {
    const before = await broker.refusals('handshake');
    const silent = connectTcp(broker.ports.tls ?? 0, '127.0.0.1').on('error', () => {});
    const plain = connectTcp(broker.ports.tls ?? 0, '127.0.0.1').on('error', () => {});
    plain.write(connectPacket('dev-8', secretOf('dev-8')));
    await Promise.all(
      [silent, plain].map((socket) => new Promise<void>((resolve) => socket.resume().once('close', () => resolve()))),
    );
    expect(await broker.refusals('handshake')).toBe(before + 2);
  });

  test.each([
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const)('%s: %s [faults 27]', async (version, taken) => {
    const socket = connectTls({
      ...{ host: '127.0.0.1', port: broker.ports.tls ?? 0, rejectUnauthorized: false },
      ...{ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    const outcome = await new Promise<string>((resolve) => {
      socket.once('secureConnect', () => resolve(socket.getProtocol() ?? ''));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
    socket.destroy();
    expect(outcome).toBe(taken ? version : 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});

/** Another last byte of the signature. */
function spoilt(pem: string): string {
  const [, base64 = ''] = /-----\n?([\s\S]+?)\n?-----END/.exec(pem) ?? [];
  const der = Buffer.from(base64, 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

import { describe, expect, test } from 'vitest';
import {
  alarmTelling,
  cityProvider,
  httpTls,
  issuerKeyTransit,
  mqttListening,
  readSettings,
  requireProduction,
  settingDescriptions,
  vcApiIsOpen,
} from '../src/config.ts';

const complete = {
  DATABASE_URL: 'postgres://naru:pw@db:5432/naru',
  CHAIN_RPC_URL: 'https://rpc.example, https://second.example',
  CHAIN_COMMITTER_KEY: `0x${'1f'.repeat(32)}`,
  PUBLIC_URL: 'https://naru.example',
  WALLET_URL: 'https://wallet.example',
  ISSUER_KEYS_PASSPHRASE: 'the ferry lands at seven',
  NARU_SECRET: 'Zk3v9QpL8sXw2Nf7Rb5Tj1Yc6Hm4Dg0A',
};

describe('settings', () => {
  test('an option wins over the environment', () => {
    expect(readSettings({ HTTP_PORT: '9000' }, { HTTP_PORT: '9001' }).HTTP_PORT).toBe(9000);
  });

  test('several RPC addresses are read in order', () => {
    expect(readSettings({}, complete).CHAIN_RPC_URL).toEqual(['https://rpc.example', 'https://second.example']);
  });

  test.each([
    ['HTTP_PORT', '80a'],
    ['HTTP_PORT', '70000'],
    ['NARU_ROLES', 'api,cook'],
    ['DATABASE_URL', 'mysql://x'],
    ['CHAIN_COMMITTER_KEY', '0x12'],
    ['TIME_ZONE', 'Asia/Pusan'],
    ['PUBLIC_URL', 'naru.example'],
    ['CITY_OPENID_SCOPE', 'profile'],
    ['CITY_OPENID_CLAIMS', '{"resident":[]}'],
    ['WALLET_BEARER_TOKENS', 'yes'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => readSettings({}, { [name]: value })).toThrowError(
      expect.objectContaining({ detail: expect.stringContaining(name) }),
    );
  });

  test('several addresses of an MQTT cluster are read in order; none is no cluster', () => {
    expect(readSettings({}, { BROKER_URL: 'mqtts://a.example, wss://b.example:8084/mqtt' }).BROKER_URL).toEqual([
      'mqtts://a.example',
      'wss://b.example:8084/mqtt',
    ]);
    expect(readSettings({}, {}).BROKER_URL).toEqual([]);
  });

  test.each([
    ['mqtt//x', "BROKER_URL: 'mqtt//x' is not a URL; write mqtt://host:1883"],
    ['mqtt://a.example,b.example:1883', "BROKER_URL: 'b.example:1883'"],
    ['http://a.example', "BROKER_URL: 'http://a.example' is no address of MQTT; write mqtt://"],
    ['mqtt://me:hunter2@a.example', 'BROKER_URL: holds a login; give it in BROKER_USERNAME and BROKER_PASSWORD'],
  ])('BROKER_URL=%s is refused with what to write, and no password is repeated', (value, says) => {
    const refused = () => readSettings({}, { BROKER_URL: value });
    expect(refused).toThrowError(expect.objectContaining({ detail: expect.stringContaining(says) }));
    expect(refused).not.toThrowError(/hunter2/);
  });

  test('each setting says what it is', () => {
    expect(settingDescriptions.filter(([, what]) => what.length < 10)).toEqual([]);
  });
});

describe('the production shape', () => {
  test('starts with everything of its own', () => {
    expect(() => requireProduction(readSettings({}, complete))).not.toThrow();
  });

  test('names everything that is missing at once', () => {
    expect(() => requireProduction(readSettings({}, {}))).toThrowError(
      expect.objectContaining({
        detail: expect.stringMatching(/DATABASE_URL.*CHAIN_RPC_URL.*CHAIN_COMMITTER_KEY.*NARU_SECRET/),
      }),
    );
  });

  test.each([
    ['NARU_SECRET', 'changemechangemechangemechangeme'],
    ['NARU_SECRET', 'a'.repeat(40)],
    ['NARU_SECRET', 'secret-secret-secret-password-12'],
    ['CHAIN_COMMITTER_KEY', '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'],
  ])('refuses the default %s %s', (name, value) => {
    expect(() => requireProduction(readSettings({}, { ...complete, [name]: value }))).toThrowError(
      expect.objectContaining({ detail: expect.stringContaining(name) }),
    );
  });
});

describe('MQTT without encryption', () => {
  const listening = (environment: Record<string, string>) => mqttListening(readSettings({}, environment));

  test.each([
    [{}, '127.0.0.1'],
    [{ HOST: 'localhost' }, 'localhost'],
    [{ HOST: '::1' }, '::1'],
    [{ HOST: '0.0.0.0', MQTT_PLAIN: 'loopback' }, '127.0.0.1'],
    [{ HOST: '0.0.0.0', MQTT_PLAIN: 'any' }, '0.0.0.0'],
  ])('with %j listens on %s', (environment, host) => {
    expect(listening(environment)).toMatchObject({ plainHost: host, tls: null });
  });

  test.each([
    [{ HOST: '0.0.0.0' }, /MQTT_PLAIN.*0\.0\.0\.0.*loopback.*MQTT_TLS_CERT_FILE.*any/],
    [{ HOST: '192.0.2.7' }, /MQTT_PLAIN/],
    [{ HOST: '0.0.0.0', MQTT_PLAIN: 'yes' }, /MQTT_PLAIN/],
    [{ MQTT_TLS_CERT_FILE: 'cert.pem' }, /MQTT_TLS_KEY_FILE/],
    [{ MQTT_CLIENT_CA_FILE: 'ca.pem' }, /MQTT_TLS_CERT_FILE/],
    [{ MQTT_TLS_CERT_FILE: 'c', MQTT_TLS_KEY_FILE: 'k', MQTT_CLIENT_CRL_FILE: 'crl' }, /MQTT_CLIENT_CA_FILE/],
  ])('with %j is refused, and the sentence says what to write', (environment, sentence) => {
    expect(() => listening(environment)).toThrowError(
      expect.objectContaining({ code: 'SETTING_INVALID', detail: expect.stringMatching(sentence) }),
    );
  });

  test('is beside TLS where a certificate is given', () => {
    const files = { MQTT_TLS_CERT_FILE: 'c', MQTT_TLS_KEY_FILE: 'k', MQTT_CLIENT_CA_FILE: 'ca' };
    expect(listening(files).tls).toEqual({ port: 8_883, certificateFile: 'c', keyFile: 'k', clientCaFile: 'ca' });
  });
});

describe("the city's provider", () => {
  const given = {
    CITY_OPENID_ISSUER: 'https://login.city.example',
    CITY_OPENID_CLIENT_ID: 'naru',
    CITY_OPENID_CLIENT_SECRET: 'the secret of this client',
    CITY_OPENID_CLAIMS: '{"resident":{"birth_date":"birthdate"}}',
  };

  test('is read with its mapping; without an issuer there is none', () => {
    expect(cityProvider(readSettings({}, given))).toMatchObject({
      issuer: 'https://login.city.example',
      scope: 'openid profile',
      mapping: { resident: { birth_date: 'birthdate' } },
    });
    expect(cityProvider(readSettings({}, {}))).toBeUndefined();
  });

  test.each([
    ['CITY_OPENID_ISSUER', { ...given, CITY_OPENID_ISSUER: undefined }],
    ['CITY_OPENID_CLIENT_SECRET', { ...given, CITY_OPENID_CLIENT_SECRET: undefined }],
    ['CITY_OPENID_CLAIMS', { ...given, CITY_OPENID_CLAIMS: undefined }],
    ['CITY_OPENID_ISSUER', { ...given, CITY_OPENID_ISSUER: 'http://login.city.example' }],
  ])('is refused by name where %s is missing or no use', (name, environment) => {
    expect(() => cityProvider(readSettings({}, environment))).toThrowError(
      expect.objectContaining({ detail: expect.stringContaining(name) }),
    );
  });
});

describe("the engine that holds the issuer's keys", () => {
  const given = {
    ISSUER_KEYS_TRANSIT_URL: 'https://bao.city.example:8200/v1/transit/',
    ISSUER_KEYS_TRANSIT_TOKEN_FILE: '/run/naru/token',
  };

  test('is where both settings say; without them there is none', () => {
    expect(issuerKeyTransit(readSettings({}, given))).toEqual({
      ...{ url: 'https://bao.city.example:8200/v1/transit', tokenFile: '/run/naru/token' },
    });
    const here = { ...given, ISSUER_KEYS_TRANSIT_URL: 'http://127.0.0.1:8200/v1/transit' };
    expect(issuerKeyTransit(readSettings({}, here))?.url).toBe('http://127.0.0.1:8200/v1/transit');
    expect(issuerKeyTransit(readSettings({}, {}))).toBeNull();
  });

  test.each([
    ['ISSUER_KEYS_TRANSIT_URL', { ...given, ISSUER_KEYS_TRANSIT_URL: undefined }],
    ['ISSUER_KEYS_TRANSIT_TOKEN_FILE', { ...given, ISSUER_KEYS_TRANSIT_TOKEN_FILE: undefined }],
    ['write https://', { ...given, ISSUER_KEYS_TRANSIT_URL: 'http://bao.city.example:8200/v1/transit' }],
  ])('is refused, %s', (name, environment) => {
    expect(() => issuerKeyTransit(readSettings({}, environment))).toThrowError(
      expect.objectContaining({ detail: expect.stringContaining(name) }),
    );
  });
});

describe('HTTPS and the VC-API', () => {
  const open = (environment: Record<string, string>, publicUrl: string) =>
    vcApiIsOpen(readSettings({}, environment), publicUrl);

  test('a certificate needs its key, and the key its certificate', () => {
    expect(httpTls(readSettings({}, {}))).toBeNull();
    const both = { HTTP_TLS_CERT_FILE: 'c', HTTP_TLS_KEY_FILE: 'k' };
    expect(httpTls(readSettings({}, both))).toEqual({ certificateFile: 'c', keyFile: 'k' });
    for (const one of [{ HTTP_TLS_CERT_FILE: 'c' }, { HTTP_TLS_KEY_FILE: 'k' }]) {
      expect(() => httpTls(readSettings({}, one))).toThrowError(
        expect.objectContaining({ detail: expect.stringMatching(/HTTP_TLS_CERT_FILE and HTTP_TLS_KEY_FILE/) }),
      );
    }
  });

  test('issuing is for the operator, and open only on this machine', () => {
    expect(open({}, 'https://naru.example')).toBe(false);
    for (const url of ['https://localhost:8443', 'http://127.0.0.1:8080', 'https://[::1]', 'https://city.localhost'])
      expect(open({ VC_API_ISSUING: 'open' }, url)).toBe(true);
  });

  test.each([
    [{}, 'https://naru.example'],
    [{}, 'https://localhost.naru.example'],
    [{ HOST: '0.0.0.0' }, 'https://localhost:8443'],
  ])('issuing that is open with %j at %s is refused, and the sentence says what to write', (environment, url) => {
    expect(() => open({ VC_API_ISSUING: 'open', ...environment }, url)).toThrowError(
      expect.objectContaining({
        code: 'SETTING_INVALID',
        detail: expect.stringMatching(/NARU_OPERATOR_TOKEN.*localhost/),
      }),
    );
  });
});

describe('where alarms are told', () => {
  const ALARM_WEBHOOK_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const telling = (given: Record<string, string>) => alarmTelling(readSettings({}, given));

  test('is nowhere but the console unless settings say so', () => {
    expect(telling({})).toEqual({ webhook: null, events: null, smtp: null, mailTo: [] });
  });

  test('is by webhook and by e-mail', () => {
    const given = {
      ALARM_WEBHOOK_URL: 'https://ops.example/hook',
      ALARM_WEBHOOK_SECRET,
      MAIL_FROM: 'naru@city.example',
    };
    const all = { ...given, SMTP_URL: 'smtps://me:pw@mail.example', ALARM_MAIL_TO: 'a@city.example, b@city.example' };
    expect(telling(all)).toEqual({
      webhook: { url: 'https://ops.example/hook', key: Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64') },
      events: null,
      smtp: { url: 'smtps://me:pw@mail.example', from: 'naru@city.example' },
      mailTo: ['a@city.example', 'b@city.example'],
    });
    expect(telling({ ALARM_WEBHOOK_URL: 'http://127.0.0.1:9/', ALARM_WEBHOOK_SECRET }).webhook).not.toBeNull();
  });

  test('tells other programs what they asked for, all where they did not say', () => {
    const given = { EVENT_WEBHOOK_URL: 'https://billing.example/hook', EVENT_WEBHOOK_SECRET: ALARM_WEBHOOK_SECRET };
    expect(telling(given).events).toMatchObject({
      url: 'https://billing.example/hook',
      types: ['bill_run.done', 'bill.correction_due', 'use.changed'],
    });
    const some = { ...given, EVENT_WEBHOOK_TYPES: 'use.changed, bill_run.done' };
    expect(telling(some).events?.types).toEqual(['use.changed', 'bill_run.done']);
  });

  test.each([
    [{ EVENT_WEBHOOK_URL: 'https://billing.example' }, 'EVENT_WEBHOOK_SECRET'],
    [{ EVENT_WEBHOOK_TYPES: 'bill.paid' }, 'bill_run.done, bill.correction_due, use.changed'],
    [{ ALARM_WEBHOOK_URL: 'https://ops.example' }, 'ALARM_WEBHOOK_SECRET'],
    [{ ALARM_WEBHOOK_URL: 'http://ops.example', ALARM_WEBHOOK_SECRET }, 'https://'],
    [{ ALARM_WEBHOOK_SECRET: 'hunter2hunter2' }, 'whsec_'],
    [{ ALARM_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }, 'whsec_'],
    [{ SMTP_URL: 'smtp://mail.example' }, 'MAIL_FROM'],
    [{ SMTP_URL: 'mail.example', MAIL_FROM: 'a@b.example' }, 'smtps://'],
    [{ ALARM_MAIL_TO: 'a@city.example' }, 'SMTP_URL'],
    [{ ALARM_MAIL_TO: 'somebody' }, 'ALARM_MAIL_TO'],
  ])('%o is refused with what to write', (given, said) => {
    expect(() => telling(given)).toThrowError(expect.objectContaining({ detail: expect.stringContaining(said) }));
  });
});

// The issuer's keys in a transit engine, in the real service: it issues and rotates with them, and is away with the engine.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { City, type Instance, PATIENCE } from '../support/city.ts';
import { startTransitServer, type TransitServer } from '../support/transit-keys.ts';

const OPERATOR = 'operator-token-of-the-engine-in-this-test';

let city: City;
let engine: TransitServer;
let instance: Instance;
let settings: Record<string, string>;
beforeAll(async () => {
  engine = await startTransitServer();
  city = await City.open();
  settings = {
    ...{ NARU_OPERATOR_TOKEN: OPERATOR, ISSUER_KEYS_TRANSIT_URL: engine.url },
    ISSUER_KEYS_TRANSIT_TOKEN_FILE: engine.tokenFile,
  };
  instance = await city.start(settings);
}, 180_000);
afterAll(async () => {
  await city?.close();
  await engine?.stop();
});

interface Answer {
  status: number;
  code: string | undefined;
  credential: { proof: { verificationMethod: string } };
}

async function post(path: string, body: object): Promise<Answer> {
  const answer = await fetch(instance.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OPERATOR}` },
    body: JSON.stringify(body),
  });
  const { code, verifiableCredential } = (await answer.json()) as {
    code?: string;
    verifiableCredential: Answer['credential'];
  };
  return { status: answer.status, code, credential: verifiableCredential };
}

const issue = () =>
  post('/vc-api/credentials/issue', {
    credential: {
      '@context': ['https://www.w3.org/ns/credentials/v2', `${city.publicUrl}/contexts/v1`],
      type: ['VerifiableCredential', 'WaterAccountCredential'],
      credentialSubject: { service_point: 'SP-1', usage_class: 'domestic', role: 'owner', from: '2026-01-01' },
    },
    options: {},
  });
const verified = async (credential: object) =>
  (await post('/vc-api/credentials/verify', { verifiableCredential: credential, options: {} })).status;

test('while the engine refuses, what needs a signature is refused as away; all else goes on, and so does it afterwards', async () => {
  const before = await issue();
  expect(before.status).toBe(201);
  expect(await engine.signed()).toContainEqual(expect.stringMatching(/^naru-ed25519-/));

  const token = readFileSync(engine.tokenFile, 'utf8');
  writeFileSync(engine.tokenFile, 'a token that was revoked');
  const refused = await issue();
  const stillVerified = await verified(before.credential);
  writeFileSync(engine.tokenFile, token);
  expect(refused).toMatchObject({ status: 503, code: 'NOT_READY' });
  expect(stillVerified).toBe(200);
  expect((await issue()).status).toBe(201);
}, 120_000);

test('rotates to new keys in the engine, and does not start without it', async () => {
  const old = await issue();
  const rotated = await city.command(['issuer-keys', 'rotate'], settings);
  expect(rotated).toMatchObject({ code: 0, output: expect.stringContaining('#p256-2') });
  const method = async () => (await issue()).credential.proof.verificationMethod;
  await expect.poll(method, PATIENCE).toMatch(/#ed25519-2$/);
  expect(await verified(old.credential)).toBe(200);
  await instance.stop();
  const { ISSUER_KEYS_TRANSIT_URL: _url, ISSUER_KEYS_TRANSIT_TOKEN_FILE: _file, ...without } = settings;
  const refused = await city.startRefused(without);
  expect(refused).toMatchObject({ code: 2, output: expect.stringContaining('ISSUER_KEYS_TRANSIT_URL: missing') });
}, 180_000);

// The issuer's keys are rotated, and stolen, while the service runs: from the build, in processes of their own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { institutionValue } from '../../src/anchoring/anchor-keys.ts';
import { createDataIntegrity } from '../../src/identity/credentials/data-integrity.ts';
import { parseDidLogText } from '../../src/identity/dids/did-log.ts';
import { nodeVerify } from '../../src/identity/dids/did-service.ts';
import { issuerOf, newestDocument, rotatedIssuerDidLog } from '../../src/identity/dids/issuer-did.ts';
import { verifyDidLog } from '../../src/identity/dids/verify-did-log.ts';
import { anchorStep } from '../../src/identity/presenting/anchor-step.ts';
import { addIssuerKeys, issuerKeyFile, openIssuerKeys } from '../../src/identity/trust/issuer-keys-store.ts';
import { freePort } from '../../src/platform/free-port.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { testAuthority } from '../support/certificates.ts';
import { City, type Instance, PATIENCE } from '../support/city.ts';

const OPERATOR = 'operator-token-of-this-test-0123456789';
const settings = { NARU_OPERATOR_TOKEN: OPERATOR, CHAIN_CONFIRMATIONS: '1' };

interface Credential extends Record<string, unknown> {
  proof: { verificationMethod: string };
  credentialStatus: { statusListCredential: string; statusListIndex: string }[];
}

let city: City;
let instance: Instance;
beforeEach(async () => {
  city = await City.open();
  instance = await city.start(settings);
}, 120_000);
afterEach(() => city?.close());

async function post(path: string, body: object, at = instance) {
  const answer = await fetch(at.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OPERATOR}` },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const unsigned = () => ({
  '@context': ['https://www.w3.org/ns/credentials/v2', `${city.publicUrl}/contexts/v1`],
  type: ['VerifiableCredential', 'WaterAccountCredential'],
  credentialSubject: { service_point: 'SP-1', usage_class: 'domestic', role: 'owner', from: '2026-01-01' },
});

async function issue(at = instance): Promise<Credential> {
  const { status, body } = await post('/vc-api/credentials/issue', { credential: unsigned(), options: {} }, at);
  expect(status).toBe(201);
  return body.verifiableCredential as Credential;
}

/** `verified`, or the steps that failed. */
async function verdict(verifiableCredential: object): Promise<string[]> {
  const { status, body } = await post('/vc-api/credentials/verify', { verifiableCredential, options: {} });
  const trace = (body.trace ?? []) as { step: string; outcome: string; reason: string }[];
  const failed = trace.filter(({ outcome }) => outcome === 'failed').map(({ step, reason }) => `${step}: ${reason}`);
  expect(status).toBe(failed.length === 0 ? 200 : 400);
  return failed.length === 0 ? ['verified'] : failed;
}

const keyOf = ({ proof }: Credential) => proof.verificationMethod.replace(/^.*#/, '');

async function command(...args: string[]): Promise<string> {
  const { code, output } = await city.command(args, settings);
  expect(output).not.toContain('Error');
  expect(code).toBe(0);
  return output;
}

const publicLog = async () => parseDidLogText(await (await fetch(`${instance.url}/.well-known/did.jsonl`)).text());

describe("rotating the issuer's keys", () => {
  test('while two copies issue: what the old key signed verifies, the new key signs, nothing fails [faults 46]', async () => {
    const other = { HTTP_PORT: String(await freePort(0)), NARU_ROLES: 'api' };
    const copies = [instance, await city.start({ ...settings, ...other })];
    const old = await issue();
    expect(keyOf(old)).toBe('ed25519');

    let rotating = true;
    const meanwhile: Credential[] = [];
    const working = (async () => {
      while (rotating) for (const copy of copies) meanwhile.push(await issue(copy));
    })();
    expect(await command('issuer-keys', 'rotate')).toContain('#p256-2');
    for (const copy of copies) await expect.poll(async () => keyOf(await issue(copy)), PATIENCE).toBe('ed25519-2');
    rotating = false;
    await working;

    const recent = await issue();
    expect(keyOf(recent)).toBe('ed25519-2');
    expect(meanwhile.length).toBeGreaterThan(0);
    for (const credential of [old, recent, ...meanwhile.slice(0, 5), ...meanwhile.slice(-5)]) {
      expect(await verdict(credential)).toEqual(['verified']);
    }
    const [list = ''] = ((await (await fetch(`${instance.url}/status-lists`)).json()) as { status_lists: string[] })
      .status_lists;
    const token = await (await fetch(list.replace(city.publicUrl, instance.url))).text();
    expect(decodeProtectedHeader(token).kid).toMatch(/#p256-multikey-2$/);

    expect(await command('issuer-keys', 'list')).toMatch(/ed25519-2 +signs[\s\S]*ed25519 +verifies/);
    // The old secret halves are gone from the file, and a restart finds the new ones.
    const { generations } = await openIssuerKeys(
      issuerKeyFile(city.folder),
      city.environment.ISSUER_KEYS_PASSPHRASE ?? '',
    );
    expect(generations.map(({ number }) => number)).toEqual([2]);
    await instance.stop();
    instance = await city.start(settings);
    expect(keyOf(await issue())).toBe('ed25519-2');
    expect(await verdict(old)).toEqual(['verified']);
  }, 180_000);

  test('while it is down: the next start signs with the new key, and an auditor finds the log in order [faults 46]', async () => {
    const old = await issue();
    await instance.stop();
    await command('issuer-keys', 'rotate');
    instance = await city.start(settings);
    expect(keyOf(await issue())).toBe('ed25519-2');
    expect(await verdict(old)).toEqual(['verified']);
    const { versions } = await verifyDidLog(await publicLog(), { verify: nodeVerify });
    expect(versions).toHaveLength(2);
  }, 180_000);

  test('that an authority certified: the next certificate is taken up where it is in the file, else the DID goes on alone', async () => {
    const authority = await testAuthority('City authority');
    const [current, next] = [await command('issuer-keys', 'csr'), await command('issuer-keys', 'csr', '--next')];
    const file = join(city.folder, 'issuer.pem');
    const chains = [await authority.certify(current), await authority.certify(next)];
    writeFileSync(file, chains.join('\n'));
    const certified = { ...settings, ISSUER_CERTIFICATE_FILE: file };
    const x5c = async () => {
      const headers = { accept: 'application/jwt' };
      const answer = await fetch(`${instance.url}/.well-known/openid-credential-issuer`, { headers });
      return decodeProtectedHeader(await answer.text()).x5c;
    };
    const der = (pem = '') => [pem.replace(/-----[^-]+-----|\s/g, '')];
    expect(await x5c()).toBeUndefined();
    await instance.stop();
    instance = await city.start(certified);
    expect(await x5c()).toEqual(der(chains[0]));
    await command('issuer-keys', 'rotate');
    await expect.poll(x5c, PATIENCE).toEqual(der(chains[1]));
    await command('issuer-keys', 'revoke', 'p256-2', '--reason', 'the backup tape is missing');
    await expect.poll(x5c, PATIENCE).toBeUndefined();
    expect(instance.output()).toContain('holds no certificate of the key that signs now');

    writeFileSync(file, (await authority.issue('somebody else')).cert);
    await instance.stop();
    const refused = await city.startRefused(certified);
    expect(refused.output).toContain("holds no certificate of this issuer's key");
    expect(refused.code).not.toBe(0);
  }, 180_000);

  test('with a wrong passphrase changes nothing, and says so [faults 46]', async () => {
    const refused = await city.command(['issuer-keys', 'rotate'], {
      ...{ ...settings, ISSUER_KEYS_PASSPHRASE: 'the ferry lands at eight' },
    });
    expect(refused).toMatchObject({
      code: 2,
      output: expect.stringContaining('ISSUER_KEYS_PASSPHRASE: is not the one'),
    });
    expect(await publicLog()).toHaveLength(1);
    expect(keyOf(await issue())).toBe('ed25519');
  }, 120_000);
});

describe("stealing the issuer's keys", () => {
  const thief = mkdtempSync(join(tmpdir(), 'naru-thief-'));
  afterEach(() => rmSync(thief, { recursive: true, force: true }));

  /** Whoever has the file and the passphrase. */
  async function stolen() {
    const file = issuerKeyFile(city.folder);
    const ring = await openIssuerKeys(file, city.environment.ISSUER_KEYS_PASSPHRASE ?? '');
    const log = await publicLog();
    const issuer = issuerOf(newestDocument(log), ring);
    if (issuer === null) throw new Error('the keys are not those of the log');
    const sign = (status: object) =>
      createDataIntegrity({ issuer, publicUrl: city.publicUrl, randomBytes: systemRandom.bytes }).sign(
        { ...unsigned(), issuer: issuer.did, credentialStatus: status },
        Date.now(),
      );
    return { ring, log, issuer, sign };
  }

  test('what the records do not hold is refused before anybody knows, all that the key signed after [faults 47]', async () => {
    const genuine = await issue();
    const { sign } = await stolen();
    const [entry] = genuine.credentialStatus;
    const list = entry?.statusListCredential ?? '';
    const madeUp = await sign({
      ...{ id: `${list}#77`, type: 'BitstringStatusListEntry', statusPurpose: 'revocation' },
      ...{ statusListIndex: String((Number(entry?.statusListIndex) + 1) % 131_072), statusListCredential: list },
    });
    expect(await verdict(genuine)).toEqual(['verified']);
    expect(await verdict(madeUp)).toEqual(['status: STATUS_UNKNOWN']);
    const borrowed = await sign(genuine.credentialStatus);

    const output = await command('issuer-keys', 'revoke', 'ed25519', '--reason', 'the backup tape is missing');
    expect(output).toContain('Revoked ed25519. Keys of generation 2 sign.');
    for (const credential of [genuine, madeUp, borrowed]) {
      expect(await verdict(credential)).toContain('signature: SIGNATURE_KEY_UNKNOWN');
    }
    // Its fellow keys were not revoked and still verify; the new ones sign.
    await expect.poll(async () => keyOf(await issue()), PATIENCE).toBe('ed25519-2');
    const reissued = await issue();
    expect(await verdict(reissued)).toEqual(['verified']);
    expect(await command('issuer-keys', 'list')).toMatch(
      /p256 +verifies[\s\S]*ed25519 +revoked: the backup tape is missing/,
    );

    const affected = (await command('issuer-keys', 'affected', 'ed25519')).trim().split('\n');
    const rows = await city.sql<{ id: string }>(
      `SELECT id FROM identity.credential WHERE signing_key = 'ed25519' ORDER BY id`,
    );
    expect(affected).toEqual(rows.map(({ id }) => id));
    expect(affected.length).toBeGreaterThan(0);
  }, 180_000);

  test('a P-256 key goes under both of its names, and a second theft of it is no key that is known [faults 47]', async () => {
    await command('issuer-keys', 'revoke', 'p256-multikey', '--reason', 'seen in a log');
    const listed = newestDocument(await publicLog()).verificationMethod?.map(({ id }) => id.replace(/^.*#/, '')) ?? [];
    expect(listed).not.toContain('p256');
    expect(listed).not.toContain('p256-multikey');
    expect(listed).toContain('p256-2');
    const again = await city.command(['issuer-keys', 'revoke', 'p256', '--reason', 'x'], settings);
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining('NOT_FOUND') });
  }, 120_000);

  test('an entry that the thief adds to a copy of the log is not the one the chain holds [faults 47]', async () => {
    const { log, issuer, ring } = await stolen();
    const anchorOf = async () =>
      (
        (await (await fetch(`${instance.url}/1.0/identifiers/${encodeURIComponent(issuer.did)}`)).json()) as {
          didDocumentMetadata: { anchor: Anchor };
        }
      ).didDocumentMetadata.anchor;
    await expect.poll(async () => (await anchorOf())?.status, PATIENCE).toBe('final');
    const honest = await verifyDidLog(log, { verify: nodeVerify });
    expect(anchorStep(await anchorOf(), institutionValue(honest.entryHash))).toMatchObject({ reason: 'ANCHOR_FINAL' });

    const file = join(thief, 'keys.json');
    await openIssuerKeys(file, 'a passphrase of the thief');
    const own = (await addIssuerKeys(file, 'a passphrase of the thief', 1)).generations[1];
    if (own === undefined) throw new Error('no keys');
    expect(ring.generations).toHaveLength(1);
    const created = `${new Date().toISOString().slice(0, 19)}Z`;
    const forged = await rotatedIssuerDidLog({ log, issuer, next: own, revoked: [], created }, nodeVerify);
    const taken = await verifyDidLog(forged, { verify: nodeVerify });
    expect(taken.versions).toHaveLength(2);
    expect(anchorStep(await anchorOf(), institutionValue(taken.entryHash))).toMatchObject({
      ...{ outcome: 'failed', reason: 'ANCHOR_MISMATCH' },
    });
  }, 120_000);
});

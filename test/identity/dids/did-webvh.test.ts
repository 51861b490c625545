import { describe, expect, test } from 'vitest';
import { webCryptoSigner } from '../../../src/identity/dids/did-entry.ts';
import type { DidLog } from '../../../src/identity/dids/did-log.ts';
import { didLogText, parseDidLogText, readPersonEntries } from '../../../src/identity/dids/did-log.ts';
import { createPersonDidLog, didDomain, personId } from '../../../src/identity/dids/did-webvh.ts';
import { verifyDidLog } from '../../../src/identity/dids/verify-did-log.ts';

const CREATED = '2026-01-15T03:00:00Z';
const domain = 'localhost%3A8080';

async function person() {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  const signer = await webCryptoSigner(pair as CryptoKeyPair);
  const id = personId(crypto.getRandomValues(new Uint8Array(16)));
  return createPersonDidLog({ domain, pathPrefix: 'people', id, signer, created: CREATED });
}

function changed(log: DidLog, change: (entry: DidLog[number]) => void): DidLog {
  const copy = structuredClone(log);
  if (copy[0]) change(copy[0]);
  return copy;
}

const { did, log } = await person();
const [, , scid = ''] = did.split(':');

describe('a did:webvh log', () => {
  test('is made with a key that cannot be extracted, and verifies', async () => {
    const verified = await verifyDidLog(log);
    expect(verified).toMatchObject({ did, deactivated: false, created: CREATED });
    expect(verified.did).toMatch(/^did:webvh:Qm\w{44}:localhost%3A8080:people:[0-9a-f]{32}$/);
    expect(`1-${new TextDecoder().decode(verified.entryHash)}`).toBe(log[0]?.versionId);
    expect(verified.document?.assertionMethod).toEqual([`${did}#key-1`]);
  });

  test('comes back from its text unchanged', () => {
    expect(parseDidLogText(didLogText(log))).toEqual(log);
  });

  test.each([
    ['another key in the document', (e: DidLog[number]) => Object.assign(e.state, { verificationMethod: [] })],
    ['another path', (e: DidLog[number]) => Object.assign(e.state, { id: `${did}0` })],
    ['another time', (e: DidLog[number]) => Object.assign(e, { versionTime: '2026-01-15T03:00:01Z' })],
    ['a versionId that is not its hash', (e: DidLog[number]) => Object.assign(e, { versionId: `1-${scid}` })],
    [
      'another update key',
      (e: DidLog[number]) => {
        e.parameters.updateKeys = ['z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'];
      },
    ],
    ['no proof', (e: DidLog[number]) => Object.assign(e, { proof: [] })],
    ['a member nobody knows', (e: DidLog[number]) => Object.assign(e, { note: 'x' })],
    [
      'a witness, whose address would be followed',
      (e: DidLog[number]) =>
        Object.assign(e.parameters, { witness: { threshold: 1, witnesses: [{ id: 'did:key:z' }] } }),
    ],
  ])('is refused with %s', async (_what, change) => {
    await expect(verifyDidLog(changed(log, change))).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });

  test("is refused with another DID's proof", async () => {
    const other = await person();
    const forged = changed(log, (entry) => Object.assign(entry, { proof: other.log[0]?.proof }));
    await expect(verifyDidLog(forged)).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });

  test.each([[null], [[]], [{}], ['x'], [[null]]])('is refused where it is %j', async (bad) => {
    await expect(verifyDidLog(bad)).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });

  test('is refused where a line is not JSON', () => {
    expect(() => parseDidLogText('{"versionId":')).toThrowError(/DID_LOG_INVALID/);
  });
});

test("a person's document holds keys and nothing else", () => {
  const with_ = (more: object) => changed(log, (entry) => Object.assign(entry.state, more));
  expect(() => readPersonEntries(log)).not.toThrow();
  expect(() => readPersonEntries(with_({ alsoKnownAs: ['mailto:someone'] }))).toThrow(/DID_LOG_INVALID/);
});

test("a DID's domain has its port encoded", () => {
  expect(didDomain('http://localhost:8080')).toBe('localhost%3A8080');
  expect(didDomain('https://naru.example')).toBe('naru.example');
  for (const url of ['http://127.0.0.1:8080', 'http://[::1]:8080']) {
    expect(() => didDomain(url)).toThrowError(/SETTING_INVALID.*host name/);
  }
});

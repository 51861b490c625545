// Row 40: addresses in what strangers send that point inside. Contexts and related resources are never fetched, status
// lists from named hosts only, and never from an address inside a network.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { createForeignStatusLists } from '../../src/identity/presenting/foreign-status-list-port.ts';
import { createGuardedFetch } from '../../src/platform/http/guarded-fetch.ts';
import { failures, vcApiService } from '../support/vc-api-house.ts';
import { VC_CONTEXT, w3cSigner } from '../support/w3c-signer.ts';

const service = await vcApiService({ hosts: ['lists.example.org'] });
const peer = w3cSigner(service.publicUrl);
let asked = 0;
const inside = createServer((_request, response) => {
  asked += 1;
  response.setHeader('content-type', 'application/json').end('{"@context": {}}');
});
await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
afterAll(() => new Promise((resolve) => inside.close(resolve)));
const port = (inside.address() as AddressInfo).port;

const addresses = [
  `http://127.0.0.1:${port}/x`,
  `https://127.0.0.1:${port}/x`,
  `http://localhost:${port}/x`,
  `https://[::1]:${port}/x`,
  'http://169.254.169.254/latest/meta-data/',
  'https://10.0.0.1/x',
  'file:///etc/passwd',
  `https://lists.example.org@127.0.0.1:${port}/x`,
];
const credential = {
  ...{ '@context': [VC_CONTEXT] as unknown[], type: ['VerifiableCredential'], issuer: peer.did },
  credentialSubject: { id: 'did:example:subject' },
};

describe.each(addresses)('%s', (address) => {
  test('as a context is refused and not asked, by issuer and verifier, outside and inside of a context', async () => {
    for (const context of [address, { '@import': address }, { T: { '@id': 'urn:t', '@context': address } }]) {
      const what = { ...credential, '@context': [VC_CONTEXT, context] };
      const type = ['VerifiableCredential', 'https://example.org/#T'];
      expect((await service.issue({ ...what, type, T: { a: 1 } })).status).toBe(400);
      expect((await service.verify(await peer.issueAnyhow({ ...what, T: { a: 1 } }))).status).toBe(400);
    }
  });

  test('as a related resource or a schema is kept, and not asked', async () => {
    const relatedResource = { id: address, digestSRI: 'sha256-WZVc7WaX1h4D8rJVb+vlMIqxaEKEb1tYbX8fet7JJzQ=' };
    const credentialSchema = { id: address, type: 'https://example.org/#Schema' };
    const signed = await peer.issueAnyhow({ ...credential, relatedResource, credentialSchema });
    expect([200, 400]).toContain((await service.verify(signed)).status);
  });

  test('as a status list is refused and not asked', async () => {
    const entry = { type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '7' };
    const credentialStatus = { ...entry, statusListCredential: address };
    const answer = await service.verify(await peer.issueAnyhow({ ...credential, credentialStatus }));
    expect(failures(answer)).toEqual(['status: STATUS_HOST_NOT_ASKED']);
  });

  test('as an issuer is not asked, and the proof stands for itself; in a key it is refused', async () => {
    const issuer = await service.verify(await peer.issueAnyhow({ ...credential, issuer: address }));
    expect(issuer.body.trace).toContainEqual(expect.objectContaining({ step: 'issuer', outcome: 'not_checked' }));
    const key = await peer.issueAnyhow(credential, { verificationMethod: `${address}#key` });
    expect((await service.verify(key)).status).toBe(400);
  });
});

test('a named host whose name leads inside is refused [rebinding]', async () => {
  const fetchText = createGuardedFetch({
    hosts: ['lists.example.org'],
    lookup: (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const lists = createForeignStatusLists({ fetchText, clock: { now_ms: () => 0 } });
  expect(await lists.fetch(`https://lists.example.org:${port}/3`, { fresh_s: 120 })).toBe('STATUS_HOST_NOT_ASKED');
});

test('nothing inside was ever asked', () => expect(asked).toBe(0));

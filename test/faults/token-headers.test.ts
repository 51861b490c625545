// Row 35: tokens that choose their own algorithm or bring their own key, at every place that takes a W3C token.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { failures, vcApiService } from '../support/vc-api-house.ts';
import { base64url, VC_CONTEXT, w3cSigner } from '../support/w3c-signer.ts';

type Json = Record<string, unknown>;

const service = await vcApiService();
const peer = w3cSigner(service.publicUrl);
let followed = 0;
const trap = createServer((_request, response) => {
  followed += 1;
  response.end('{}');
});
await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
afterAll(() => new Promise((resolve) => trap.close(resolve)));
const address = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/keys`;

const credential = {
  ...{ '@context': [VC_CONTEXT], type: ['VerifiableCredential'], issuer: peer.did },
  credentialSubject: { id: 'did:example:subject' },
};
const presentation = { '@context': [VC_CONTEXT], type: ['VerifiablePresentation'], holder: peer.did, nonce: 'n' };

/** Takes a token at one of the places, and answers with the failed steps. */
const places: Record<string, { typ: string; payload: Json; send(token: string): Promise<string[]> }> = {
  'vc+jwt': {
    ...{ typ: 'vc+jwt', payload: credential },
    send: async (token) => failures(await service.verify(enveloped('Credential', `vc+jwt,${token}`))),
  },
  'vc+sd-jwt': {
    ...{ typ: 'vc+sd-jwt', payload: credential },
    send: async (token) => failures(await service.verify(enveloped('Credential', `vc+sd-jwt,${token}~`))),
  },
  'vp+jwt': {
    ...{ typ: 'vp+jwt', payload: presentation },
    send: async (token) =>
      failures(await service.verifyPresentation(enveloped('Presentation', `vp+jwt,${token}`), { challenge: 'n' })),
  },
  'a vc+jwt in a presentation': {
    ...{ typ: 'vc+jwt', payload: credential },
    send: async (token) => {
      const verifiableCredential = [enveloped('Credential', `vc+jwt,${token}`)];
      const signed = await peer.presentAnyhow({ ...presentation, nonce: undefined, verifiableCredential }, 'n', 'd');
      return failures(await service.verifyPresentation(signed, { challenge: 'n', domain: 'd' }));
    },
  },
};

function enveloped(what: 'Credential' | 'Presentation', data: string) {
  return { '@context': VC_CONTEXT, type: `EnvelopedVerifiable${what}`, id: `data:application/${data}` };
}

/** A token whose MAC is made with what everybody knows. */
function hmac(header: Json, payload: Json): string {
  const message = `${base64url(header)}.${base64url(payload)}`;
  return `${message}.${createHmac('sha256', peer.did).update(message).digest('base64url')}`;
}

const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const attacks: [string, (header: Json, payload: Json) => string, RegExp][] = [
  [
    'alg none',
    (header, payload) => `${base64url({ ...header, alg: 'none' })}.${base64url(payload)}.`,
    /FORMAT_ALGORITHM_REFUSED/,
  ],
  ['alg None', (header, payload) => peer.jws({ ...header, alg: 'None' }, payload), /FORMAT_ALGORITHM_REFUSED/],
  ['no alg', ({ alg: _alg, ...header }, payload) => peer.jws(header, payload), /FORMAT_ALGORITHM_REFUSED/],
  [
    'HS256 over the public key',
    (header, payload) => hmac({ ...header, alg: 'HS256' }, payload),
    /FORMAT_ALGORITHM_REFUSED/,
  ],
  [
    'an algorithm of another key',
    (header, payload) => peer.jws({ ...header, alg: 'ES256' }, payload),
    /SIGNATURE_INVALID/,
  ],
  ...Object.entries({ jku: address, x5u: address, jwk, x5c: ['MIIB'], crit: ['exp'], b64: false }).map(
    ([name, value]): (typeof attacks)[number] => [
      `the header ${name}`,
      (header, payload) => peer.jws({ ...header, [name]: value }, payload),
      /FORMAT_HEADER_REFUSED/,
    ],
  ),
  ...[
    '../../etc/passwd',
    '/etc/passwd',
    address,
    `file:///dev/null#${peer.did}`,
    `${peer.did}/../x#y`,
    "' OR 1=1 --",
  ].map((kid): (typeof attacks)[number] => [
    `the kid ${kid}`,
    (header, payload) => peer.jws({ ...header, kid }, payload),
    /FORMAT_HEADER_REFUSED/,
  ]),
  ['no kid', ({ kid: _kid, ...header }, payload) => peer.jws(header, payload), /FORMAT_HEADER_REFUSED/],
  [
    'a key of somebody else',
    (header, payload) =>
      peer.jws({ ...header, kid: 'did:key:z6MkhTNL7i2etLerDK8Acz5t528giE5KA4p75T6ka1E1D74r#x' }, payload),
    /PROOF_NOT_BY_ISSUER|HOLDER_KEY_UNKNOWN/,
  ],
  [
    'the typ of another token',
    (header, payload) => peer.jws({ ...header, typ: 'dc+sd-jwt' }, payload),
    /FORMAT_MALFORMED/,
  ],
];

describe.each(Object.entries(places))('at %s', (_place, { typ, payload, send }) => {
  const header = { alg: 'EdDSA', typ, kid: peer.keyId };

  test('a right token is taken', async () => expect(await send(peer.jws(header, payload))).toEqual([]));

  test.each(attacks)('%s is refused [RFC 8725, 3.1 to 3.11]', async (_what, forge, reason) => {
    const failed = await send(forge(header, payload));
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(reason);
  });
});

test('no address that a header named was ever asked', () => expect(followed).toBe(0));

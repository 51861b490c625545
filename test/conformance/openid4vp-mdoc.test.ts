// OpenID4VP 1.0's published examples of what an mdoc's device signs over, by both ways of asking.
// Source: OpenID4VP 1.0, B.2.6.1 and B.2.6.2.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cborDecode } from '@owf/mdoc';
import { encode } from 'cborg';
import type { JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { type MdocSession, sessionTranscript } from '../../src/identity/presenting/device-step.ts';
import { transcriptOf } from '../support/mdoc-device.ts';

interface Published {
  info: string;
  handover: string;
  session_transcript: string;
}
const { mdoc_handovers: vectors } = JSON.parse(
  readFileSync(new URL('vectors/openid4vp.json', import.meta.url), 'utf8'),
) as {
  mdoc_handovers: {
    jwk: JWK;
    nonce: string;
    redirect: Published & { client_id: string; response_uri: string };
    dc_api: Published & { origin: string };
  };
};
const { redirect, dc_api } = vectors;
const session: MdocSession = {
  ...{ nonce: vectors.nonce, clientId: redirect.client_id, responseUri: redirect.response_uri },
  ...{ origin: null, responseJwk: vectors.jwk },
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const transcript = async (change: Partial<MdocSession> = {}) =>
  hex((await sessionTranscript({ ...session, ...change })).encode());

describe.each([
  ['redirects [B.2.6.1]', redirect, {}],
  ['the Digital Credentials API [B.2.6.2]', dc_api, { origin: dc_api.origin }],
] as const)('the session of a request by %s', (_way, published, change) => {
  test('is the published one, to the byte', async () => {
    expect(await transcript(change)).toBe(published.session_transcript);
  });

  test('holds the published handover, whose hash is over the published parameters', () => {
    const info = Buffer.from(published.info, 'hex');
    const [, , handover] = cborDecode<[null, null, [string, Uint8Array]]>(
      Buffer.from(published.session_transcript, 'hex'),
    );
    expect(hex(encode(handover))).toBe(published.handover);
    expect(hex(handover[1])).toBe(createHash('sha256').update(info).digest('hex'));
    expect(cborDecode<string[]>(info)).toContain(vectors.nonce);
  });

  test.each<[string, Partial<MdocSession>]>([
    ['nonce', { nonce: `${vectors.nonce}x` }],
    ['key of the answer', { responseJwk: { ...vectors.jwk, x: vectors.jwk.y ?? '' } }],
    ['answer in the clear', { responseJwk: null }],
    ['client or page', { clientId: 'another', ...('origin' in change ? { origin: 'https://example.org' } : {}) }],
  ])('is another for another %s', async (_what, other) => {
    expect(await transcript({ ...change, ...other })).not.toBe(published.session_transcript);
  });

  test('is the one that the device in our other tests makes by itself', async () => {
    const { clientId: client_id, responseUri: response_uri, nonce } = session;
    const made = await transcriptOf({ ...{ client_id, response_uri, nonce, responseKey: vectors.jwk }, ...change });
    expect(hex(encode(made))).toBe(published.session_transcript);
  });
});

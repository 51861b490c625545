// OpenID4VCI 1.0's published examples, read by the wallet's own code: offers, the metadata of an issuer, a credential.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isSignedBy } from '../../src/identity/presenting/jws.ts';
import { readSdJwt } from '../../src/identity/presenting/sd-jwt-presentation.ts';
import type { CityService } from '../../web/wallet/core/city-service.ts';
import { readCredential } from '../../web/wallet/core/held-credential.ts';
import { configuration } from '../../web/wallet/core/offered-credential.ts';
import { resolveOffer } from '../../web/wallet/core/take-offer.ts';

type Json = Record<string, unknown>;
const read = (name: string) => JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'));
const vectors = read('openid4vci') as { offers: Record<string, Json>; metadata: Json; credential: string };
const ISSUER = 'https://credential-issuer.example.com';
const SERVER = 'https://server.example.com';
const TYPE = 'SD_JWT_VC_example_in_OpenID4VCI';

/** The examples' issuer and its authorization server, as far as they are published. */
function exampleIssuer(offer?: Json): CityService {
  const published: Record<string, Json | undefined> = {
    [`${ISSUER}/.well-known/openid-credential-issuer`]: vectors.metadata,
    [`${SERVER}/.well-known/oauth-authorization-server`]: { issuer: SERVER, token_endpoint: `${SERVER}/token` },
    [`${ISSUER}/credential-offer`]: offer,
  };
  return {
    url: ISSUER,
    fetch: async (input) => {
      const found = published[String(input)];
      return found === undefined ? new Response('', { status: 404 }) : Response.json(found);
    },
    owns: (address) => address.startsWith(ISSUER),
    findKey: async () => null,
  };
}
const byValue = (offer: Json) =>
  `openid-credential-offer://?credential_offer=${encodeURIComponent(JSON.stringify(offer))}`;
const resolve = (uri: string, offer?: Json) => resolveOffer(uri, exampleIssuer(offer), Date.UTC(2026, 0, 1));
/** One of the published offers, of the credential that the published metadata describe. */
const ofPublished = (name: string): Json => ({ ...vectors.offers[name], credential_configuration_ids: [TYPE] });

describe('credential offers [OID4VCI 4.1.1]', () => {
  test.each([
    ['multiple_credentials', { length: 4, input_mode: 'numeric', description: /sent via e-mail$/ }],
    ['pre_authorized_code', { length: null, input_mode: 'numeric', description: /mobile phone via SMS$/ }],
  ])('%s: tells the transaction code that is asked for', async (name, { length, input_mode, description }) => {
    const { tx_code } = await resolve(byValue(ofPublished(name)));
    expect(tx_code).toEqual({ length, input_mode, description: expect.stringMatching(description) });
  });

  test('is taken by reference as by value [OID4VCI 4.1.3]', async () => {
    const offer = ofPublished('multiple_credentials');
    const uri = `openid-credential-offer://?credential_offer_uri=${encodeURIComponent(`${ISSUER}/credential-offer`)}`;
    expect((await resolve(uri, offer)).types).toEqual((await resolve(byValue(offer))).types);
  });

  test.each([
    ['of credentials in formats that the wallet does not hold', vectors.offers.multiple_credentials],
    ['that needs the person to sign in', { ...ofPublished('authorization_code') }],
  ])('is refused in words where it is one %s', async (_what, offer) => {
    await expect(resolve(byValue(offer as Json))).rejects.toMatchObject({ code: 'OFFER_UNREADABLE' });
  });

  test('of two credentials, one of them known, is taken for that one and says what it leaves', async () => {
    const offer = {
      ...vectors.offers.multiple_credentials,
      credential_configuration_ids: [TYPE, 'org.iso.18013.5.1.mDL'],
    };
    const { types, left } = await resolve(byValue(offer));
    expect([types.map(({ id }) => id), left.map(({ id }) => id)]).toEqual([[TYPE], ['org.iso.18013.5.1.mDL']]);
  });

  test('without one of the two forms is none', async () => {
    await expect(resolve('openid-credential-offer://?')).rejects.toMatchObject({ code: 'OFFER_UNREADABLE' });
    const both = `${byValue(ofPublished('pre_authorized_code'))}&credential_offer_uri=${encodeURIComponent(ISSUER)}`;
    await expect(resolve(both)).rejects.toMatchObject({ code: 'OFFER_UNREADABLE' });
  });
});

describe('the metadata of an issuer of SD-JWT VCs [OID4VCI 12.2.4, A.3.2]', () => {
  test('name the issuer and the credential, in the language that the wallet has of those that are there', async () => {
    const { issuer_name, types } = await resolve(byValue(ofPublished('pre_authorized_code')));
    expect([issuer_name.en, types[0]?.name.en]).toEqual(['Example University', 'IdentityCredential']);
  });

  test('label its claims, by their first member', async () => {
    const { resolved } = await resolve(byValue(ofPublished('pre_authorized_code')));
    const { metadata } = resolved as { metadata: Parameters<typeof configuration>[0] };
    const { vct, labels } = configuration(metadata, TYPE);
    expect(vct).toBe(TYPE);
    expect(Object.fromEntries(Object.entries(labels).map(([name, { en }]) => [name, en]))).toMatchObject({
      given_name: 'Given Name',
      family_name: 'Surname',
      email: 'email',
      is_over_65: 'is_over_65',
    });
  });

  test('of another issuer than the offer names are not believed [OID4VCI 12.2.2]', async () => {
    const offer = { ...ofPublished('pre_authorized_code'), credential_issuer: `${ISSUER}/other` };
    await expect(resolve(byValue(offer))).rejects.toMatchObject({ code: 'OFFER_FROM_ELSEWHERE' });
  });
});

describe('the credential in a response [OID4VCI 8.3, A.3.4]', () => {
  const { credential } = vectors;

  test('is signed with the key that the examples of SD-JWT are signed with', () => {
    const sdJwt = readSdJwt(credential);
    const { issuer_key } = read('rfc9901') as { issuer_key: { kty: string; crv: string; x: string; y: string } };
    expect(sdJwt !== null && isSignedBy(sdJwt.jwt, issuer_key, 'ES256')).toBe(true);
  });

  test('is opened to the claims it was made of, bound to the published key', async () => {
    const content = await readCredential(credential);
    expect(content).toMatchObject({
      issuer: 'https://example.com/issuer',
      vct: 'https://credentials.example.com/identity_credential',
      issuedAt_s: 1_683_000_000,
      expiresAt_s: 1_883_000_000,
      claims: {
        given_name: 'John',
        family_name: 'Doe',
        birthdate: '1940-01-01',
        address: { street_address: '123 Main St', locality: 'Anytown', region: 'Anystate', country: 'US' },
        is_over_65: true,
      },
    });
  });

  test.each([
    ['a disclosure that its issuer did not make', (text: string) => text.replace('~WyIyR0xDNDJz', '~WyIyR0xDNDJx')],
    ['no end', (text: string) => text.slice(0, 200)],
  ])('with %s it does not say what it said', async (_what, change) => {
    const claims = await readCredential(change(credential)).then(
      (content) => content.claims,
      (error: { code: string }) => error.code,
    );
    expect(['CREDENTIAL_UNREADABLE', undefined]).toContain(typeof claims === 'string' ? claims : claims.given_name);
  });
});

// W3C presentations over OpenID4VP 1.0, appendix B.1: with Data Integrity proofs (ldp_vc) and in JWTs (jwt_vc_json), signed by
// the bare libraries, and each with what must be refused.
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { AskedFormat } from '../../src/identity/presenting/presentation-request.ts';
import { waterAccountClaims } from '../support/identity-city.ts';
import { portalHouse } from '../support/portal-house.ts';
import { type Asked, askedIn, formOf, post, requestObject } from '../support/presented-answer.ts';
import { VC_CONTEXT, w3cSigner } from '../support/w3c-signer.ts';

type Json = Record<string, unknown>;

const house = await portalHouse();
const { credentials, requests } = house.identity;
const holder = w3cSigner(house.publicUrl);
const stranger = w3cSigner(house.publicUrl);

const issue = (format: string, type = 'water-account', claims: Json = waterAccountClaims) =>
  credentials.issueInFormat({ type, claims, format, holder: { jwk: holder.jwk, did: holder.did } });

async function ask(format: AskedFormat, claims: { name: string; values?: string[] }[] = [{ name: 'role' }]) {
  const { request_id, authorization_request: link } = await requests.createPresentationRequest({
    ...{ verifier: 'portal', mode: 'cross_device', credentials: [{ type: 'water-account', format, claims }] },
  });
  return { request_id, link, asked: await askedIn(link) };
}

const send = async (asked: Asked, ...presentations: unknown[]) =>
  post(asked.response_uri, await formOf(asked, { vp_token: { water_account: presentations }, state: asked.state }));

/** The failed steps of the one verdict, `step: REASON`. */
async function failed(requestId: string): Promise<string[]> {
  const state = await requests.presentationState(requestId, 'portal');
  expect(state.state).toBe('refused');
  return (state.credentials ?? []).flatMap(({ trace }) =>
    trace.filter(({ outcome }) => outcome === 'failed').map(({ step, reason }) => `${step}: ${reason}`),
  );
}

const presentation = (signer: typeof holder, ...verifiableCredential: unknown[]) => ({
  ...{ '@context': [VC_CONTEXT], type: ['VerifiablePresentation'], holder: signer.did, verifiableCredential },
});

/** By a Data Integrity proof. */
const proved = (asked: Asked, credential: unknown, by = holder, change: { nonce?: string; domain?: string } = {}) =>
  by.present(presentation(by, credential), change.nonce ?? asked.nonce, change.domain ?? asked.client_id);

const enveloped = (token: string) => ({
  ...{ '@context': VC_CONTEXT, type: 'EnvelopedVerifiableCredential', id: `data:application/vc+jwt,${token}` },
});

/** By a JWT. */
const signed = (asked: Asked, token: string, by = holder, change: Json = {}) =>
  by.jws(
    { alg: 'EdDSA', typ: 'vp+jwt', cty: 'vp', kid: by.keyId },
    { ...presentation(by, enveloped(token)), nonce: asked.nonce, aud: asked.client_id, ...change },
  );

describe('ldp_vc [OID4VP B.1.3.2]', () => {
  test('is asked for by expanded types and paths into the subject, with the suites that are taken [B.1.1]', async () => {
    const { link } = await ask('ldp_vc');
    const { dcql_query, client_metadata } = decodeJwt<{ dcql_query: Json; client_metadata: Json }>(
      await requestObject(link),
    );
    expect(dcql_query.credentials).toEqual([
      {
        ...{ id: 'water_account', format: 'ldp_vc', multiple: false, require_cryptographic_holder_binding: true },
        meta: {
          type_values: [
            ['https://www.w3.org/2018/credentials#VerifiableCredential', 'urn:naru:vocab:WaterAccountCredential'],
          ],
        },
        claims: [{ path: ['credentialSubject', 'role'] }],
      },
    ]);
    expect(client_metadata.vp_formats_supported).toEqual({
      ldp_vc: {
        proof_type_values: ['DataIntegrityProof'],
        cryptosuite_values: expect.arrayContaining(['eddsa-rdfc-2022', 'ecdsa-rdfc-2019', 'bbs-2023']),
      },
    });
  });

  test.each(['eddsa-rdfc-2022', 'ecdsa-rdfc-2019', 'eddsa-jcs-2022'])(
    'shows a credential secured by %s',
    async (suite) => {
      const { credential, credentialId } = await issue(suite);
      const { request_id, asked } = await ask('ldp_vc');
      expect(await send(asked, await proved(asked, credential))).toEqual({ status: 200 });
      const found = await requests.collectPresentation(request_id, 'portal');
      // What was not asked for is not kept, though the whole credential was shown.
      expect(found).toMatchObject({ verified: true, credentials: [{ credential_id: credentialId }] });
      expect(found.credentials[0]?.claims).toEqual({ role: 'occupant' });
      expect(found.credentials[0]?.trace.map(({ step }) => step)).toHaveLength(8);
    },
  );

  test.each(['ecdsa-sd-2023', 'bbs-2023'])(
    'shows what is derived of one secured by %s, and only to its holder',
    async (suite) => {
      const { credential } = await issue(suite);
      const body = { verifiableCredential: credential, options: { selectivePointers: ['/credentialSubject/role'] } };
      const { verifiableCredential: derived } = (await house.browser().post('/vc-api/credentials/derive', body)).json();
      const attempt = async (what: unknown, by: typeof holder) => {
        const { request_id, asked } = await ask('ldp_vc');
        await send(asked, await proved(asked, what, by));
        return request_id;
      };
      expect(await requests.collectPresentation(await attempt(derived, holder), 'portal')).toMatchObject({
        ...{ verified: true, credentials: [{ claims: { role: 'occupant' } }] },
      });
      expect(await failed(await attempt(derived, stranger))).toEqual(['holder: HOLDER_NOT_SUBJECT']);
    },
  );

  test.each<[string, { nonce?: string; domain?: string }, string]>([
    ['another challenge than the nonce', { nonce: 'yesterday' }, 'holder: PROOF_CHALLENGE_WRONG'],
    ['another domain than the client id', { domain: 'x509_hash:other' }, 'holder: PROOF_DOMAIN_WRONG'],
  ])('is refused with %s [B.1.3.2.4]', async (_what, change, reason) => {
    const { credential } = await issue('eddsa-rdfc-2022');
    const { request_id, asked } = await ask('ldp_vc');
    expect(await send(asked, await proved(asked, credential, holder, change))).toMatchObject({ status: 400 });
    expect(await failed(request_id)).toEqual([reason]);
  });

  test('is refused where it was changed, revoked, or somebody else shows it', async () => {
    const { credential, credentialId } = await issue('eddsa-rdfc-2022');
    const own = credential as { credentialSubject: Json };
    const changed = { ...own, credentialSubject: { ...own.credentialSubject, role: 'owner' } };
    const attempt = async (what: unknown, by = holder) => {
      const { request_id, asked } = await ask('ldp_vc');
      expect(await send(asked, await proved(asked, what, by))).toMatchObject({ status: 400, error: 'access_denied' });
      return failed(request_id);
    };
    expect(await attempt(changed)).toEqual(['signature: SIGNATURE_INVALID']);
    expect(await attempt(credential, stranger)).toEqual(['holder: HOLDER_NOT_SUBJECT']);
    await credentials.revokeCredential(credentialId, 'moved away');
    expect(await attempt(credential)).toEqual(['status: CREDENTIAL_REVOKED']);
  });

  test('is refused where its holder is another than who signed, or nobody did', async () => {
    const { credential } = await issue('eddsa-rdfc-2022');
    const first = await ask('ldp_vc');
    const borrowed = await stranger.present(presentation(holder, credential), first.asked.nonce, first.asked.client_id);
    await send(first.asked, borrowed);
    expect(await failed(first.request_id)).toEqual(['holder: HOLDER_KEY_UNKNOWN']);
    const second = await ask('ldp_vc');
    await send(second.asked, presentation(holder, credential));
    expect(await failed(second.request_id)).toEqual(['format: FORMAT_MALFORMED']);
  });

  test('is refused where it is of another type, or holds more than the one credential', async () => {
    const resident = { family_name: '홍', given_name: '길동', birth_date: '1990-01-01', address_district: '중구' };
    const [one, other] = [await issue('eddsa-rdfc-2022'), await issue('eddsa-rdfc-2022', 'resident', resident)];
    const first = await ask('ldp_vc');
    await send(first.asked, await proved(first.asked, other.credential));
    expect(await failed(first.request_id)).toEqual(['format: TYPE_NOT_ASKED']);
    const second = await ask('ldp_vc');
    const both = presentation(holder, one.credential, other.credential);
    await send(second.asked, await holder.present(both, second.asked.nonce, second.asked.client_id));
    expect(await failed(second.request_id)).toEqual(['format: FORMAT_MALFORMED']);
  });

  test('leaves the request open where a value is another than was asked for [OID4VP 6.3]', async () => {
    const { credential } = await issue('eddsa-rdfc-2022');
    const { request_id, asked } = await ask('ldp_vc', [{ name: 'role', values: ['owner'] }]);
    expect(await send(asked, await proved(asked, credential))).toMatchObject({ status: 400, error: 'invalid_request' });
    expect((await requests.presentationState(request_id, 'portal')).state).toBe('waiting');
  });

  test('signs no texts and names no authorities, so that neither can be asked for with it', async () => {
    const [ko, en] = ['약관', 'Terms'];
    const order = { verifier: 'portal', mode: 'cross_device' as const };
    const wanted = { type: 'water-account', format: 'ldp_vc' as const, claims: [{ name: 'role' }] };
    const transactions = [{ title: { ko, en }, text: { ko, en } }];
    const refusal = { code: 'REQUEST_INVALID' };
    await expect(
      requests.createPresentationRequest({ ...order, credentials: [wanted], transactions }),
    ).rejects.toMatchObject(refusal);
    const trusted_authorities = [{ type: 'aki', values: ['AAAA'] }];
    await expect(
      requests.createPresentationRequest({ ...order, credentials: [{ ...wanted, trusted_authorities }] }),
    ).rejects.toMatchObject(refusal);
  });
});

describe('jwt_vc_json [OID4VP B.1.3.1], as VC-JOSE-COSE signs', () => {
  const token = async () => (await issue('vc+jwt')).credential as string;

  test('shows a credential in a token of the holder that names nonce and client', async () => {
    const { credential, credentialId } = await issue('vc+jwt');
    const { request_id, link, asked } = await ask('jwt_vc_json');
    expect(decodeJwt(await requestObject(link))).toMatchObject({
      dcql_query: { credentials: [{ format: 'jwt_vc_json', claims: [{ path: ['credentialSubject', 'role'] }] }] },
      client_metadata: {
        vp_formats_supported: { jwt_vc_json: { alg_values: ['ES256', 'ES384', 'EdDSA', 'Ed25519'] } },
      },
    });
    expect(await send(asked, signed(asked, credential as string))).toEqual({ status: 200 });
    expect(await requests.collectPresentation(request_id, 'portal')).toMatchObject({
      ...{ verified: true, credentials: [{ claims: { role: 'occupant' }, credential_id: credentialId }] },
    });
  });

  test.each<[string, Json, string]>([
    ['another nonce', { nonce: 'yesterday' }, 'holder: HOLDER_NONCE_WRONG'],
    ['no nonce', { nonce: undefined }, 'holder: HOLDER_NONCE_WRONG'],
    ['another audience', { aud: 'x509_hash:other' }, 'holder: HOLDER_AUDIENCE_WRONG'],
    ['an end in the past', { exp: 1_000_000_000 }, 'holder: HOLDER_PROOF_STALE'],
    ['a presentation inside `vp`', { vp: {} }, 'holder: HOLDER_PROOF_MALFORMED'],
  ])('is refused with %s', async (_what, change, reason) => {
    const { request_id, asked } = await ask('jwt_vc_json');
    expect(await send(asked, signed(asked, await token(), holder, change))).toMatchObject({ status: 400 });
    expect(await failed(request_id)).toEqual([reason]);
  });

  test('is refused where it was changed, revoked, or somebody else shows it', async () => {
    const attempt = async (what: (asked: Asked) => string) => {
      const { request_id, asked } = await ask('jwt_vc_json');
      await send(asked, what(asked));
      return failed(request_id);
    };
    const { credential, credentialId } = await issue('vc+jwt');
    const [header = '', payload = '', signature = ''] = (credential as string).split('.');
    const owner = Buffer.from(payload, 'base64url').toString().replace('occupant', 'owner');
    const changed = `${header}.${Buffer.from(owner).toString('base64url')}.${signature}`;
    expect(await attempt((asked) => signed(asked, changed))).toEqual(['signature: SIGNATURE_INVALID']);
    expect(await attempt((asked) => signed(asked, credential as string, stranger))).toEqual([
      'holder: HOLDER_NOT_SUBJECT',
    ]);
    await credentials.revokeCredential(credentialId, 'moved away');
    expect(await attempt((asked) => signed(asked, credential as string))).toEqual(['status: CREDENTIAL_REVOKED']);
  });

  test('is not answered by another format than was asked for', async () => {
    const { request_id, asked } = await ask('jwt_vc_json');
    await send(asked, await proved(asked, (await issue('eddsa-rdfc-2022')).credential));
    expect(await failed(request_id)).toEqual(['format: FORMAT_MALFORMED']);
    const other = await ask('ldp_vc');
    await send(other.asked, signed(other.asked, await token()));
    expect(await failed(other.request_id)).toEqual(['format: FORMAT_MALFORMED']);
  });
});

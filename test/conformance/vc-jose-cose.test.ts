// Securing Verifiable Credentials using JOSE and COSE, requirement by requirement, over HTTPS.
import { SDJwtInstance } from '@sd-jwt/core';
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { sdJwtHasher } from '../../src/identity/credentials/sd-jwt-vc.ts';
import { failures, OPERATOR_TOKEN, vcApiService } from '../support/vc-api-house.ts';
import { VC_CONTEXT, w3cSigner } from '../support/w3c-signer.ts';

type Json = Record<string, unknown>;

const service = await vcApiService();
const peer = w3cSigner(service.publicUrl);
const credential: Json = {
  '@context': [VC_CONTEXT, 'https://www.w3.org/ns/credentials/examples/v2'],
  id: 'urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008',
  type: ['VerifiableCredential', 'ExampleAlumniCredential'],
  validFrom: '2026-01-01T00:00:00Z',
  credentialSubject: { id: 'did:example:123', degree: 'Bachelor', alumniOf: { name: 'Example University' } },
};
const envelope = (id: string, type = 'EnvelopedVerifiableCredential') => ({ '@context': VC_CONTEXT, type, id });
const tokenOf = ({ id }: { id: string }) => id.slice(id.indexOf(',') + 1);

async function issued(format: 'vc+jwt' | 'vc+sd-jwt'): Promise<{ '@context': string; type: string; id: string }> {
  const answer = await service.issue(credential, { format });
  expect(answer.status).toBe(201);
  return answer.body.verifiableCredential;
}

const header = { alg: 'EdDSA', typ: 'vc+jwt', cty: 'vc', kid: peer.keyId };
const payload = { ...credential, issuer: peer.did };
const jwt = (members: Json = {}, claims: Json = {}) =>
  envelope(`data:application/vc+jwt,${peer.jws({ ...header, ...members }, { ...payload, ...claims })}`);

describe('credentials as JWTs [3.1.1]', () => {
  test('the payload is the credential, typ is vc+jwt, cty is vc, kid is the address of a key of the issuer', async () => {
    const enveloped = await issued('vc+jwt');
    expect(enveloped).toMatchObject({ '@context': VC_CONTEXT, type: 'EnvelopedVerifiableCredential' });
    expect(enveloped.id).toMatch(/^data:application\/vc\+jwt,ey/);
    const token = tokenOf(enveloped);
    expect(decodeProtectedHeader(token)).toEqual({
      ...{ alg: 'ES256', typ: 'vc+jwt', cty: 'vc', kid: service.issuer.p256KeyId },
    });
    expect(decodeJwt(token)).toEqual({
      ...credential,
      issuer: service.issuer.did,
      credentialStatus: ['revocation', 'suspension'].map((statusPurpose) =>
        expect.objectContaining({ type: 'BitstringStatusListEntry', statusPurpose }),
      ),
    });
    const key = await importJWK(service.issuer.keys.p256.publicJwk, 'ES256');
    await expect(compactVerify(token, key)).resolves.toBeDefined();
  });

  test('what was issued verifies, in its envelope and as the token alone', async () => {
    const enveloped = await issued('vc+jwt');
    for (const value of [enveloped, tokenOf(enveloped)]) {
      expect(failures(await service.verify(value))).toEqual([]);
    }
  });

  test('what somebody else signed verifies', async () => {
    const answer = await service.verify(jwt());
    expect([answer.status, failures(answer)]).toEqual([200, []]);
  });

  test('a term that no context defines is refused, by the issuer and by the verifier', async () => {
    const what = { ...credential, '@context': [VC_CONTEXT], type: ['VerifiableCredential'] };
    expect((await service.issue(what, { format: 'vc+jwt' })).status).toBe(400);
    const claims = { '@context': [VC_CONTEXT], type: ['VerifiableCredential'] };
    expect(failures(await service.verify(jwt({}, claims)))).toEqual(['format: TERM_UNDEFINED']);
  });

  test.each<[string, Json, Json, string]>([
    ['a changed payload', { alg: 'EdDSA' }, {}, 'signature: SIGNATURE_INVALID'],
    ['another typ', { typ: 'JWT' }, {}, 'format: FORMAT_MALFORMED'],
    ['no typ', { typ: undefined }, {}, 'format: FORMAT_MALFORMED'],
    ['another cty', { cty: 'vp' }, {}, 'format: FORMAT_MALFORMED'],
    ['the claim vc [3.1.3]', {}, { vc: credential }, 'format: FORMAT_MALFORMED'],
    ['the claim vp [3.1.3]', {}, { vp: {} }, 'format: FORMAT_MALFORMED'],
    ['an iss that is not the issuer [3.1.3]', {}, { iss: 'did:example:other' }, 'format: FORMAT_MALFORMED'],
    ['an iss in the header that is not the issuer', { iss: 'did:example:other' }, {}, 'format: FORMAT_MALFORMED'],
    ['a sub that is not the subject [3.1.3]', {}, { sub: 'did:example:other' }, 'format: FORMAT_MALFORMED'],
    ['a jti that is not the id [3.1.3]', {}, { jti: 'urn:other' }, 'format: FORMAT_MALFORMED'],
    ['an exp that has passed [3.1.3]', {}, { exp: 1_600_000_000 }, 'validity: CREDENTIAL_EXPIRED'],
    ['an iat that is a text', {}, { iat: 'now' }, 'format: FORMAT_MALFORMED'],
    ['an issuer who is not of the key', {}, { issuer: 'did:example:other' }, 'signature: PROOF_NOT_BY_ISSUER'],
    ['a credential that does not conform', {}, { credentialSubject: {} }, 'format: FORMAT_MALFORMED'],
    ['a proof inside', {}, { proof: { type: 'DataIntegrityProof' } }, 'format: FORMAT_MALFORMED'],
  ])('refuses %s', async (what, members, claims, reason) => {
    const value = jwt(members, claims);
    const [head, body, signature] = tokenOf(value).split('.');
    const changed = what === 'a changed payload' ? `${head}.${body?.replace(/.$/, 'w')}.${signature}` : tokenOf(value);
    const found = failures(await service.verify(envelope(`data:application/vc+jwt,${changed}`)));
    expect(what === 'a changed payload' ? found.length : found).toEqual(what === 'a changed payload' ? 1 : [reason]);
  });

  test('registered claims that agree are taken', async () => {
    const claims = { iss: peer.did, sub: 'did:example:123', jti: credential.id, iat: 1_760_000_000 };
    expect(failures(await service.verify(jwt({ iss: peer.did }, claims)))).toEqual([]);
  });
});

describe('credentials as SD-JWTs [3.2.1]', () => {
  test('what verifying needs is shown, and every claim of the subject can be kept back', async () => {
    const enveloped = await issued('vc+sd-jwt');
    expect(enveloped.id).toMatch(/^data:application\/vc\+sd-jwt,ey.*~$/);
    const [token = '', ...disclosures] = tokenOf(enveloped).split('~');
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'vc+sd-jwt', cty: 'vc' });
    const { credentialSubject, ...shown } = decodeJwt<{ credentialSubject: Json }>(token);
    expect(Object.keys(shown)).toEqual(
      expect.arrayContaining(['@context', 'type', 'issuer', 'validFrom', 'credentialStatus']),
    );
    expect(Object.keys(credentialSubject).toSorted()).toEqual(['_sd', 'id']);
    expect(disclosures.filter((one) => one !== '')).toHaveLength(2);
  });

  test('verifies with all of its disclosures, with some, and with none', async () => {
    const [token = '', ...disclosures] = tokenOf(await issued('vc+sd-jwt'))
      .split('~')
      .slice(0, -1);
    for (const some of [disclosures, disclosures.slice(1), []]) {
      const value = envelope(`data:application/vc+sd-jwt,${[token, ...some].join('~')}~`);
      const answer = await service.verify(value, { returnCredential: true });
      expect(failures(answer)).toEqual([]);
      expect(Object.keys(answer.body.credential.credentialSubject)).toHaveLength(1 + some.length);
    }
  });

  test.each<[string, (token: string, disclosures: string[]) => string, string]>([
    ['a disclosure twice', (token, [one]) => `${token}~${one}~${one}~`, 'disclosures: DISCLOSURE_DUPLICATE'],
    [
      'a disclosure nobody signed',
      (token) => `${token}~${Buffer.from('["c2FsdA","degree","Doctor"]').toString('base64url')}~`,
      'disclosures: DISCLOSURE_UNKNOWN',
    ],
    ['no tilde at its end', (token, [one]) => `${token}~${one}`, 'format: FORMAT_MALFORMED'],
  ])('refuses %s [RFC 9901, 7.1]', async (_what, change, reason) => {
    const [token = '', ...disclosures] = tokenOf(await issued('vc+sd-jwt'))
      .split('~')
      .slice(0, -1);
    const value = envelope(`data:application/vc+sd-jwt,${change(token, disclosures)}`);
    expect(failures(await service.verify(value))).toEqual([reason]);
  });

  test('refuses one whose status could have been kept back', async () => {
    const instance = new SDJwtInstance<Json>({
      ...{ signAlg: 'EdDSA', hashAlg: 'sha-256', hasher: sdJwtHasher, saltGenerator: () => 'c2FsdHNhbHRzYWx0' },
      signer: (data) => {
        const [head = '', body = ''] = data.split('.');
        const open = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
        return peer.jws(open(head), open(body)).split('.')[2] ?? '';
      },
    });
    const frame = { _sd: ['validFrom'] } as never;
    const token = await instance.issue(payload, frame, { header: { ...header, typ: 'vc+sd-jwt' } });
    expect(failures(await service.verify(envelope(`data:application/vc+sd-jwt,${token}`)))).toEqual([
      'disclosures: DISCLOSURE_MALFORMED',
    ]);
  });
});

describe('envelopes [VC Data Model 2.0, 4.13.1 and 4.13.2]', () => {
  test.each<[string, (value: Json) => Json]>([
    ['no context', ({ '@context': _context, ...rest }) => rest],
    ['an empty context', (value) => ({ ...value, '@context': [] })],
    ['another context', (value) => ({ ...value, '@context': 'https://www.w3.org/ns/credentials/examples/v2' })],
    ['an id that is no data: URL', (value) => ({ ...value, id: tokenOf(value as { id: string }) })],
    ['another media type', (value) => ({ ...value, id: (value.id as string).replace('vc+jwt', 'jwt') })],
    ['no type', ({ type: _type, ...rest }) => rest],
    ['another type', (value) => ({ ...value, type: ['VerifiableCredential'] })],
    ['the type of a presentation', (value) => ({ ...value, type: 'EnvelopedVerifiablePresentation' })],
  ])('refuses %s', async (_what, change) => {
    expect((await service.verify(change(jwt()))).status).toBe(400);
  });

  const challenge = 'n-0S6_WzA2Mj';
  const domain = 'verifier.example';
  const vp = (claims: Json = {}, members: Json = {}) =>
    envelope(
      `data:application/vp+jwt,${peer.jws(
        { alg: 'EdDSA', typ: 'vp+jwt', cty: 'vp', kid: peer.keyId, ...members },
        {
          ...{ '@context': [VC_CONTEXT], type: ['VerifiablePresentation'], holder: peer.did },
          ...{ verifiableCredential: [jwt()], nonce: challenge, aud: domain, ...claims },
        },
      )}`,
      'EnvelopedVerifiablePresentation',
    );

  test('a presentation in an envelope verifies, with the credentials in it [3.1.2]', async () => {
    const answer = await service.verifyPresentation(vp(), { challenge, domain });
    expect([answer.status, failures(answer)]).toEqual([200, []]);
    expect(answer.body.credentialResults).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ['another nonce', vp({ nonce: 'other' }), 'holder: HOLDER_NONCE_WRONG'],
    ['another audience', vp({ aud: 'other' }), 'holder: HOLDER_AUDIENCE_WRONG'],
    ['another holder', vp({ holder: 'did:example:other' }), 'holder: HOLDER_KEY_UNKNOWN'],
    ['an iss that is not the holder', vp({ iss: 'did:example:other' }), 'holder: HOLDER_PROOF_MALFORMED'],
    ['a time that has passed', vp({ exp: 1_600_000_000 }), 'holder: HOLDER_PROOF_STALE'],
    ['the typ of a credential', vp({}, { typ: 'vc+jwt' }), 'format: FORMAT_MALFORMED'],
    [
      'a credential that does not verify',
      vp({ verifiableCredential: [jwt({}, { iss: 'did:example:x' })] }),
      'format: FORMAT_MALFORMED',
    ],
  ])('refuses a presentation with %s', async (_what, value, reason) => {
    expect(failures(await service.verifyPresentation(value, { challenge, domain }))).toEqual([reason]);
  });

  test('a presentation with a proof may hold a credential in an envelope', async () => {
    const presentation = { '@context': [VC_CONTEXT], type: ['VerifiablePresentation'], verifiableCredential: [jwt()] };
    const signed = await peer.present(presentation, challenge, domain);
    expect(failures(await service.verifyPresentation(signed, { challenge, domain }))).toEqual([]);
  });
});

test('a credential in an envelope can be revoked by its id, and is refused then [VC API 3.2.2]', async () => {
  const id = 'urn:uuid:0b2a0e0e-6f0a-4d62-9c5c-4f6d4b6a6c11';
  const { body } = await service.issue({ ...credential, id }, { format: 'vc+jwt' });
  const change = {
    credentialId: id,
    credentialStatus: { type: 'BitstringStatusListEntry', statusPurpose: 'revocation' },
  };
  expect((await service.post('/vc-api/credentials/status', change)).status).toBe(401);
  const authorization = `Bearer ${OPERATOR_TOKEN}`;
  expect((await service.post('/vc-api/credentials/status', change, { authorization })).status).toBe(200);
  expect(failures(await service.verify(body.verifiableCredential))).toEqual(['status: CREDENTIAL_REVOKED']);
});

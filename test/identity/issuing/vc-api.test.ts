import type { FastifyInstance } from 'fastify';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { naruContextUrl } from '../../../src/identity/credentials/json-ld.ts';
import { type IdentityWorld, identityWorld, publicUrl, START_ms } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
let world: IdentityWorld;
let server: FastifyInstance;
beforeAll(async () => {
  world = await identityWorld(pool);
  server = await world.startHttp();
});
beforeEach(() => {
  world.clock.time_ms = START_ms;
  world.chain.fault = {};
});

type Credential = Record<string, unknown> & { proof?: Record<string, unknown> };

const unsigned = {
  '@context': ['https://www.w3.org/ns/credentials/v2', naruContextUrl(publicUrl)],
  type: ['VerifiableCredential', 'WaterAccountCredential'],
  validFrom: '2026-01-01T00:00:00Z',
  credentialSubject: {
    id: 'did:example:kim',
    service_point: 'SP-000123',
    usage_class: 'domestic',
    role: 'owner',
    from: '2026-01-01',
  },
};

function post(url: string, payload: object, authorization = 'Bearer clerk') {
  return server.inject({ method: 'POST', url, payload, headers: { authorization } });
}

function issue(credential: object) {
  return post('/vc-api/credentials/issue', { credential, options: {} });
}

async function issued(): Promise<Credential> {
  return (await issue(unsigned)).json().verifiableCredential;
}

function verify(verifiableCredential: object) {
  return post('/vc-api/credentials/verify', { verifiableCredential, options: {} }, '');
}

function failedSteps(answer: { json(): unknown }): string[] {
  const { trace } = answer.json() as { trace: { step: string; outcome: string; reason: string }[] };
  return trace.flatMap(({ step, outcome, reason }) => (outcome === 'failed' ? [`${step}: ${reason}`] : []));
}

describe('issuing over the VC-API', () => {
  test('answers 201 with a proof, an issuer and a status entry, and the credential verifies', async () => {
    const answer = await issue(unsigned);
    expect(answer.statusCode).toBe(201);
    const { verifiableCredential } = answer.json();
    expect(verifiableCredential).toMatchObject({
      ...unsigned,
      issuer: world.issuer.did,
      credentialStatus: [
        { type: 'BitstringStatusListEntry', statusPurpose: 'revocation' },
        { type: 'BitstringStatusListEntry', statusPurpose: 'suspension' },
      ],
      proof: {
        type: 'DataIntegrityProof',
        cryptosuite: 'eddsa-rdfc-2022',
        verificationMethod: world.issuer.ed25519KeyId,
        proofPurpose: 'assertionMethod',
      },
    });
    const verified = await verify(verifiableCredential);
    expect([verified.statusCode, verified.json().verified]).toEqual([200, true]);
  });

  test('keeps an issuer that is an object with the right id', async () => {
    const answer = await issue({ ...unsigned, issuer: { id: world.issuer.did, name: 'A city' } });
    expect(answer.json().verifiableCredential.issuer).toEqual({ id: world.issuer.did, name: 'A city' });
  });

  test('issues as itself, whoever it is asked to name: it signs for nobody else [VC API 3.2.1]', async () => {
    const text = await issue({ ...unsigned, issuer: 'did:example:other' });
    expect(text.json().verifiableCredential.issuer).toBe(world.issuer.did);
    const object = await issue({ ...unsigned, issuer: { id: 'did:example:other', name: 'A city' } });
    expect(object.json().verifiableCredential.issuer).toEqual({ id: world.issuer.did, name: 'A city' });
  });

  test('is closed to those who may not issue', async () => {
    const answer = await post('/vc-api/credentials/issue', { credential: unsigned }, 'Bearer somebody');
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_SIGNED_IN']);
  });

  const { credentialSubject, ...withoutSubject } = unsigned;
  test.each<[string, object]>([
    ['no @context', { ...unsigned, '@context': undefined }],
    [
      'an @context that does not begin with that of VC 2.0',
      { ...unsigned, '@context': [...unsigned['@context']].reverse() },
    ],
    [
      'an @context that is not bundled',
      { ...unsigned, '@context': [...unsigned['@context'], 'https://evil.example/c'] },
    ],
    [
      'an @context of VC 1.1',
      { ...unsigned, '@context': [...unsigned['@context'], 'https://www.w3.org/2018/credentials/v1'] },
    ],
    ['no type', { ...unsigned, type: undefined }],
    ['a type without VerifiableCredential', { ...unsigned, type: ['WaterAccountCredential'] }],
    ['an id that is no URL', { ...unsigned, id: 'not a url' }],
    ['two ids', { ...unsigned, id: ['urn:a:1', 'urn:a:2'] }],
    ['an issuer that is no URL', { ...unsigned, issuer: 'me' }],
    ['no subject', withoutSubject],
    ['an empty subject', { ...unsigned, credentialSubject: {} }],
    ['a subject that is text', { ...unsigned, credentialSubject: 'kim' }],
    ['a subject whose id is no URL', { ...unsigned, credentialSubject: { ...credentialSubject, id: 'kim' } }],
    ['a time without a zone', { ...unsigned, validFrom: '2026-01-01T00:00:00' }],
    ['an end before its beginning', { ...unsigned, validUntil: '2025-01-01T00:00:00Z' }],
    ['a status without a type', { ...unsigned, credentialStatus: { id: 'urn:x:1' } }],
    ['a schema without an id', { ...unsigned, credentialSchema: { type: 'JsonSchema' } }],
    ['a proof', { ...unsigned, proof: { type: 'DataIntegrityProof' } }],
    ['a claim that no context defines', { ...unsigned, credentialSubject: { ...credentialSubject, shoe_size: 42 } }],
  ])('refuses %s with 400 and a problem', async (_what, credential) => {
    const answer = await issue(credential);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'CREDENTIAL_INVALID']);
    expect(answer.body).not.toContain('SP-000123');
  });

  test('records nothing of what it refuses', async () => {
    const count = async () => (await pool.query('SELECT count(*) AS n FROM identity.credential')).rows[0]?.n;
    const before = await count();
    await issue({ ...unsigned, credentialSubject: { ...credentialSubject, shoe_size: 42 } });
    expect(await count()).toBe(before);
  });
});

describe('verifying over the VC-API', () => {
  test('passes or leaves open every step of a good credential', async () => {
    const { trace } = (await verify(await issued())).json();
    expect(trace.map((step: { step: string; outcome: string }) => [step.step, step.outcome])).toEqual([
      ['format', 'passed'],
      ['signature', 'passed'],
      ['issuer', 'passed'],
      ['status', 'passed'],
      ['validity', 'passed'],
      ['holder', 'not_checked'],
      ['disclosures', 'not_checked'],
      ['anchor', 'passed'],
    ]);
  });

  const proofOf = (credential: Credential) => credential.proof ?? {};
  test.each<[string, (credential: Credential) => object, string]>([
    [
      'a changed claim',
      (c) => ({ ...c, credentialSubject: { ...(c.credentialSubject as object), role: 'occupant' } }),
      'signature: SIGNATURE_INVALID',
    ],
    ['a changed validity', (c) => ({ ...c, validFrom: '2025-01-01T00:00:00Z' }), 'signature: SIGNATURE_INVALID'],
    ['a type taken away', (c) => ({ ...c, type: ['VerifiableCredential'] }), 'signature: SIGNATURE_INVALID'],
    [
      'an added term',
      (c) => ({ ...c, credentialSubject: { ...(c.credentialSubject as object), shoe_size: 42 } }),
      'signature: SIGNATURE_INVALID',
    ],
    [
      'a context that gives a term another meaning',
      (c) => ({ ...c, '@context': [...(c['@context'] as unknown[]), { role: 'urn:evil:role' }] }),
      'signature: SIGNATURE_INVALID',
    ],
    [
      'the context left out',
      (c) => ({ ...c, '@context': [(c['@context'] as unknown[])[0]] }),
      'signature: SIGNATURE_INVALID',
    ],
    [
      'another time of the proof',
      (c) => ({ ...c, proof: { ...proofOf(c), created: '2026-01-01T00:00:00Z' } }),
      'signature: SIGNATURE_INVALID',
    ],
    [
      'a key that is not for assertions of this issuer',
      (c) => ({ ...c, proof: { ...proofOf(c), verificationMethod: `${world.issuer.did}#other` } }),
      'signature: SIGNATURE_KEY_UNKNOWN',
    ],
    [
      'a key of somebody else',
      (c) => ({ ...c, proof: { ...proofOf(c), verificationMethod: 'did:example:1#key' } }),
      'signature: PROOF_NOT_BY_ISSUER',
    ],
    [
      "a key of the issuer's that is not of the suite's kind",
      (c) => ({ ...c, proof: { ...proofOf(c), verificationMethod: world.issuer.p384KeyId } }),
      'signature: PROOF_KEY_KIND_WRONG',
    ],
    [
      "a key of the issuer's that is a JWK",
      (c) => ({ ...c, proof: { ...proofOf(c), verificationMethod: world.issuer.p256KeyId } }),
      'signature: PROOF_METHOD_NOT_MULTIKEY',
    ],
    ['no proof', (c) => ({ ...c, proof: undefined }), 'format: FORMAT_MALFORMED'],
    [
      'a second proof that does not hold',
      (c) => ({ ...c, proof: [c.proof, { ...proofOf(c), created: '2026-01-01T00:00:00Z' }] }),
      'signature: SIGNATURE_INVALID',
    ],
    [
      'a proof for another purpose',
      (c) => ({ ...c, proof: { ...proofOf(c), proofPurpose: 'authentication' } }),
      'format: FORMAT_MALFORMED',
    ],
    [
      'a proof of another suite',
      (c) => ({ ...c, proof: { ...proofOf(c), cryptosuite: 'eddsa-2022' } }),
      'signature: PROOF_SUITE_UNKNOWN',
    ],
    [
      'a proof that hangs on another',
      (c) => ({ ...c, proof: { ...proofOf(c), previousProof: 'urn:x:1' } }),
      'signature: PROOF_PREVIOUS_MISSING',
    ],
    [
      'a context from outside',
      (c) => ({ ...c, '@context': [...(c['@context'] as unknown[]), 'https://evil.example/c'] }),
      'format: CONTEXT_UNKNOWN',
    ],
  ])('refuses %s with 400, a problem and the trace', async (_what, change, reason) => {
    const answer = await verify(change(await issued()));
    expect([answer.statusCode, answer.json().code, answer.json().verified]).toEqual([400, 'CREDENTIAL_REFUSED', false]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(failedSteps(answer)).toEqual([reason]);
  });

  test('refuses an issuer nobody trusts', async () => {
    const answer = await verify({ ...(await issued()), issuer: 'did:example:other' });
    expect(failedSteps(answer)).toEqual(['signature: PROOF_NOT_BY_ISSUER', 'issuer: ISSUER_NOT_TRUSTED']);
  });

  test('refuses it once it is revoked', async () => {
    const credential = await issued();
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM identity.credential ORDER BY issued_at DESC, id');
    for (const { id } of rows) await world.issuing.revokeCredential(id, 'moved away');
    expect(failedSteps(await verify(credential))).toEqual(['status: CREDENTIAL_REVOKED']);
  });

  describe('a suspension, over the VC-API [VC API 3.2.2]', () => {
    const change = (credentialId: string, purposes: string[], status: boolean) => {
      const credentialStatus = purposes.map((statusPurpose) => ({ type: 'BitstringStatusListEntry', statusPurpose }));
      return post('/vc-api/credentials/status', { credentialId, credentialStatus, status });
    };
    const named = async () => {
      const { verifiableCredential, credentialId } = (await issue(unsigned)).json();
      return { verifiableCredential, id: credentialId as string };
    };

    test('is set, refused while it lasts, and ended', async () => {
      const { verifiableCredential, id } = await named();
      expect((await change(id, ['suspension'], true)).statusCode).toBe(200);
      expect(failedSteps(await verify(verifiableCredential))).toEqual(['status: CREDENTIAL_SUSPENDED']);
      expect((await change(id, ['suspension'], false)).statusCode).toBe(200);
      expect(failedSteps(await verify(verifiableCredential))).toEqual([]);
    });

    test.each([true, false])('is final once it is revoked, for a status of %s', async (status) => {
      const { verifiableCredential, id } = await named();
      expect((await change(id, ['suspension', 'revocation'], true)).statusCode).toBe(200);
      expect(failedSteps(await verify(verifiableCredential))).toEqual(['status: CREDENTIAL_REVOKED']);
      const refused = await change(id, ['suspension'], status);
      expect([refused.statusCode, refused.json().code]).toEqual([409, 'CREDENTIAL_STATUS_FINAL']);
    });

    test('is not ended by a request that also asks to take a revocation back', async () => {
      const { verifiableCredential, id } = await named();
      await change(id, ['suspension'], true);
      const refused = await change(id, ['suspension', 'revocation'], false);
      expect([refused.statusCode, refused.json().code]).toEqual([409, 'CONFLICT']);
      expect(failedSteps(await verify(verifiableCredential))).toEqual(['status: CREDENTIAL_SUSPENDED']);
    });

    test('is one of the two purposes there are', async () => {
      const { id } = await named();
      expect((await change(id, ['refresh'], true)).statusCode).toBe(400);
      expect((await change(id, [], true)).statusCode).toBe(400);
    });
  });

  test.each([
    ['over', { validUntil: '2026-01-10T00:00:00Z' }, 'validity: CREDENTIAL_EXPIRED'],
    ['to come', { validFrom: '2026-02-01T00:00:00+09:00' }, 'validity: CREDENTIAL_NOT_YET_VALID'],
  ])('refuses one whose validity is %s, and its signature still passes', async (_what, times, reason) => {
    const { verifiableCredential } = (await issue({ ...unsigned, ...times })).json();
    expect(failedSteps(await verify(verifiableCredential))).toEqual([reason]);
  });

  test('takes one that names no validity', async () => {
    const { validFrom: _validFrom, ...always } = unsigned;
    const { verifiableCredential } = (await issue(always)).json();
    expect((await verify(verifiableCredential)).statusCode).toBe(200);
  });

  test.each([{}, { verifiableCredential: null }, { verifiableCredential: 'x' }])('answers 400 to %j', async (body) => {
    expect((await post('/vc-api/credentials/verify', body)).statusCode).toBe(400);
  });

  test('serves the context that its credentials name', async () => {
    const answer = await server.inject('/contexts/v1');
    expect(answer.headers['content-type']).toContain('application/ld+json');
    expect(answer.json()['@context']).toHaveProperty('WaterAccountCredential');
  });
});

test('every address of identity is described in OpenAPI', async () => {
  const { paths } = (await server.inject('/openapi.json')).json();
  for (const operations of Object.values<Record<string, { summary?: string }>>(paths)) {
    for (const { summary } of Object.values(operations)) expect(summary).toMatch(/^[A-Z]/);
  }
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/dids', '/1.0/identifiers/{did}', '/status-lists/{id}', '/vc-api/credentials/issue']),
  );
});

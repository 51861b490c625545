// Verifiable Credentials Data Model 2.0, requirement by requirement, asked over HTTPS as the W3C's test suite does it.
import { describe, expect, test } from 'vitest';
import { failures, vcApiService } from '../support/vc-api-house.ts';
import { VC_CONTEXT, w3cSigner } from '../support/w3c-signer.ts';

type Json = Record<string, unknown>;

const service = await vcApiService();
const peer = w3cSigner(service.publicUrl);
const EXAMPLES = 'https://www.w3.org/ns/credentials/examples/v2';

const credential: Json = {
  '@context': [VC_CONTEXT],
  type: ['VerifiableCredential'],
  credentialSubject: { id: 'did:example:subject' },
};
const withTerm = (term: string): Json => ({
  ...credential,
  '@context': [VC_CONTEXT, { [term]: `https://example.org/examples#${term}` }],
});
const presentation: Json = { '@context': [VC_CONTEXT], type: ['VerifiablePresentation'], verifiableCredential: [] };
const challenge = 'uGx2c3RhcnRlZA';
const domain = 'suite.example';
const binding = { challenge, domain };

async function isIssued(what: Json): Promise<boolean> {
  const answer = await service.issue(what);
  expect([201, 400]).toContain(answer.status);
  if (answer.status === 400) expect(answer.type).toContain('application/problem+json');
  return answer.status === 201;
}

/** Issued where that is right; where it isn't, refused by the issuer, and by the verifier of a peer's signature too. */
async function isVerified(what: Json): Promise<boolean> {
  const answer = await service.verify(await peer.issueAnyhow({ issuer: peer.did, ...what }));
  expect([200, 400]).toContain(answer.status);
  return answer.status === 200;
}

const good = async (what: Json) => expect([await isIssued(what), await isVerified(what)]).toEqual([true, true]);
const bad = async (what: Json) => expect([await isIssued(what), await isVerified(what)]).toEqual([false, false]);

describe('conformance [1.3, 4.12]', () => {
  test('what is issued is secured, and has every property that is required', async () => {
    const { status, body } = await service.issue(credential);
    expect(status).toBe(201);
    expect(body.verifiableCredential).toMatchObject({
      '@context': [VC_CONTEXT],
      type: ['VerifiableCredential'],
      issuer: service.issuer.did,
      credentialSubject: { id: 'did:example:subject' },
      proof: { type: 'DataIntegrityProof' },
    });
  });

  test('what was issued verifies', async () => {
    const { body } = await service.issue(credential);
    const answer = await service.verify(body.verifiableCredential, { checks: ['proof'] });
    expect([answer.status, answer.body.verified]).toEqual([200, true]);
  });

  test('a document that does not conform is an error, as a credential and as a presentation', async () => {
    const document = { type: ['NonconformingDocument'] };
    expect((await service.verify(document)).status).toBe(400);
    expect((await service.verifyPresentation(document, binding)).status).toBe(400);
  });

  test('a credential without a proof is an error', async () => {
    expect((await service.verify({ ...credential, issuer: peer.did })).status).toBe(400);
  });
});

describe('contexts [4.3]', () => {
  test.each<[string, Json]>([
    ['further contexts by address', { ...credential, '@context': [VC_CONTEXT, EXAMPLES] }],
    [
      'a context as an object',
      { ...withTerm('ExampleCredential'), type: ['VerifiableCredential', 'ExampleCredential'] },
    ],
  ])('takes %s', (_what, what) => good(what));

  test.each<[string, unknown]>([
    ['another context first', [EXAMPLES, VC_CONTEXT]],
    ['only another context', [EXAMPLES]],
    ['a text alone', EXAMPLES],
    ['an empty list', []],
    ['a context that is no address', [VC_CONTEXT, 'https ://not-a-url/contexts/example/v1']],
    ['a number', [VC_CONTEXT, 192_837_465]],
    ['null', [VC_CONTEXT, null]],
  ])('issues nothing with %s', async (_what, context) => {
    expect(await isIssued({ ...credential, '@context': context })).toBe(false);
  });

  test('issues nothing without a context, and adds none by itself', async () => {
    const { '@context': _context, ...without } = credential;
    expect(await isIssued(without)).toBe(false);
  });

  test('refuses a context that is not bundled, and fetches none', async () => {
    expect(await isIssued({ ...credential, '@context': [VC_CONTEXT, 'https://example.com/context'] })).toBe(false);
  });

  test('a presentation needs its context first and whole', async () => {
    const signed = await peer.present(presentation, challenge, domain);
    expect((await service.verifyPresentation(signed, binding)).status).toBe(200);
    const { '@context': _context, ...without } = signed;
    for (const changed of [
      without,
      { ...signed, '@context': [EXAMPLES, VC_CONTEXT] },
      { ...signed, '@context': [EXAMPLES] },
      { ...signed, '@context': [VC_CONTEXT, 'https://example.com'] },
      { ...signed, '@context': [VC_CONTEXT, 123_192_875] },
    ]) {
      expect((await service.verifyPresentation(changed, binding)).status).toBe(400);
    }
  });
});

describe('identifiers [4.4]', () => {
  test.each<[string, Json]>([
    ['a URL', { ...credential, id: 'https://university.example/credentials/1872' }],
    ['a URN', { ...credential, id: 'urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008' }],
    ['none', credential],
  ])('takes %s as the id', (_what, what) => good(what));

  test.each<[string, Json]>([
    ['null', { id: null }],
    ['two', { id: ['did:example:credential', 'did:example:credential2'] }],
    ['a text that is no URL', { id: 'not-a-url' }],
    ['a URL with a space', { id: 'https://example.org/a b' }],
    ['a subject of two ids', { credentialSubject: { id: ['did:example:a', 'did:example:b'] } }],
    ['a subject whose id is no URL', { credentialSubject: { id: 'subject', name: 'a' } }],
  ])('refuses %s', async (_what, members) => {
    expect(await isIssued({ ...credential, ...members })).toBe(false);
  });
});

describe('types [4.5]', () => {
  test.each<[string, Json]>([
    ['a type that is a URL', { ...credential, type: ['VerifiableCredential', 'https://example.org/examples#T'] }],
    ['a type that a context maps', { ...withTerm('T'), type: ['VerifiableCredential', 'T'] }],
    ['its own type last', { ...credential, type: ['https://example.org/#T', 'VerifiableCredential'] }],
    ['its own type alone, as a text', { ...credential, type: 'VerifiableCredential' }],
  ])('takes %s', (_what, what) => good(what));

  test.each<[string, Json]>([
    ['no type', { ...credential, type: undefined }],
    ['types without VerifiableCredential', { ...credential, type: ['https://example.org/#T'] }],
    ['a number', { ...credential, type: 7 }],
  ])('refuses %s', async (_what, what) => expect(await isIssued(what)).toBe(false));

  test('refuses a type that no context maps', async () => {
    const what = {
      ...credential,
      '@context': [VC_CONTEXT, { '@vocab': null }],
      type: ['VerifiableCredential', 'Unmapped'],
    };
    expect(await isIssued(what)).toBe(false);
  });

  test('refuses a type that is mapped to no URL', async () => {
    const what = {
      ...credential,
      '@context': [VC_CONTEXT, { T: 'https ://not-a-url#T' }],
      type: ['VerifiableCredential', 'T'],
    };
    expect(await isIssued(what)).toBe(false);
  });

  test('a presentation has its type', async () => {
    const context = [VC_CONTEXT, { Shown: 'https://example.org/#Shown' }];
    const more = { ...presentation, '@context': context, type: ['VerifiablePresentation', 'Shown'] };
    expect((await service.verifyPresentation(await peer.present(more, challenge, domain), binding)).status).toBe(200);
    for (const type of [undefined, ['Shown'], []]) {
      const wrong = await peer.presentAnyhow({ ...presentation, '@context': context, type }, challenge, domain);
      expect((await service.verifyPresentation(wrong, binding)).status).toBe(400);
    }
  });

  const typedMembers = [
    'credentialStatus',
    'termsOfUse',
    'evidence',
    'refreshService',
    'credentialSchema',
    'confidenceMethod',
    'renderMethod',
  ];
  test.each(typedMembers)('%s is of a type [4.5, 5.10]', async (member) => {
    const value = { id: 'did:example:thing/1' };
    expect(await isIssued({ ...withTerm('Kind'), [member]: { ...value, type: 'Kind' } })).toBe(true);
    await bad({ ...withTerm('Kind'), [member]: value });
    await bad({ ...withTerm('Kind'), [member]: [{ ...value, type: 'Kind' }, value] });
    await bad({ ...withTerm('Kind'), [member]: { ...value, type: 2 } });
    await bad({ ...withTerm('Kind'), [member]: 'did:example:thing/1' });
  });
});

describe('names and descriptions [4.6, 11.1]', () => {
  const en = { '@value': 'Dog', '@language': 'en' };
  test.each(['name', 'description'])(
    '%s is a text or a text in a language, on the credential and its issuer',
    async (member) => {
      const right = ['Dog', en, { ...en, '@direction': 'ltr' }, [en, { '@value': 'Chien', '@language': 'fr' }]];
      for (const value of right) {
        expect(await isIssued({ ...credential, [member]: value })).toBe(true);
        expect(await isIssued({ ...credential, issuer: { id: service.issuer.did, [member]: value } })).toBe(true);
      }
      const wrong = [{ ...en, url: 'did:example:x' }, 7, { '@language': 'en' }, { ...en, '@direction': 'up' }];
      for (const value of wrong) {
        await bad({ ...credential, [member]: value });
        await bad({ ...credential, issuer: { id: peer.did, [member]: value } });
      }
    },
  );

  test('a value object anywhere has no other members', async () => {
    const subject = (value: object) => ({ ...credential, credentialSubject: { id: 'did:example:s', name: value } });
    expect(await isIssued(subject(en))).toBe(true);
    expect(await isIssued(subject({ ...en, 'https://example.org/#extra': 1 }))).toBe(false);
  });
});

describe('issuer [4.7]', () => {
  test('a credential has an issuer, also where none was asked for', async () => {
    expect((await service.issue(credential)).body.verifiableCredential.issuer).toBe(service.issuer.did);
  });

  test('an object with a URL as its id will do', () => good({ ...credential, issuer: { id: peer.did } }));

  test.each<[string, unknown]>([
    ['no URL', 'not-a-url'],
    ['null', null],
    ['an object whose id is null', { id: null }],
    ['an object whose id is no URL', { id: 'not-a-url' }],
    ['an object without an id', { name: 'somebody' }],
    ['a list', [peer.did]],
  ])('refuses %s', (_what, issuer) => bad({ ...credential, issuer }));

  test('a verifier refuses one without an issuer', async () => {
    const { issuer: _issuer, ...without } = await peer.issueAnyhow(credential);
    expect(failures(await service.verify(without))).toEqual(['format: FORMAT_MALFORMED']);
  });
});

describe('credential subject [4.8]', () => {
  test('several subjects will do', () =>
    good({ ...credential, credentialSubject: [{ id: 'did:example:a' }, { id: 'did:example:b' }] }));

  test.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', {}],
    ['an empty one among others', [{ id: 'did:example:a' }, {}]],
    ['no object', 'did:example:a'],
    ['an empty list', []],
  ])('refuses %s', (_what, credentialSubject) => bad({ ...credential, credentialSubject }));
});

describe('validity period [4.9]', () => {
  test.each(['2023-02-25T19:10:39Z', '2023-02-25T19:10:39.125Z', '2023-02-25T19:10:39-06:00', '2024-02-29T24:00:00Z'])(
    'takes validFrom %s',
    (validFrom) => good({ ...credential, validFrom }),
  );

  test.each(['2999-02-25T19:10:39Z', '2999-02-25T19:10:39.999Z', '2999-02-25T19:10:39+14:00'])(
    'takes validUntil %s',
    (validUntil) => good({ ...credential, validUntil }),
  );

  test.each([
    '2023-02-25',
    '2023-02-25T19:10:39',
    '2023-02-25T19:10Z',
    '2023-02-29T00:00:00Z',
    '2023-02-25T25:00:00Z',
    '2023-02-25T19:10:39+15:00',
    '2023-02-25 19:10:39Z',
    'tomorrow',
    1_677_352_239,
    null,
  ])('refuses %j as a time', async (time) => {
    await bad({ ...credential, validFrom: time });
    await bad({ ...credential, validUntil: time });
  });

  test('may be to come or over when it is issued, and then does not verify', async () => {
    const future = { ...credential, validFrom: '2998-01-01T00:00:00Z' };
    const past = { ...credential, validUntil: '2020-01-01T00:00:00Z' };
    expect([await isIssued(future), await isIssued(past)]).toEqual([true, true]);
    expect(failures(await service.verify(await peer.issueAnyhow({ ...future, issuer: peer.did })))).toEqual([
      'validity: CREDENTIAL_NOT_YET_VALID',
    ]);
    expect(failures(await service.verify(await peer.issueAnyhow({ ...past, issuer: peer.did })))).toEqual([
      'validity: CREDENTIAL_EXPIRED',
    ]);
  });

  test('does not end before it begins, by the instant and not by the text', async () => {
    await bad({ ...credential, validFrom: '2025-01-01T00:00:00Z', validUntil: '2024-12-31T23:59:59Z' });
    await bad({ ...credential, validFrom: '2025-01-01T00:00:00-09:00', validUntil: '2025-01-01T05:00:00Z' });
    const same = { validFrom: '2025-01-01T00:00:00Z', validUntil: '2025-01-01T09:00:00+09:00' };
    expect(await isIssued({ ...credential, ...same })).toBe(true);
  });
});

describe('status [4.10]', () => {
  test.each<[string, Json]>([
    ['with an id', { id: 'did:example:status', type: 'Kind' }],
    ['without one', { type: 'Kind' }],
  ])('an entry of another kind is kept %s, and ours stands beside it', async (_what, entry) => {
    const { body } = await service.issue({ ...withTerm('Kind'), credentialStatus: entry });
    expect(body.verifiableCredential.credentialStatus).toEqual([
      entry,
      expect.objectContaining({ type: 'BitstringStatusListEntry', statusPurpose: 'revocation' }),
      expect.objectContaining({ type: 'BitstringStatusListEntry', statusPurpose: 'suspension' }),
    ]);
    expect((await service.verify(body.verifiableCredential)).status).toBe(200);
  });

  test.each<[string, Json]>([
    ['of two ids', { id: ['did:example:a', 'did:example:b'], type: 'Kind' }],
    ['whose id is no URL', { id: 'not-a-url', type: 'Kind' }],
  ])('refuses an entry %s', (_what, entry) => bad({ ...withTerm('Kind'), credentialStatus: entry }));

  test('a status of a kind that cannot be read is not passed over', async () => {
    const signed = await peer.issue({ ...withTerm('Kind'), credentialStatus: { type: 'Kind' } });
    expect(failures(await service.verify(signed))).toEqual(['status: STATUS_UNKNOWN']);
  });
});

describe('data schemas [4.11]', () => {
  const schema = { id: 'did:example:schemas/1', type: 'https://example.org/#Schema' };
  test('one or several will do', async () => {
    await good({ ...credential, credentialSchema: schema });
    await good({ ...credential, credentialSchema: [schema, { ...schema, id: 'did:example:schemas/2' }] });
  });

  test.each<[string, Json]>([
    ['no type', { id: schema.id }],
    ['no id', { type: schema.type }],
    ['an id that is no URL', { ...schema, id: 'schemas/1' }],
    ['an id that is a number', { ...schema, id: 1 }],
  ])('refuses one with %s', (_what, credentialSchema) => bad({ ...credential, credentialSchema }));
});

describe('presentations [4.13]', () => {
  const embedded = { ...credential, validFrom: '2023-02-27T05:15:42Z' };
  const shown = async (members: Json = {}, credentials: unknown[] = [embedded]) => {
    const verifiableCredential = await Promise.all(credentials.map((one) => peer.issue(one as Json)));
    return peer.present({ ...presentation, verifiableCredential, ...members }, challenge, domain);
  };

  test.each<[string, Json]>([
    ['with an id', { id: 'urn:uuid:9c9a36f8-518f-4976-a934-6649502d0008' }],
    ['with its holder as a URL', { holder: peer.did }],
    ['with its holder as an object', { holder: { id: peer.did } }],
    ['with no holder named', {}],
  ])('verifies one %s, and each credential in it', async (_what, members) => {
    const answer = await service.verifyPresentation(await shown(members, [embedded, credential]), binding);
    expect([answer.status, answer.body.verified]).toEqual([200, true]);
    expect(answer.body.credentialResults).toHaveLength(2);
  });

  test.each<[string, Json]>([
    ['an id that is no URL', { id: 'not-a-url' }],
    ['a holder without an id', { holder: { name: 'somebody' } }],
    ['a holder that is a number', { holder: 7 }],
    ['a credential that is a text', { verifiableCredential: ['https://example.org/credentials/1'] }],
    ['a credential that is a number', { verifiableCredential: 7 }],
  ])('refuses %s', async (_what, members) => {
    const signed = { ...(await peer.present(presentation, challenge, domain)), ...members };
    expect(failures(await service.verifyPresentation(signed, binding))).toEqual(['format: FORMAT_MALFORMED']);
  });

  test('refuses one whose holder is not who signed it', async () => {
    const signed = await shown({ holder: 'did:key:z6MkhTNL7i2etLerDK8Acz5t528giE5KA4p75T6ka1E1D74r' });
    expect(failures(await service.verifyPresentation(signed, binding))).toEqual(['holder: HOLDER_KEY_UNKNOWN']);
  });

  test.each<[string, object, string]>([
    ['another challenge', { challenge: 'other', domain }, 'holder: PROOF_CHALLENGE_WRONG'],
    ['another domain', { challenge, domain: 'other.example' }, 'holder: PROOF_DOMAIN_WRONG'],
  ])('refuses one that answers %s [VC Data Integrity 4.4]', async (_what, asked, reason) => {
    expect(failures(await service.verifyPresentation(await shown(), asked))).toEqual([reason]);
  });

  test('says that it did not look at the challenge where none was asked for', async () => {
    const { body } = await service.verifyPresentation(await shown());
    expect(body.trace).toContainEqual(expect.objectContaining({ step: 'holder', reason: 'HOLDER_NOT_BOUND' }));
  });

  test('refuses one that is not signed, or wrongly', async () => {
    const { proof, ...unsigned } = await shown();
    expect(failures(await service.verifyPresentation(unsigned, binding))).toContain('holder: HOLDER_NOT_SIGNED');
    const other = { ...(proof as Json), proofValue: 'z5nmMBw2u9TGKd9NxxHJtyZKgjN2Eh' };
    expect(failures(await service.verifyPresentation({ ...unsigned, proof: other }, binding))).toContain(
      'holder: SIGNATURE_INVALID',
    );
  });

  test('refuses one in which a single credential does not verify', async () => {
    const changed = { ...(await peer.issue(embedded)), validFrom: '2020-01-01T00:00:00Z' };
    const both = [await peer.issue(credential), changed];
    const signed = await peer.present({ ...presentation, verifiableCredential: both }, challenge, domain);
    const answer = await service.verifyPresentation(signed, binding);
    expect(failures(answer)).toEqual(['signature: SIGNATURE_INVALID']);
    expect(answer.body.credentialResults.map(({ verified }: { verified: boolean }) => verified)).toEqual([true, false]);
  });

  test('takes what the holder says of himself, if holder and issuer are one [4.13.4]', async () => {
    const own = { ...presentation, holder: peer.did, verifiableCredential: [{ ...credential, issuer: peer.did }] };
    const answer = await service.verifyPresentation(await peer.presentAnyhow(own, challenge, domain), binding);
    expect([answer.status, failures(answer)]).toEqual([200, []]);
    const other = { ...own, verifiableCredential: [{ ...credential, issuer: 'did:example:acme' }] };
    expect(
      failures(await service.verifyPresentation(await peer.presentAnyhow(other, challenge, domain), binding)),
    ).toEqual(['signature: HOLDER_SELF_ASSERTED']);
  });
});

describe('terms and related resources [5.2, 5.3]', () => {
  test.each<[string, object[]]>([
    ['a type of the base context', [{ VerifiableCredential: 'https://example.org/#Mine' }]],
    [
      'a term that another context protects',
      [{ '@protected': true, T: 'https://example.org/#T' }, { T: 'https://example.org/#Other' }],
    ],
  ])('a context may not give %s another meaning', async (_what, more) => {
    const type = ['VerifiableCredential', 'https://example.org/#Kind'];
    expect(await isIssued({ ...credential, '@context': [VC_CONTEXT, ...more], type })).toBe(false);
  });

  test('a term that no context defines is refused', async () => {
    expect(await isIssued({ ...credential, credentialSubject: { shoeSize: 42 } })).toBe(false);
  });

  const resource = {
    id: VC_CONTEXT,
    mediaType: 'application/ld+json',
    digestSRI: 'sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU',
    digestMultibase: 'uWZVc7WaX1h4D8rJVb-vlMIqxaEKEb1tYbX8fet7JJzQ',
  };
  const { digestSRI, digestMultibase, id } = resource;
  test.each<[string, unknown]>([
    ['a digestSRI', { id, digestSRI }],
    ['a digestMultibase', { id, digestMultibase }],
    ['both, and a media type', [resource]],
    ['the digest of an earlier edition', { id, digestMultibase: 'uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k' }],
    ['a resource that is not known here', { id: 'https://example.org/logo.png', digestSRI: 'sha256-MIwhzJyufmsjiGS1' }],
  ])('takes a related resource with %s', (_what, relatedResource) => good({ ...credential, relatedResource }));

  test.each<[string, unknown]>([
    ['a text', [VC_CONTEXT]],
    ['no id', [{ digestMultibase }]],
    ['an id that is no URL', [{ id: 'context', digestMultibase }]],
    ['no digest', [{ id }]],
    [
      'one id twice',
      [
        { id, digestSRI },
        { id, digestMultibase },
      ],
    ],
    ['a digestMultibase of something else', [{ id, digestMultibase: 'uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0' }]],
    ['a digestSRI of something else', [{ id, digestSRI: digestSRI.replace('l/Hr', 'rH/l') }]],
    ['a digestSRI that is none', [{ id, digestSRI: digestSRI.replaceAll('/', '_') }]],
  ])('refuses a related resource that is or has %s', (_what, relatedResource) =>
    bad({ ...credential, relatedResource }),
  );
});

describe('refresh services, terms of use, evidence [5.4, 5.5, 5.6]', () => {
  test.each(['refreshService', 'termsOfUse', 'evidence'])('%s is one or several', async (member) => {
    const one = { id: 'did:example:thing/1', type: 'https://example.org/#Kind' };
    await good({ ...credential, [member]: one });
    await good({ ...credential, [member]: [one, { type: one.type }] });
    await bad({ ...credential, [member]: [] });
    await bad({ ...credential, [member]: { ...one, id: 'not-a-url' } });
  });
});

describe('proof sets and chains [VC Data Integrity 4.4, 4.5]', () => {
  test('every proof of a set must hold', async () => {
    const what = { ...credential, issuer: peer.did };
    const [one, two] = [await peer.prove(what), await peer.prove(what, { created: '2026-02-01T00:00:00Z' })];
    expect((await service.verify({ ...what, proof: [one, two] })).status).toBe(200);
    const forged = { ...two, created: '2026-03-01T00:00:00Z' };
    expect(failures(await service.verify({ ...what, proof: [one, forged] }))).toEqual(['signature: SIGNATURE_INVALID']);
  });

  test('a proof of a chain is over those before it', async () => {
    const what = { ...credential, issuer: peer.did };
    const first = await peer.prove(what, { id: 'urn:proof:1' });
    const second = await peer.prove({ ...what, proof: [first] }, { previousProof: 'urn:proof:1' });
    expect((await service.verify({ ...what, proof: [first, second] })).status).toBe(200);
    const loose = await peer.prove(what, { previousProof: 'urn:proof:1' });
    expect((await service.verify({ ...what, proof: [first, loose] })).status).toBe(400);
    expect(failures(await service.verify({ ...what, proof: [second] }))).toEqual(['signature: PROOF_PREVIOUS_MISSING']);
  });
});

describe('whom the VC-API believes', () => {
  test('of a type that is not ours the issuer is not judged, and the trace says so', async () => {
    const { status, body } = await service.verify(await peer.issue(credential));
    expect(status).toBe(200);
    expect(body.trace).toContainEqual(
      expect.objectContaining({ step: 'issuer', outcome: 'not_checked', reason: 'ISSUER_NOT_REGISTERED' }),
    );
  });

  test('of a type of ours nobody is believed but whom the city trusts', async () => {
    const signed = await peer.issue({
      '@context': [VC_CONTEXT, `${service.publicUrl}/contexts/v1`],
      type: ['VerifiableCredential', 'WaterAccountCredential'],
      credentialSubject: { service_point: 'SP-000123' },
    });
    expect(failures(await service.verify(signed))).toEqual(['issuer: ISSUER_NOT_TRUSTED']);
  });

  test('issuing that is open stays closed for the types of the city', async () => {
    const answer = await service.issue({
      '@context': [VC_CONTEXT, `${service.publicUrl}/contexts/v1`],
      type: ['VerifiableCredential', 'WaterAccountCredential'],
      credentialSubject: { service_point: 'SP-000123' },
    });
    expect([answer.status, answer.body.code]).toEqual([401, 'NOT_SIGNED_IN']);
  });

  test('a refusal names the problem as the specification does [7.1]', async () => {
    const { body } = await service.verify({ type: ['NonconformingDocument'] });
    expect(body.problemDetails).toEqual([
      expect.objectContaining({ type: 'https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR' }),
    ]);
  });

  test('gives back what it verified, where that is asked for', async () => {
    const signed = await peer.issue(credential);
    expect((await service.verify(signed, { returnCredential: true })).body.credential).toEqual(signed);
    expect((await service.verify(signed)).body).not.toHaveProperty('credential');
  });

  test('promises no check that it does not know', async () => {
    expect((await service.verify(await peer.issue(credential), { checks: ['handwriting'] })).status).toBe(400);
  });
});

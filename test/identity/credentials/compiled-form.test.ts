// Compiled canonical forms: the very bytes of the library, over random values, or no compiled form at all.
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import { contexts as dataIntegrityContexts } from '@digitalbazaar/data-integrity-context';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Canonize, createCompiledForms } from '../../../src/identity/credentials/compiled-form.ts';
import { jsonLdContext } from '../../../src/identity/credentials/credential-metadata.ts';
import { credentialTypes } from '../../../src/identity/credentials/credential-types.ts';
import { newSeed } from '../../support/seed.ts';

const VC = 'https://www.w3.org/ns/credentials/v2';
const NARU = 'https://naru.example/contexts/v1';
const EXTRA = 'https://extra.example/v1';

const contexts = new Map<string, object>([
  ...credentialsContexts,
  ...dataIntegrityContexts,
  [NARU, jsonLdContext(credentialTypes)],
  [
    EXTRA,
    {
      '@context': {
        areas: 'urn:extra:areas',
        households: 'urn:extra:households',
        measured: { '@id': 'urn:extra:measured', '@type': 'http://www.w3.org/2001/XMLSchema#double' },
        steps: { '@id': 'urn:extra:steps', '@container': '@list' },
        anything: { '@id': 'urn:extra:anything', '@type': '@json' },
        note: '@index',
        kind: { '@id': 'urn:extra:kind', '@type': '@vocab' },
      },
    },
  ],
  ['https://extra.example/vocab', { '@context': { '@vocab': 'urn:extra:' } }],
  ['https://extra.example/prefix', { '@context': { did: 'urn:elsewhere:' } }],
  ['https://extra.example/iri-term', { '@context': { 'urn:a:b': 'urn:elsewhere:c', areas: 'urn:extra:areas' } }],
  ['https://extra.example/remote', { '@context': { Extra: { '@id': 'urn:extra:E', '@context': EXTRA } } }],
]);

const { canonize: libraryCanonize } = cryptosuite as {
  canonize(document: object, options: object): Promise<string>;
};

const canonize: Canonize = (document, digest) =>
  libraryCanonize(document, {
    documentLoader: async (url: string) => {
      const context = contexts.get(url);
      if (context === undefined) throw new Error('not bundled');
      return { contextUrl: null, documentUrl: url, document: context, tag: 'static' };
    },
    messageDigestAlgorithm: digest,
  });

function newForms(asked: Canonize = canonize) {
  return createCompiledForms({ canonize: asked, contexts, compiles: () => true });
}

/** Shows the document three times, so that it is compiled where it ever is. */
async function learn(forms: ReturnType<typeof newForms>, document: object): Promise<void> {
  for (let time = 0; time < 3; time += 1) await forms.canonicalForm(document, 'sha256').catch(() => '');
}

const NASTY = ['"', '\\', '\n', '\r', '\t', '\b', '\f', '\u0000', '\u001b', '\u007f', '\u2028', '<', '>', '^^', '@ko'];
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 24 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .array(fc.constantFrom(...NASTY, '김', '민수', '😀', '\ue000', 'x'), { maxLength: 8 })
    .map((parts) => parts.join('')),
);
const iri = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.uuid().map((id) => `urn:uuid:${id}`),
  fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{8,40}$/).map((id) => `did:key:z${id}`),
);
const date = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') });
const day = date.map((at) => at.toISOString().slice(0, 10));
const moment = date.map((at) => `${at.toISOString().slice(0, 19)}Z`);
const languageText = fc.record({ '@value': text, '@language': fc.constantFrom('ko', 'en', 'en-US', 'KO') });

function maybe<T>(of: fc.Arbitrary<T>) {
  return fc.option(of, { nil: undefined });
}

function withoutUndefined(object: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

const status = fc
  .record({ list: fc.nat(3), index: fc.nat(131_071), purpose: fc.constantFrom('revocation', 'suspension') })
  .map(({ list, index, purpose }) => ({
    id: `https://naru.example/status-lists/${list}/bitstring#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: purpose,
    statusListIndex: String(index),
    statusListCredential: `https://naru.example/status-lists/${list}/bitstring`,
  }));

const valuesOf = { 'xsd:date': day, 'xsd:boolean': fc.boolean(), 'xsd:integer': fc.maxSafeInteger(), text };

const subjectOf = (type: (typeof credentialTypes)[number]) =>
  fc
    .record({
      id: maybe(iri),
      ...Object.fromEntries(
        Object.entries(type.claims).map(([name, { schema, term }]) => {
          const value: fc.Arbitrary<unknown> = schema.safeParse([]).success
            ? fc.array(text, { maxLength: 3 })
            : valuesOf[term.type ?? 'text'];
          return [name, schema.safeParse(undefined).success ? maybe(value) : value];
        }),
      ),
    })
    .map(withoutUndefined);

const credential = fc
  .constantFrom(...credentialTypes)
  .chain((type) =>
    fc.record({
      '@context': fc.constant([VC, NARU]),
      id: maybe(iri),
      type: fc.constant(['VerifiableCredential', type.w3cName]),
      issuer: fc.oneof(iri, fc.record({ id: iri, name: text })),
      name: maybe(fc.oneof(text, languageText, fc.tuple(languageText, languageText))),
      validFrom: maybe(moment),
      validUntil: maybe(moment),
      credentialSubject: fc.oneof(
        { weight: 4, arbitrary: subjectOf(type) },
        fc.tuple(subjectOf(type), subjectOf(type)),
      ),
      credentialStatus: maybe(fc.oneof(status, fc.tuple(status, status))),
    }),
  )
  .map(withoutUndefined);

const proofConfiguration = fc
  .record({
    '@context': fc.constant([VC, NARU]),
    type: fc.constant('DataIntegrityProof'),
    created: maybe(moment),
    expires: maybe(moment),
    verificationMethod: iri,
    cryptosuite: fc.constantFrom('eddsa-rdfc-2022', 'ecdsa-rdfc-2019'),
    proofPurpose: fc.constantFrom('assertionMethod', 'authentication'),
    domain: maybe(text),
    challenge: maybe(text),
    nonce: maybe(text),
  })
  .map(withoutUndefined);

const plainCredential = {
  '@context': [VC, NARU],
  id: 'urn:uuid:7e0b6d3c-52a5-4b0e-9d0e-5a3e0a9e0f0c',
  type: ['VerifiableCredential', 'WaterAccountCredential'],
  issuer: 'did:web:naru.example',
  validFrom: '2026-01-01T00:00:00Z',
  credentialSubject: {
    id: 'did:key:zHolder',
    service_point: 'SP-000123',
    usage_class: 'domestic',
    role: 'owner',
    from: '2026-01-01',
  },
};
const subject = plainCredential.credentialSubject;

test.each([
  ['credentials', credential, 'sha256', 60],
  ['credentials whose blank nodes are hashed with SHA-384', credential, 'sha384', 24],
  ['proof configurations', proofConfiguration, 'sha256', 50],
] as const)('has the bytes of the library for random %s [RDFC-1.0, 4.4]', async (what, documents, digest, numRuns) => {
  const forms = newForms();
  let compiled = 0;
  await fc.assert(
    fc.asyncProperty(documents as fc.Arbitrary<Record<string, unknown>>, async (document) => {
      const given = structuredClone(document);
      const expected = await canonize(document, digest);
      for (let time = 0; time < 3; time += 1) expect(await forms.canonicalForm(document, digest)).toBe(expected);
      const form = forms.filled(document, digest);
      if (form !== null) compiled += 1;
      expect(form ?? expected).toBe(expected);
      expect(document).toEqual(given);
    }),
    { numRuns, seed: newSeed(`compiled forms of ${what}`) },
  );
  // Some have two equal values.
  expect(compiled).toBeGreaterThan(numRuns / 2);
});

test('of one shape, whatever the values, only those that the library has to judge are left to it', async () => {
  const forms = newForms();
  await learn(forms, plainCredential);
  await fc.assert(
    fc.asyncProperty(text, text, iri, day, async (point, role, id, from) => {
      const document = {
        ...plainCredential,
        id,
        credentialSubject: { ...subject, service_point: point, role, from },
      };
      expect(forms.filled(document, 'sha256')).toBe(await canonize(document, 'sha256'));
    }),
    { numRuns: 200, seed: newSeed('values of one compiled shape') },
  );
});

test('a shape is compiled at its second sight, and only for the types it is meant for', async () => {
  const forms = newForms();
  expect(forms.filled(plainCredential, 'sha256')).toBeNull();
  await forms.canonicalForm(plainCredential, 'sha256');
  expect(forms.filled(plainCredential, 'sha256')).toBeNull();
  await forms.canonicalForm(plainCredential, 'sha256');
  expect(forms.filled(plainCredential, 'sha256')).not.toBeNull();

  const others = createCompiledForms({ canonize, contexts, compiles: (types) => types.includes('ResidentCredential') });
  await learn(others, plainCredential);
  expect(others.filled(plainCredential, 'sha256')).toBeNull();
});

test('a template that the library contradicts once is never used', async () => {
  let asked = 0;
  const forms = newForms(async (document, digest) => {
    asked += 1;
    const form = await canonize(document, digest);
    // Two documents, the probes, and then this second check on other values.
    return asked === 5 ? form.replace('vocab:role', 'vocab:rule') : form;
  });
  await learn(forms, plainCredential);
  expect(asked).toBeGreaterThan(5);
  expect(forms.filled(plainCredential, 'sha256')).toBeNull();
});

const extra = (members: object, context = EXTRA) => ({
  ...plainCredential,
  '@context': [VC, NARU, context],
  credentialSubject: { ...subject, ...members },
});

test.each<[string, object]>([
  ['a list of areas', extra({ areas: ['north', 'south'] })],
  ['a list of no areas', extra({ areas: [], households: 2 })],
  ['a whole number', extra({ households: 4 })],
  ['a term of which the context makes a list', extra({ steps: ['b', 'a', 'b', 'c'] })],
  ['a text where a boolean belongs', { ...plainCredential, type: ['VerifiableCredential'], name: 'true' }],
])('compiles %s', async (_what, document) => {
  const forms = newForms();
  await learn(forms, document);
  expect(forms.filled(document, 'sha256')).toBe(await canonize(document, 'sha256'));
});

test.each<[string, object]>([
  ['a context of its own', { ...plainCredential, '@context': [VC, NARU, { role: 'urn:evil:role' }] }],
  ['a context that is not bundled', { ...plainCredential, '@context': [VC, NARU, 'https://elsewhere.example/'] }],
  [
    'a context within',
    { ...plainCredential, credentialSubject: { ...subject, '@context': { role: 'urn:evil:role' } } },
  ],
  ['a context within that protected terms refuse', extra({ '@context': { '@protected': false, id: 'urn:x:id' } })],
  ['a context with a vocabulary', extra({}, 'https://extra.example/vocab')],
  ['a context in which did is a prefix', extra({}, 'https://extra.example/prefix')],
  ['a context with an IRI for a term', extra({ areas: 'a' }, 'https://extra.example/iri-term')],
  ['a context that names another', extra({}, 'https://extra.example/remote')],
  ['no context', { ...plainCredential, '@context': undefined }],
  ['a context that is no list', { ...plainCredential, '@context': VC }],
  ['an @id beside the id', { ...plainCredential, '@id': 'urn:uuid:other' }],
  ['an @type', { ...plainCredential, credentialSubject: { ...subject, '@type': 'xsd:string' } }],
  ['a typed value', extra({ areas: { '@value': 'a', '@type': 'urn:x:t' } })],
  ['a value with a direction', { ...plainCredential, name: { '@value': 'a', '@language': 'ko', '@direction': 'ltr' } }],
  ['a value without a language', { ...plainCredential, name: { '@value': 'a' } }],
  ['a language that is none', { ...plainCredential, name: { '@value': 'a', '@language': null } }],
  ['@graph', { ...plainCredential, '@graph': [{ id: 'urn:x:1' }] }],
  ['@reverse', extra({ '@reverse': { areas: { id: 'urn:x:1' } } })],
  ['@nest', extra({ '@nest': { areas: 'a' } })],
  ['@set', extra({ areas: { '@set': ['a', 'b'] } })],
  ['a term of which the context makes JSON', extra({ anything: 'a' })],
  ['a term of which the context makes an index', extra({ note: 'a' })],
  ['a name where the vocabulary decides', extra({ kind: 'areas' })],
  ['a fraction', extra({ areas: 0.5 })],
  ['a number where a double belongs', extra({ measured: 7 })],
  ['the negative zero', extra({ households: -0 })],
  ['a number too large to be whole', extra({ households: 2 ** 60 })],
  ['a member that no context defines', extra({ shoe_size: '42' })],
  ['a member whose name is an IRI', { ...plainCredential, 'urn:naru:vocab:role': 'owner' }],
  ['null', extra({ areas: null })],
  ['null in a list', extra({ areas: ['a', null] })],
  ['a list in a list', extra({ areas: [['a'], 'b'] })],
  ['an empty object', extra({ areas: {} })],
  ['a type that is no text', { ...plainCredential, type: ['VerifiableCredential', 7] }],
  [
    '__proto__ as a member',
    JSON.parse(JSON.stringify(extra({})).replace('"role"', '"__proto__":{"id":"urn:x:1"},"role"')),
  ],
  ['a prototype', { ...plainCredential, credentialSubject: Object.assign(Object.create({ areas: 'a' }), subject) }],
  ['a date that is an object', { ...plainCredential, validFrom: new Date(0) }],
  ['a type that looks like a probe', { ...plainCredential, type: ['VerifiableCredential', 'urn:naru:probe:1'] }],
  [
    'more depth than is looked at',
    extra({
      areas: Array.from({ length: 12 }).reduce<object>((inner) => ({ id: 'urn:x:1', areas: inner }), { id: 'urn:x:2' }),
    }),
  ],
])('never compiles %s', async (_what, document) => {
  const forms = newForms();
  await learn(forms, document);
  expect(forms.filled(document, 'sha256')).toBeNull();
});

test.each<[string, object]>([
  ['an id that is relative', { id: 'credentials/7' }],
  ['an id that is a blank node', { id: '_:b0' }],
  ['an id with a space', { id: 'urn:x:a b' }],
  ['an id with an angle bracket', { id: 'urn:x:a>b' }],
  ['an id that is not ASCII', { id: 'https://naru.example/증명서' }],
  ['an id that looks like a keyword', { id: '@type' }],
  ['an id of another scheme', { id: 'mailto:a@b.example' }],
  ['an empty id', { id: '' }],
  ['half of a surrogate pair', { credentialSubject: { ...subject, role: 'a\ud83dz' } }],
  ['two values of one name that are equal', { credentialSubject: [subject, subject] }],
])('leaves %s to the library, in a shape that is compiled', async (_what, members) => {
  const forms = newForms();
  await learn(forms, plainCredential);
  await learn(forms, { ...plainCredential, credentialSubject: [subject, { ...subject, id: 'did:key:zOther' }] });
  const document = { ...plainCredential, ...members };
  expect(forms.filled(document, 'sha256')).toBeNull();
  const [ours, library] = await Promise.allSettled([
    forms.canonicalForm(document, 'sha256'),
    canonize(document, 'sha256'),
  ]);
  expect(ours).toEqual(library);
  expect(forms.filled(plainCredential, 'sha256')).not.toBeNull();
});

test('several blank nodes are labelled in the order of their hashes, as the values have it [RDFC-1.0, 4.4.3]', async () => {
  const forms = newForms();
  const { id: _id, ...nameless } = plainCredential;
  const documents = Array.from({ length: 24 }, (_, n) => ({
    ...nameless,
    credentialSubject: [
      { service_point: `SP-${n}`, role: 'owner' },
      { service_point: `SP-${n}`, role: 'occupant' },
    ],
  }));
  await learn(forms, documents[0] ?? {});
  const orders = new Set<boolean>();
  for (const document of documents) {
    const expected = await canonize(document, 'sha256');
    expect(forms.filled(document, 'sha256')).toBe(expected);
    const [first] = expected.split('\n').filter((line) => line.includes('vocab:role'));
    orders.add(first?.includes('"owner"') ?? false);
  }
  expect(orders.size).toBe(2);

  const twins = { ...nameless, credentialSubject: [{ role: 'owner' }, { role: 'owner' }] };
  await learn(forms, { ...twins, credentialSubject: [{ role: 'owner' }, { role: 'occupant' }] });
  expect(forms.filled(twins, 'sha256')).toBeNull();
});

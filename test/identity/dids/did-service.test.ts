import type { FastifyInstance } from 'fastify';
import { beforeAll, describe, expect, test } from 'vitest';
import { anchorKey, institutionValue, personValue } from '../../../src/anchoring/anchor-keys.ts';
import { ed25519Multikey, webCryptoSigner } from '../../../src/identity/dids/did-entry.ts';
import { type DidDocument, type DidLog, didLogText } from '../../../src/identity/dids/did-log.ts';
import { createDidService } from '../../../src/identity/dids/did-service.ts';
import { insertDid } from '../../../src/identity/dids/did-store.ts';
import { createDidLog, createPersonDidLog, personId } from '../../../src/identity/dids/did-webvh.ts';
import { decodeMultikey } from '../../../src/identity/dids/multikey.ts';
import type { IssuerKeys } from '../../../src/identity/trust/issuer-keys.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { type IdentityWorld, identityWorld, publicUrl } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
let world: IdentityWorld;
let server: FastifyInstance;
beforeAll(async () => {
  world = await identityWorld(pool);
  server = await world.startHttp();
});

const created = '2026-01-15T03:00:00Z';

async function newSigner() {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  return webCryptoSigner(pair);
}

async function newPerson(at: { domain?: string; pathPrefix?: string; id?: string } = {}) {
  const { domain, path_prefix } = world.dids.configuration();
  const id = personId(systemRandom.bytes(16));
  return createPersonDidLog({ domain, pathPrefix: path_prefix, id, signer: await newSigner(), created, ...at });
}

async function outboxValue(did: string): Promise<Uint8Array | null> {
  const { rows } = await pool.query<{ value: Buffer }>('SELECT value FROM anchoring.outbox WHERE key = $1', [
    Buffer.from(anchorKey('did', did)),
  ]);
  return rows[0] ? new Uint8Array(rows[0].value) : null;
}

/** As a document was before issuers had keys on P-384 and BLS12-381. */
function olderDocument({ ed25519, p256 }: IssuerKeys): Omit<DidDocument, 'id'> {
  const own = { controller: '{DID}' };
  return {
    '@context': ['https://www.w3.org/ns/did/v1'],
    alsoKnownAs: ['https://older.example'],
    verificationMethod: [
      { id: '{DID}#ed25519', type: 'Multikey', ...own, publicKeyMultibase: ed25519Multikey(ed25519.publicKey) },
      { id: '{DID}#p256', type: 'JsonWebKey', ...own, publicKeyJwk: p256.publicJwk },
    ],
    assertionMethod: ['{DID}#ed25519', '{DID}#p256'],
  };
}

function register(log: DidLog) {
  return server.inject({ method: 'POST', url: '/dids', payload: log[0] as object });
}

describe("the issuer's DID", () => {
  test('is made once and found again at the next start', async () => {
    const again = await world.dids.ensureIssuer(world.ring);
    expect(again.did).toBe(world.issuer.did);
    expect(again.did).toMatch(/^did:webvh:Qm\w{44}:localhost%3A8080$/);
  });

  test('is made once by two copies that start together', async () => {
    const other = { pool, clock: world.clock, random: systemRandom, publicUrl: 'http://other.localhost:9' };
    const copies = [1, 2, 3].map(() => createDidService({ ...other, anchorOf: async () => null }));
    const issuers = await Promise.all(copies.map((copy) => copy.ensureIssuer(world.ring)));
    expect(new Set(issuers.map(({ did }) => did)).size).toBe(1);
  });

  test('is not used with keys that are not its own', async () => {
    const stranger = { ...world.keys, ed25519: { ...world.keys.ed25519, publicKey: new Uint8Array(32) } };
    await expect(world.dids.ensureIssuer({ generations: [{ number: 1, keys: stranger }] })).rejects.toMatchObject({
      code: 'START_FAILED',
    });
  });

  test('waits for its anchor without a salt, and lists all keys for assertions', async () => {
    const resolved = await world.dids.resolveDid(world.issuer.did);
    expect(resolved?.salt).toBeNull();
    expect(await outboxValue(world.issuer.did)).toEqual(
      institutionValue(resolved?.verified.entryHash ?? new Uint8Array()),
    );
    expect(resolved?.verified.versions).toHaveLength(1);
    expect(resolved?.verified.document?.assertionMethod?.map((id) => id.slice(id.indexOf('#')))).toEqual([
      '#ed25519',
      '#p256',
      '#p256-multikey',
      '#p384',
      '#bls12381',
    ]);
    const kinds = resolved?.verified.document?.verificationMethod?.map(({ publicKeyMultibase }) =>
      publicKeyMultibase === undefined ? null : decodeMultikey(publicKeyMultibase)?.kind,
    );
    expect(kinds).toEqual(['Ed25519', null, 'P-256', 'P-384', 'Bls12381G2']);
  });

  test('gains one entry where its document lacks keys, whatever number of copies start, and is anchored anew', async () => {
    const { keys, clock } = world;
    const at = { domain: 'older.localhost%3A9', path: [], created };
    const { did, log } = await createDidLog({ ...at, signer: keys.ed25519, document: olderDocument(keys) });
    const stored = { did, kind: 'institution', log: didLogText(log), salt: null, witnessProofs: null } as const;
    await insertDid(pool, { ...stored, location: at.domain, registeredAt_ms: 0 });

    const older = { pool, clock, random: systemRandom, publicUrl: 'http://older.localhost:9' };
    const copies = [1, 2, 3].map(() => createDidService({ ...older, anchorOf: async () => null }));
    const issuers = await Promise.all(copies.map((copy) => copy.ensureIssuer(world.ring)));
    expect(new Set(issuers.map((issuer) => issuer.did))).toEqual(new Set([did]));

    const resolved = await copies[0]?.resolveDid(did);
    expect(resolved?.verified.versions).toHaveLength(2);
    expect(resolved?.verified.document?.verificationMethod).toHaveLength(5);
    expect(resolved?.verified.document?.alsoKnownAs).toEqual(['https://older.example']);
    expect(await outboxValue(did)).toEqual(institutionValue(resolved?.verified.entryHash ?? new Uint8Array()));
  });

  test('has its log at /.well-known/did.jsonl', async () => {
    const answer = await server.inject('/.well-known/did.jsonl');
    expect(answer.headers['content-type']).toContain('text/jsonl');
    expect(JSON.parse(answer.body).state.id).toBe(world.issuer.did);
  });
});

describe("a person's DID", () => {
  test('is registered, anchored with a salt, served and resolved', async () => {
    const { did, log } = await newPerson();
    const answer = await register(log);
    expect(answer.statusCode).toBe(201);
    const { salt } = answer.json();
    const entryHash = new TextEncoder().encode(log[0]?.versionId.slice(2));
    const value = personValue(new Uint8Array(Buffer.from(salt, 'base64url')), entryHash);
    expect(await outboxValue(did)).toEqual(value);

    const served = await server.inject(`/people/${did.split(':').at(-1)}/did.jsonl`);
    expect(JSON.parse(served.body)).toEqual(log[0]);

    const resolved = await server.inject(`/1.0/identifiers/${encodeURIComponent(did)}`);
    expect(resolved.json()).toMatchObject({
      didDocument: { id: did },
      didDocumentMetadata: {
        versionId: log[0]?.versionId,
        salt,
        anchor: { status: 'final', value: `0x${Buffer.from(value).toString('hex')}` },
      },
    });
  });

  test('may be sent as JSONL too', async () => {
    const { did, log } = await newPerson();
    const answer = await server.inject({
      method: 'POST',
      url: '/dids',
      headers: { 'content-type': 'text/jsonl' },
      payload: didLogText(log),
    });
    expect(answer.json()).toMatchObject({ did });
  });

  test('is found where its address was decoded on the way', async () => {
    const { did, log } = await newPerson();
    await register(log);
    const answer = await server.inject(`/1.0/identifiers/${did}`);
    expect(answer.json().didDocument.id).toBe(did);
  });

  test('is registered once', async () => {
    const { log } = await newPerson();
    const answers = await Promise.all([register(log), register(log)]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409]);
  });

  test('does not take the path of another', async () => {
    const first = await newPerson();
    await register(first.log);
    const second = await newPerson({ id: first.did.split(':').at(-1) ?? '' });
    expect((await register(second.log)).json().code).toBe('DID_EXISTS');
  });

  test.each([
    ['another domain', { domain: 'evil.example' }],
    ['another path', { pathPrefix: 'admins' }],
    ['an id that can be guessed', { id: 'kim' }],
  ])('is refused with %s', async (_what, at) => {
    const { log } = await newPerson(at);
    expect((await register(log)).json().code).toBe('DID_NOT_HERE');
  });

  test("is refused in the issuer's place", async () => {
    const { log } = await createDidLog({
      domain: world.dids.configuration().domain,
      path: [],
      signer: await newSigner(),
      document: {},
      created,
    });
    expect((await register(log)).json().code).toBe('DID_NOT_HERE');
  });

  test('is refused where its document holds more than keys', async () => {
    const { log } = await createDidLog({
      domain: world.dids.configuration().domain,
      path: ['people', personId(systemRandom.bytes(16))],
      signer: await newSigner(),
      document: { service: [{ id: '#me', type: 'Homepage', serviceEndpoint: 'https://kim.example' }] },
      created,
    });
    expect((await register(log)).json().code).toBe('DID_LOG_INVALID');
  });

  test('is refused where its entry was tampered with, and nothing is kept', async () => {
    const { did, log } = await newPerson();
    const forged = structuredClone(log);
    if (forged[0]) forged[0].versionTime = '2026-01-14T00:00:00Z';
    expect((await register(forged)).json().code).toBe('DID_LOG_INVALID');
    expect(await world.dids.resolveDid(did)).toBeNull();
    expect(await outboxValue(did)).toBeNull();
  });
});

test('an unknown DID and an unknown method are not found, and say which', async () => {
  const unknown = await server.inject(`/1.0/identifiers/did:webvh:QmX:${encodeURIComponent('localhost%3A8080')}`);
  expect([unknown.statusCode, unknown.json().didResolutionMetadata.error.type]).toEqual([
    404,
    'https://www.w3.org/ns/did#NOT_FOUND',
  ]);
  const foreign = await server.inject('/1.0/identifiers/did:example:1');
  expect([foreign.statusCode, foreign.json().didResolutionMetadata.error.type]).toEqual([
    501,
    'https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED',
  ]);
  expect((await server.inject('/people/nobody/did.jsonl')).statusCode).toBe(404);
});

test('a wallet learns where its DID belongs', async () => {
  const answer = await server.inject('/dids/configuration');
  expect(answer.json()).toEqual({ domain: 'localhost%3A8080', path_prefix: 'people' });
  expect(answer.headers['access-control-allow-origin']).toBe('*');
  expect(publicUrl).toContain('localhost:8080');
});

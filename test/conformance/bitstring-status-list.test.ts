// Bitstring Status List 1.0, requirement by requirement: what is published here, and how other issuers' lists are read.
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { didKeyOf } from '../../src/identity/trust/signing-key.ts';
import { encodedList, foreignListHost } from '../support/foreign-list-host.ts';
import { failures, OPERATOR_TOKEN, vcApiService } from '../support/vc-api-house.ts';
import { VC_CONTEXT, w3cSigner } from '../support/w3c-signer.ts';

type Json = Record<string, unknown>;

const host = await foreignListHost();
const service = await vcApiService({ hosts: ['localhost'], ca: host.ca });
const peer = w3cSigner(service.publicUrl);
const credential: Json = {
  '@context': [VC_CONTEXT],
  type: ['VerifiableCredential'],
  credentialSubject: { id: 'did:key:z6MkhTNL7i2etLerDK8Acz5t528giE5KA4p75T6ka1E1D74r' },
};
const issued = async (): Promise<Json & { credentialStatus: Json[] }> => {
  const id = `urn:uuid:${crypto.randomUUID()}`;
  return (await service.issue({ ...credential, id })).body.verifiableCredential;
};
const entryOf = ({ credentialStatus }: { credentialStatus: Json[] }, purpose: string): Json =>
  credentialStatus.find(({ statusPurpose }) => statusPurpose === purpose) ?? {};
const published = async (accept: string, purpose = 'revocation') =>
  service.get(String(entryOf(await issued(), purpose).statusListCredential), { accept });

describe('entries [2.1]', () => {
  test('are of the type, with a purpose, an index in digits and the address of the list, which is not their id', async () => {
    const { credentialStatus: entries } = await issued();
    expect(entries.map(({ statusPurpose }) => statusPurpose)).toEqual(['revocation', 'suspension']);
    for (const entry of entries) {
      expect(entry).toEqual({
        id: expect.stringMatching(/^https:/),
        type: 'BitstringStatusListEntry',
        statusPurpose: expect.any(String),
        statusListIndex: expect.stringMatching(/^(0|[1-9]\d*)$/),
        statusListCredential: expect.stringMatching(/^https:/),
      });
      expect(entry.id).not.toBe(entry.statusListCredential);
      expect(Number(entry.statusListIndex)).toBeLessThan(131_072);
    }
    expect(new Set(entries.map(({ statusListCredential }) => statusListCredential)).size).toBe(2);
  });

  test('are not added to credentials that are issued as a did:key: these have the status they came with, or none', async () => {
    const issuer = didKeyOf(service.issuer.keys, 'P-256');
    const { verifiableCredential } = (await service.issue({ ...credential, issuer })).body;
    expect(verifiableCredential).toMatchObject({ issuer });
    expect(verifiableCredential).not.toHaveProperty('credentialStatus');
    expect((await service.verify(verifiableCredential)).status).toBe(200);
  });

  const entry = {
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: '94567',
    statusListCredential: 'https://example.com/credentials/status/3',
  };
  const messages = (count: number) => Array.from({ length: count }, (_, n) => ({ status: `0x${n}`, message: `m${n}` }));
  test.each<[string, Json]>([
    ['an index that is a number', { ...entry, statusListIndex: 94_567 }],
    ['an index that is true', { ...entry, statusListIndex: true }],
    ['an index below zero', { ...entry, statusListIndex: '-1' }],
    ['no index', { ...entry, statusListIndex: undefined }],
    ['no purpose', { ...entry, statusPurpose: undefined }],
    ['a purpose that is no text', { ...entry, statusPurpose: 1 }],
    ['a list that is no URL', { ...entry, statusListCredential: 'list-3' }],
    ['the id of its list', { ...entry, id: entry.statusListCredential }],
    ['a size of zero', { ...entry, statusSize: 0 }],
    ['a size that is a text', { ...entry, statusSize: '1' }],
    ['a size of two and no messages', { ...entry, statusSize: 2 }],
    ['a size of two and two messages', { ...entry, statusSize: 2, statusMessage: messages(2) }],
    ['a message without its status', { ...entry, statusMessage: [{ message: 'a' }, { message: 'b' }] }],
    ['a reference that is no URL', { ...entry, statusReference: 'here' }],
  ])('with %s are malformed, and the credential is neither issued nor verified [3]', async (_what, wrong) => {
    expect((await service.issue({ ...credential, credentialStatus: wrong })).status).toBe(400);
    const signed = await peer.issueAnyhow({ ...credential, issuer: peer.did, credentialStatus: wrong });
    expect(failures(await service.verify(signed))).toEqual(['format: FORMAT_MALFORMED']);
  });

  test('that are malformed are found wherever they stand [3]', async () => {
    const statusEntry = { ...entry, statusListIndex: true };
    const examples = 'https://www.w3.org/ns/credentials/examples/v2';
    const what = { ...credential, '@context': [VC_CONTEXT, examples], statusEntry };
    expect((await service.issue(what)).status).toBe(400);
  });
});

describe('the published list [2.2]', () => {
  test.each(['revocation', 'suspension'])(
    'of %s is a credential of VC 2.0 that verifies, with the id by which it was named',
    async (statusPurpose) => {
      const address = String(entryOf(await issued(), statusPurpose).statusListCredential);
      const { status, type, body } = await service.get(address);
      expect([status, type]).toEqual([200, 'application/vc']);
      expect(body).toMatchObject({
        '@context': [VC_CONTEXT],
        id: address,
        type: ['VerifiableCredential', 'BitstringStatusListCredential'],
        issuer: service.issuer.did,
        validFrom: expect.any(String),
        validUntil: expect.any(String),
        credentialSubject: { type: 'BitstringStatusList', statusPurpose },
        proof: { type: 'DataIntegrityProof' },
      });
      const { trace } = (await service.verify(body)).body;
      expect(trace).toContainEqual(expect.objectContaining({ step: 'signature', outcome: 'passed' }));
    },
  );

  test('is multibase base64url of a GZIP of 16 KB at least', async () => {
    const { encodedList: text } = (await published('application/vc')).body.credentialSubject;
    expect(text).toMatch(/^u[A-Za-z0-9_-]+$/);
    expect(gunzipSync(Buffer.from(text.slice(1), 'base64url')).length).toBeGreaterThanOrEqual(16_384);
  });

  test.each([
    ['application/ld+json, application/json', 'application/ld+json'],
    ['application/json', 'application/json'],
    ['application/vc, application/json', 'application/vc'],
    ['*/*', 'application/vc'],
  ])('is given to who accepts %s as %s', async (accept, type) => {
    expect((await published(accept)).type).toContain(type);
  });

  test('has the bit of a credential set once it is revoked, from the left, and the credential is refused', async () => {
    const verifiable = await issued();
    const { statusListCredential, statusListIndex } = entryOf(verifiable, 'revocation');
    const bit = async () => {
      const text = (await service.get(String(statusListCredential))).body.credentialSubject.encodedList;
      const bits = gunzipSync(Buffer.from(text.slice(1), 'base64url'));
      return ((bits[Number(statusListIndex) >> 3] ?? 0) >> (7 - (Number(statusListIndex) & 7))) & 1;
    };
    expect([await bit(), (await service.verify(verifiable)).status]).toEqual([0, 200]);
    const change = {
      credentialId: verifiable.id,
      credentialStatus: { type: 'BitstringStatusListEntry', statusPurpose: 'revocation' },
      status: true,
    };
    const authorization = `Bearer ${OPERATOR_TOKEN}`;
    const answer = await service.post('/vc-api/credentials/status', change, { authorization });
    expect(answer.status).toBe(200);
    expect(await bit()).toBe(1);
    expect(failures(await service.verify(verifiable))).toEqual(['status: CREDENTIAL_REVOKED']);
  });

  test('is not changed for an id that is not known, nor back [VC API 3.2.2]', async () => {
    const authorization = `Bearer ${OPERATOR_TOKEN}`;
    const credentialStatus = { type: 'BitstringStatusListEntry', statusPurpose: 'revocation' };
    const set = (body: object) =>
      service.post('/vc-api/credentials/status', { credentialStatus, ...body }, { authorization });
    expect((await set({ credentialId: 'urn:uuid:nobody' })).status).toBe(404);
    expect((await set({ credentialId: (await issued()).id, status: false })).status).toBe(409);
  });
});

describe("another issuer's list [3.2]", () => {
  let lists = 0;
  /** A list and a credential with an entry in it, as `change` makes them. */
  async function verifyWith(change: {
    list?: Json;
    subject?: Json;
    entry?: Json;
    signer?: typeof peer;
    tamper?: (signed: Json) => unknown;
    type?: string;
  }) {
    lists += 1;
    const address = `${host.origin}/lists/${lists}`;
    const signer = change.signer ?? peer;
    const list = await signer.issueAnyhow({
      ...{ '@context': [VC_CONTEXT], id: address, type: ['VerifiableCredential', 'BitstringStatusListCredential'] },
      issuer: signer.did,
      credentialSubject: {
        ...{ id: `${address}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation' },
        encodedList: encodedList([201]),
        ...change.subject,
      },
      ...change.list,
    });
    host.serve(`/lists/${lists}`, change.tamper?.(list) ?? list, change.type);
    return service.verify(
      await peer.issue({
        ...credential,
        credentialStatus: {
          ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '7' },
          statusListCredential: address,
          ...change.entry,
        },
      }),
    );
  }
  const messages = ['fine', 'lost', 'stolen', 'void'].map((message, n) => ({ status: `0x${n}`, message }));

  test('is fetched, its signature checked, and the status read from it', async () => {
    const answer = await verifyWith({});
    expect([answer.status, failures(answer)]).toEqual([200, []]);
    expect(answer.body.trace).toContainEqual(
      expect.objectContaining({ step: 'status', outcome: 'passed', data: expect.objectContaining({ index: 7 }) }),
    );
  });

  test('is taken as JSON, and as a token of its own [VC-JOSE-COSE]', async () => {
    expect(failures(await verifyWith({ type: 'application/json' }))).toEqual([]);
    const asToken = (signed: Json) => {
      const { proof: _proof, ...list } = signed;
      return peer.jws({ alg: 'EdDSA', typ: 'vc+jwt', kid: peer.keyId }, list);
    };
    expect(failures(await verifyWith({ tamper: asToken, type: 'application/vc+jwt' }))).toEqual([]);
  });

  test('tells what a status of more bits means, from the list of its messages', async () => {
    const entry = { statusPurpose: 'message', statusSize: 2, statusMessage: messages, statusListIndex: '100' };
    const answer = await verifyWith({ entry, subject: { statusPurpose: 'message' } });
    expect(answer.body.trace).toContainEqual(
      expect.objectContaining({ step: 'status', data: expect.objectContaining({ message: 'lost' }) }),
    );
  });

  const stranger = w3cSigner(service.publicUrl);
  test.each<[string, Parameters<typeof verifyWith>[0], string]>([
    ['the bit is set', { entry: { statusListIndex: '201' } }, 'CREDENTIAL_REVOKED'],
    [
      'another purpose is set',
      {
        entry: { statusListIndex: '201', statusPurpose: 'suspension' },
        subject: { statusPurpose: ['revocation', 'suspension'] },
      },
      'STATUS_SET',
    ],
    ['the purpose is not the entry’s', { entry: { statusPurpose: 'suspension' } }, 'STATUS_PURPOSE_DIFFERENT'],
    ['the index lies outside [RANGE_ERROR]', { entry: { statusListIndex: '131072' } }, 'STATUS_INDEX_OUTSIDE'],
    [
      'it is too short [STATUS_LIST_LENGTH_ERROR]',
      { subject: { encodedList: encodedList([], 16_383) } },
      'STATUS_LIST_TOO_SHORT',
    ],
    ['it does not unfold', { subject: { encodedList: 'uAAAA' } }, 'STATUS_LIST_MALFORMED'],
    [
      'it unfolds to more than is read here',
      { subject: { encodedList: encodedList([], 8_388_608) } },
      'STATUS_LIST_MALFORMED',
    ],
    ['its text is not multibase base64url', { subject: { encodedList: 'zAAAA' } }, 'STATUS_LIST_MALFORMED'],
    ['it is of another type', { list: { type: ['VerifiableCredential'] } }, 'STATUS_LIST_MALFORMED'],
    ['its subject is of another type', { subject: { type: 'JsonSchema' } }, 'STATUS_LIST_NOT_VERIFIED'],
    ['it has expired', { list: { validUntil: '2020-01-01T00:00:00Z' } }, 'STATUS_LIST_NOT_VERIFIED'],
    ['it is of another address', { list: { id: 'https://example.org/list' } }, 'STATUS_LIST_NOT_VERIFIED'],
    ['another issuer made it', { signer: stranger }, 'STATUS_LIST_NOT_VERIFIED'],
    [
      'it was changed',
      { tamper: (signed) => ({ ...signed, validUntil: '2999-01-01T00:00:00Z' }) },
      'STATUS_LIST_NOT_VERIFIED',
    ],
    ['it is no credential', { tamper: () => ({}) }, 'STATUS_LIST_NOT_VERIFIED'],
    ['it is not JSON', { tamper: () => '<html>' }, 'STATUS_LIST_MALFORMED'],
    [
      'its host has it not [STATUS_RETRIEVAL_ERROR]',
      { entry: { statusListCredential: `${host.origin}/nothing` } },
      'STATUS_LIST_AWAY',
    ],
    [
      'its host is not on the list of hosts',
      { entry: { statusListCredential: 'https://lists.example/3' } },
      'STATUS_HOST_NOT_ASKED',
    ],
    [
      'it stands at no https address',
      { entry: { statusListCredential: 'http://localhost/3' } },
      'STATUS_HOST_NOT_ASKED',
    ],
  ])('refuses the credential where %s', async (_what, change, reason) => {
    const answer = await verifyWith(change);
    expect(failures(answer)).toEqual([`status: ${reason}`]);
    expect(answer.body.problemDetails[0].type).toMatch(
      /^https:\/\/www\.w3\.org\/ns\/credentials\/status-list#[A-Z_]+$/,
    );
  });

  test('is asked for once in a while, not for every credential', async () => {
    const before = host.asked();
    await verifyWith({});
    const address = `${host.origin}/lists/${lists}`;
    const again = await peer.issue({
      ...credential,
      credentialStatus: {
        ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '8' },
        statusListCredential: address,
      },
    });
    expect((await service.verify(again)).status).toBe(200);
    expect(host.asked() - before).toBe(1);
  });

  test.each([
    ['is asked for again once its ttl is over', 500, ['status: CREDENTIAL_REVOKED']],
    ['is used again while its ttl lasts', 60_000, []],
  ])('%s [2.2]', async (_what, ttl, expected) => {
    const path = `/lists/ttl-${ttl}`;
    const serve = async (set: readonly number[]) => {
      const list = await peer.issueAnyhow({
        ...{ '@context': [VC_CONTEXT], id: host.origin + path, issuer: peer.did },
        type: ['VerifiableCredential', 'BitstringStatusListCredential'],
        credentialSubject: {
          ...{ id: `${host.origin}${path}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation' },
          ...{ ttl, encodedList: encodedList(set) },
        },
      });
      return host.serve(path, list);
    };
    const held = await peer.issue({
      ...credential,
      credentialStatus: {
        ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '7' },
        statusListCredential: await serve([]),
      },
    });
    expect(failures(await service.verify(held))).toEqual([]);
    await serve([7]);
    await sleep(1_100);
    expect(failures(await service.verify(held))).toEqual(expected);
  });
});

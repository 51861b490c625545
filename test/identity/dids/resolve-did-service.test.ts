import { generateKeyPairSync } from 'node:crypto';
import { ContractFactory, encodeBytes32String, JsonRpcProvider, Wallet } from 'ethers';
import registryPackage from 'ethr-did-registry';
import { afterAll, expect, test } from 'vitest';
import { webCryptoSigner } from '../../../src/identity/dids/did-entry.ts';
import { didLogText } from '../../../src/identity/dids/did-log.ts';
import { createDidLog, deactivateDidLog, rotateDidLog } from '../../../src/identity/dids/did-webvh.ts';
import { createEthrDids } from '../../../src/identity/dids/ethr-did-port.ts';
import { createForeignDids } from '../../../src/identity/dids/foreign-did-port.ts';
import { createResolveDidService } from '../../../src/identity/dids/resolve-did-service.ts';
import type { GuardedFetch } from '../../../src/platform/http/guarded-fetch.ts';
import { problem } from '../../../src/platform/problem.ts';
import { identityWorld } from '../../support/identity-world.ts';
import { startTestChain } from '../../support/test-chain.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
const world = await identityWorld(pool);
const server = await world.startHttp();

function resolverOver(fetchText: GuardedFetch, ethr = createEthrDids([])) {
  const clock = { time_ms: 1_000_000, now_ms: () => clock.time_ms };
  const service = createResolveDidService({ clock, dids: world.dids, foreign: createForeignDids({ fetchText, ethr }) });
  return { clock, resolve: service.resolve };
}

/** Files by address, each with how often it was asked for. */
function hostOf(files: Record<string, string>) {
  const asked: string[] = [];
  const fetchText: GuardedFetch = async (address) => {
    asked.push(address);
    return files[address] ?? null;
  };
  return { asked, fetchText };
}

const nobody: GuardedFetch = async () => {
  throw problem('FETCH_NOT_ALLOWED', 'not on the list');
};

// Source: the examples of the did:key method and of the did:jwk method.
const DID_JWK =
  'did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9';
test.each([
  'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
  'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
  'did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9',
  'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme',
  'did:key:zUC7DerdEmfZ8f4pFajXgGwJoMkV1ofMTmEG5UoNvnWiPiLuGKNeqgRpLH2TV4Xe5mJ2cXV76gRN7LFQwapF1VFu6x2yrr5ci1mXqC1WNUrnHnLgvfZfMH7h6xP6qsf9EKRQrPQ',
])('resolves the published %s without asking anybody', async (did) => {
  const multibase = did.slice('did:key:'.length);
  expect(await resolverOver(nobody).resolve(did)).toMatchObject({
    error: null,
    document: {
      id: did,
      verificationMethod: [
        { id: `${did}#${multibase}`, type: 'Multikey', controller: did, publicKeyMultibase: multibase },
      ],
      authentication: [`${did}#${multibase}`],
    },
  });
});

test('resolves the published did:jwk', async () => {
  expect(await resolverOver(nobody).resolve(DID_JWK)).toMatchObject({
    error: null,
    document: {
      id: DID_JWK,
      verificationMethod: [{ id: `${DID_JWK}#0`, publicKeyJwk: { crv: 'P-256', kty: 'EC' } }],
    },
  });
});

const secretJwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
test.each([
  ['nothing', 'INVALID_DID'],
  ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do', 'UNSUPPORTED_PUBLIC_KEY_TYPE'],
  ['did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F', 'UNSUPPORTED_PUBLIC_KEY_TYPE'],
  ['did:key:zTjsVPtY', 'INVALID_PUBLIC_KEY_LENGTH'],
  ['did:key:1:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', 'INVALID_DID'],
  ['did:jwk:e30', 'INVALID_DID'],
  [`did:jwk:${Buffer.from(JSON.stringify(secretJwk)).toString('base64url')}`, 'INVALID_DID'],
  ['did:web:example.org:..:inside', 'INVALID_DID'],
  ['did:webvh:example.org', 'INVALID_DID'],
  ['did:ethr:mainnet:0x12', 'INVALID_DID'],
  ['did:example:123', 'METHOD_NOT_SUPPORTED'],
  ['did:web:example.org', 'FEATURE_NOT_SUPPORTED'],
  [`did:ethr:0x${'12'.repeat(20)}`, 'FEATURE_NOT_SUPPORTED'],
])('refuses %s as %s', async (did, error) => {
  expect(await resolverOver(nobody).resolve(did)).toMatchObject({ error });
});

test('resolves a did:web, and refuses a document of another DID or none', async () => {
  const document = { id: 'did:web:did.example.org:good', verificationMethod: [] };
  const { fetchText } = hostOf({
    'https://did.example.org/good/did.json': JSON.stringify(document),
    'https://did.example.org/other/did.json': JSON.stringify(document),
    'https://did.example.org/broken/did.json': '{',
  });
  const { resolve } = resolverOver(fetchText);
  expect(await resolve('did:web:did.example.org:good')).toMatchObject({ error: null, document });
  expect(await resolve('did:web:did.example.org:other')).toMatchObject({ error: 'INVALID_DID_DOCUMENT' });
  expect(await resolve('did:web:did.example.org:broken')).toMatchObject({ error: 'INVALID_DID_DOCUMENT' });
  expect(await resolve('did:web:did.example.org:absent')).toMatchObject({ error: 'NOT_FOUND' });
});

test('resolves a did:webvh of another domain by its log, and refuses a log that was changed', async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const created = '2026-01-15T03:00:00Z';
  const { did, log } = await createDidLog({
    ...{ domain: 'did.example.org', path: ['city'], created, document: {} },
    signer: await webCryptoSigner(pair),
  });
  const address = 'https://did.example.org/city/did.jsonl';
  const { resolve } = resolverOver(hostOf({ [address]: didLogText(log) }).fetchText);
  const versionId = log[0]?.versionId;
  expect(await resolve(did)).toMatchObject({ error: null, metadata: { versionId, versionNumber: 1, created } });
  expect(await resolve(did, { versionId })).toMatchObject({ error: null });
  expect(await resolve(did, { versionTime: created })).toMatchObject({ error: null });
  expect(await resolve(did, { versionId: '2-Qm' })).toMatchObject({ error: 'NOT_FOUND' });
  expect(await resolve(did, { versionTime: '2026-01-14T00:00:00Z' })).toMatchObject({ error: 'NOT_FOUND' });
  const changed = didLogText(log).replace(created, '2026-01-15T03:00:01Z');
  expect(await resolverOver(hostOf({ [address]: changed }).fetchText).resolve(did)).toMatchObject({
    error: 'INVALID_DID_DOCUMENT',
  });
  const elsewhere = did.replace(':city', ':other');
  const moved = hostOf({ 'https://did.example.org/other/did.jsonl': didLogText(log) });
  expect(await resolverOver(moved.fetchText).resolve(elsewhere)).toMatchObject({ error: 'INVALID_DID_DOCUMENT' });
});

test('tells each version of a did:webvh that was rotated and ended', async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const signer = await webCryptoSigner(pair);
  const times = ['2026-01-15T03:00:00Z', '2026-01-16T03:00:00Z', '2026-01-17T03:00:00Z'] as const;
  const { did, log } = await createDidLog({
    ...{ domain: 'did.example.org', path: ['city'], created: times[0], document: {}, signer },
  });
  const documentKey = signer.publicKey;
  const rotated = await rotateDidLog({ log, signer, documentKey, nextKeyHashes: [], created: times[1] });
  const ended = await deactivateDidLog({ log: rotated, signer, created: times[2] });
  const { resolve } = resolverOver(hostOf({ 'https://did.example.org/city/did.jsonl': didLogText(ended) }).fetchText);
  const [first, second, third] = ended.map(({ versionId }) => versionId);
  expect(await resolve(did)).toMatchObject({ document: null, metadata: { versionId: third, deactivated: true } });
  expect(await resolve(did, { versionId: first })).toMatchObject({
    document: { id: did },
    metadata: { versionId: first, versionNumber: 1, nextVersionId: second, nextUpdate: times[1], deactivated: false },
  });
  expect(await resolve(did, { versionTime: '2026-01-16T12:00:00Z' })).toMatchObject({
    document: { verificationMethod: [{ id: `${did}#key-2` }] },
    metadata: { versionId: second, versionNumber: 2, nextVersionId: third },
  });
  expect(await resolve(did, { versionId: '4-QmNone' })).toMatchObject({ error: 'NOT_FOUND' });
});

test('asks once for all who ask together, keeps an answer for minutes and a refusal for seconds', async () => {
  const did = 'did:web:did.example.org:good';
  const { asked, fetchText } = hostOf({ 'https://did.example.org/good/did.json': JSON.stringify({ id: did }) });
  const { clock, resolve } = resolverOver(fetchText);
  await Promise.all([resolve(did), resolve(did), resolve(did)]);
  clock.time_ms += 299_000;
  expect(await resolve(did)).toMatchObject({ facts: { cached: true } });
  expect(asked).toHaveLength(1);
  expect(await resolve(did, { noCache: true })).toMatchObject({ facts: { cached: false } });
  clock.time_ms += 300_001;
  expect(await resolve(did)).toMatchObject({ facts: { cached: false } });
  expect(asked).toHaveLength(3);
  await resolve(`${did}:absent`);
  await resolve(`${did}:absent`);
  clock.time_ms += 10_001;
  await resolve(`${did}:absent`);
  expect(asked).toHaveLength(5);
});

test('resolves a did:ethr with its attributes, at its newest block and at an earlier one', async () => {
  const chain = await startTestChain();
  afterAll(() => chain.kill());
  await chain.fund(chain.key);
  const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, cacheTimeout: -1 });
  afterAll(() => provider.destroy());
  const wallet = new Wallet(chain.key, provider);
  const { abi, bytecode } = registryPackage.EthereumDIDRegistry;
  const registry = await new ContractFactory(abi, bytecode, wallet).deploy();
  await registry.waitForDeployment();
  const setting = { chainId: chain.chainId, rpcUrl: chain.url, registry: await registry.getAddress() };
  const ethr = createEthrDids([{ name: 'city', ...setting }]);
  const { resolve } = resolverOver(nobody, ethr);
  const did = `did:ethr:city:${wallet.address}`;
  const before = String(await provider.getBlockNumber());
  const name = encodeBytes32String('did/pub/Ed25519/veriKey/base64');
  const sent = await registry.getFunction('setAttribute')(wallet.address, name, `0x${'ab'.repeat(32)}`, 86_400);
  const block = String((await sent.wait()).blockNumber);

  const newest = await resolve(did);
  expect(newest).toMatchObject({ error: null, document: { id: did }, metadata: { versionId: block } });
  expect(JSON.stringify(newest)).toContain('Ed25519');
  const earlier = await resolve(did, { versionId: before });
  expect(earlier).toMatchObject({ error: null, metadata: { nextVersionId: block } });
  expect(JSON.stringify(earlier)).not.toContain('Ed25519');
  expect(await resolve(did, { versionId: 'one' })).toMatchObject({ error: 'INVALID_OPTIONS' });
  await chain.kill();
  expect(await resolve(did, { noCache: true })).toMatchObject({ error: 'INTERNAL_ERROR' });
});

function ask(did: string, query = '', accept?: string) {
  const headers = accept === undefined ? {} : { accept };
  return server.inject({ url: `/1.0/identifiers/${did}${query}`, headers });
}

test('answers with the whole result, or the document alone, as Accept says', async () => {
  const { did } = world.issuer;
  const whole = await ask(did, '', 'application/did-resolution');
  expect(whole.headers).toMatchObject({ 'content-type': 'application/did-resolution', vary: 'Accept' });
  expect(whole.json()).toMatchObject({
    didDocument: { id: did },
    didResolutionMetadata: { contentType: 'application/did+ld+json' },
    didDocumentMetadata: { versionNumber: 1, deactivated: false, salt: null, anchor: { status: 'final' } },
  });
  const document = await ask(encodeURIComponent(did), '', 'application/did+json');
  expect([document.statusCode, document.headers['content-type']]).toEqual([200, 'application/did+json']);
  expect(document.json().id).toBe(did);
  const none = await ask(did, '', 'text/html');
  expect(none.statusCode).toBe(406);
  expect(none.json().didResolutionMetadata.error.type).toBe('https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED');
});

test.each([
  ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', '', 200, undefined],
  ['did:web:localhost%3A8443:user', '', 501, 'FEATURE_NOT_SUPPORTED'],
  ['nothing', '', 400, 'INVALID_DID'],
  ['did:web:example.org', '?versionId=1&versionTime=2026-01-15T03:00:00Z', 400, 'INVALID_OPTIONS'],
  ['did:web:example.org', '?versionTime=yesterday', 400, 'INVALID_OPTIONS'],
  ['did:example:1', '', 501, 'METHOD_NOT_SUPPORTED'],
])('answers for %s%s with status %i', async (did, query, status, error) => {
  const answer = await ask(did, query);
  const type = error && `https://www.w3.org/ns/did#${error}`;
  expect([answer.statusCode, answer.json().didResolutionMetadata.error?.type]).toEqual([status, type]);
});

test('never shows another version of an own DID than the one asked for', async () => {
  const { did } = world.issuer;
  const { versionId, created } = (await ask(did)).json().didDocumentMetadata;
  expect((await ask(did, `?versionId=${versionId}`)).statusCode).toBe(200);
  expect((await ask(did, `?versionTime=${created}`)).statusCode).toBe(200);
  expect((await ask(did, '?versionId=2-QmNone')).statusCode).toBe(404);
  expect((await ask(did, '?versionTime=2020-01-01T00:00:00Z')).statusCode).toBe(404);
});

// Issuers of elsewhere: trusted for named types and times, refused for everything else, in both verifying services.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anchorKey } from '../../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../../src/anchoring/hexadecimal.ts';
import { authorityKeyIds } from '../../../src/identity/trust/authority-key-ids.ts';
import { certificateRequest } from '../../../src/identity/trust/certificate-request.ts';
import { trustValue } from '../../../src/identity/trust/trusted-issuers.ts';
import { selfSigned, testAuthority } from '../../support/certificates.ts';
import { createHolder } from '../../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl, START_ms } from '../../support/identity-world.ts';
import { es256Key } from '../../support/signed-jwt.ts';
import { testDatabase } from '../../support/test-database.ts';
import { VC_CONTEXT, w3cSigner } from '../../support/w3c-signer.ts';

const { pool } = await testDatabase();
const holder = await createHolder();
const nonce = 'nonce-1';
const audience = 'x509_hash:counter';
const account = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
const DAY_ms = 86_400_000;

/** A city of elsewhere that signs with the key its DID is made of. */
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
const neighbour = `did:jwk:${Buffer.from(JSON.stringify({ kty, crv, x, y })).toString('base64url')}`;

let world: IdentityWorld;
beforeAll(async () => {
  world = await identityWorld(pool);
});
beforeEach(async () => {
  world.clock.time_ms = START_ms;
  await pool.query('TRUNCATE identity.trusted_issuer, identity.trusted_issuer_audit');
});

interface Issued {
  iss?: string;
  type?: string;
  more?: Record<string, unknown>;
  key?: typeof privateKey;
}

async function verdictOn({ iss = neighbour, type = 'water-account', more = {}, key = privateKey }: Issued = {}) {
  const now_s = Math.floor(world.clock.now_ms() / 1000);
  const jwt = await new SignJWT({
    ...{ iss, vct: `${publicUrl}/vct/${type}`, iat: now_s, exp: now_s + 3_600, cnf: { jwk: holder.jwk } },
    ...(type === 'water-account' ? account : {}),
    ...more,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dc+sd-jwt', kid: `${iss}#0` })
    .sign(key);
  return world.presentations.verifySdJwtPresentation(
    await holder.bind(`${jwt}~`, { nonce, aud: audience, iat: now_s }),
    { nonce, audience, types: [type], transactions: [] },
  );
}

function failedSteps({ trace }: { trace: { step: string; outcome: string; reason: string }[] }): string[] {
  return trace.flatMap(({ step, outcome, reason }) => (outcome === 'failed' ? [`${step}: ${reason}`] : []));
}

const trust = (order: object) =>
  world.trust.trustIssuer({ issuer: neighbour, types: ['water-account'], ...order }, 'operator');

describe('an SD-JWT VC of an issuer of elsewhere', () => {
  test('verifies while the issuer is trusted for its type, and names no record of ours', async () => {
    await trust({});
    const verdict = await verdictOn();
    expect(failedSteps(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ verified: true, claims: account, credential_id: null });
    expect(verdict.trace.find(({ step }) => step === 'issuer')).toMatchObject({
      reason: 'ISSUER_TRUSTED',
      data: { did: neighbour, type: 'water-account' },
    });
    expect(verdict.trace.at(-1)).toMatchObject({ outcome: 'not_checked', reason: 'ANCHOR_NOT_USED' });
  });

  test('is refused where nobody trusts the issuer', async () => {
    const verdict = await verdictOn();
    expect(failedSteps(verdict)).toContain('issuer: ISSUER_NOT_TRUSTED');
    expect(verdict).toMatchObject({ verified: false, claims: {} });
  });

  test('is refused where the issuer is trusted for another type', async () => {
    await trust({ types: ['resident', 'merchant'] });
    expect(failedSteps(await verdictOn())).toContain('issuer: ISSUER_NOT_TRUSTED');
  });

  test('is refused before the trust begins, once it is over, and at once when it is ended', async () => {
    const [from, until] = [START_ms + DAY_ms, START_ms + 2 * DAY_ms].map((at) => new Date(at).toISOString());
    await trust({ from, until });
    expect(failedSteps(await verdictOn())).toContain('issuer: ISSUER_NOT_TRUSTED');
    world.clock.time_ms = START_ms + DAY_ms;
    expect((await verdictOn()).verified).toBe(true);
    world.clock.time_ms = START_ms + 2 * DAY_ms;
    expect(failedSteps(await verdictOn())).toContain('issuer: ISSUER_NOT_TRUSTED');
    world.clock.time_ms = START_ms + DAY_ms;
    await world.trust.endTrust(neighbour, 'operator');
    expect(failedSteps(await verdictOn())).toContain('issuer: ISSUER_NOT_TRUSTED');
  });

  test('is refused where another key signed it', async () => {
    await trust({});
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    expect(failedSteps(await verdictOn({ key: other }))).toEqual(['signature: SIGNATURE_INVALID']);
  });

  test('is refused where it names a place in a status list of ours, whose record it would take over', async () => {
    await trust({});
    const { credentialId, credential } = await world.issuing.issueSdJwtVc({
      ...{ type: 'water-account', claims: account, holderJwk: holder.jwk },
    });
    const { status } = JSON.parse(Buffer.from(credential.split('.')[1] ?? '', 'base64url').toString());
    const verdict = await verdictOn({ more: { status } });
    expect(failedSteps(verdict)).toEqual(['status: STATUS_UNKNOWN']);
    expect(verdict.credential_id).not.toBe(credentialId);
  });

  test('is not what one of this service is, which needs no entry', async () => {
    expect(await world.trust.listTrust()).toEqual([]);
    const { credential } = await world.issuing.issueSdJwtVc({
      ...{ type: 'water-account', claims: account, holderJwk: holder.jwk },
    });
    const iat = Math.floor(START_ms / 1000);
    const verdict = await world.presentations.verifySdJwtPresentation(
      await holder.bind(credential, { nonce, aud: audience, iat }),
      { nonce, audience, types: ['water-account'], transactions: [] },
    );
    expect(verdict.verified).toBe(true);
  });
});

describe('an SD-JWT VC that brings the certificates of its issuer', async () => {
  const authority = await testAuthority('neighbour');
  const name = 'https://neighbour.example/issuer';
  const der = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
  const held = await authority.issue('issuer', { uris: [name, 'did:web:neighbour.example'], dns: ['city.example'] });

  async function verdict(
    given: { x5c?: string[]; iss?: string | undefined; key?: string; kid?: string; by?: typeof privateKey } = {},
    authorities?: string[],
  ) {
    const {
      x5c,
      iss,
      key,
      kid,
      by = createPrivateKey(key),
    } = {
      ...{ x5c: [der(held.cert)], iss: name, key: held.key },
      ...given,
    };
    // The certificates are made by the machine's clock.
    world.clock.time_ms = Date.now();
    const now_s = Math.floor(world.clock.now_ms() / 1000);
    const payload = {
      ...(iss === undefined ? {} : { iss }),
      vct: `${publicUrl}/vct/water-account`,
      iat: now_s,
      exp: now_s + 3_600,
      ...account,
    };
    const jwt = await new SignJWT({ ...payload, cnf: { jwk: holder.jwk } })
      .setProtectedHeader({ alg: 'ES256', typ: 'dc+sd-jwt', x5c, ...(kid === undefined ? {} : { kid }) })
      .sign(by);
    return world.presentations.verifySdJwtPresentation(
      await holder.bind(`${jwt}~`, { nonce, aud: audience, iat: now_s }),
      { nonce, audience, types: ['water-account'], transactions: [], authorities },
    );
  }

  const trustRoot = (types: string[] = ['water-account']) =>
    world.trust.trustIssuer({ root: authority.cert, types }, 'operator');

  test.each([
    ['an address', name],
    ['a DID', 'did:web:neighbour.example'],
    ['an address whose host the certificate names', 'https://city.example/issuers/1'],
    ['nothing', undefined],
  ])('verifies where its root is trusted for the type and iss is %s [HAIP 6.1.1]', async (_what, iss) => {
    const { issuer } = await trustRoot();
    const found = await verdict({ iss });
    expect(failedSteps(found)).toEqual([]);
    expect(found).toMatchObject({ verified: true, claims: account });
    expect(found.trace.find(({ step }) => step === 'issuer')?.data).toEqual({ root: issuer, type: 'water-account' });
  });

  test('is refused where its root is not trusted, or for another type, or no longer', async () => {
    const refused = ['signature: CERTIFICATE_ROOT_NOT_TRUSTED', 'issuer: ISSUER_NOT_TRUSTED'];
    expect(failedSteps(await verdict())).toEqual(refused);
    const { issuer } = await trustRoot(['resident']);
    expect(failedSteps(await verdict())).toEqual(refused);
    await trustRoot();
    expect((await verdict()).verified).toBe(true);
    await world.trust.endTrust(issuer, 'operator');
    expect(failedSteps(await verdict())).toEqual(refused);
  });

  test.each(['https://evil.example/issuer', 'http://city.example', `${name}/2`, 'did:web:evil.example'])(
    'is refused where its certificate is not for the issuer %s',
    async (iss) => {
      await trustRoot();
      expect(failedSteps(await verdict({ iss }))).toEqual(['issuer: CERTIFICATE_NAME_DIFFERENT']);
    },
  );

  test('is refused where another key signed it', async () => {
    await trustRoot();
    const { key } = await authority.issue('another');
    expect(failedSteps(await verdict({ key }))).toEqual(['signature: SIGNATURE_INVALID']);
  });

  test('of a trusted DID is taken for an authority asked for only by a chain that holds, never by its word [OID4VP 6.1.1.1]', async () => {
    const request = await certificateRequest({ did: neighbour, publicUrl: name, key: es256Key(privateKey) });
    const own = der(await authority.certify(request));
    const authorities = authorityKeyIds([own]);
    await trust({});
    const shown = (asked?: string[]) =>
      verdict({ x5c: [own], iss: neighbour, kid: `${neighbour}#0`, by: privateKey }, asked);
    expect((await shown()).verified).toBe(true);
    expect(failedSteps(await shown(authorities))).toContain('signature: CERTIFICATE_ROOT_NOT_TRUSTED');
    await trustRoot();
    expect((await shown(authorities)).verified).toBe(true);
    expect(failedSteps(await shown(['AAAA']))).toEqual(['issuer: AUTHORITY_NOT_ASKED']);
  });

  test('is refused where a certificate has expired, signs itself, or is not signed by the next', async () => {
    await trustRoot();
    const [old, self] = [await authority.issue('old', { days: -1 }), await selfSigned('alone')];
    const stranger = await testAuthority('stranger');
    const broken = ['signature: CERTIFICATE_CHAIN_BROKEN', 'issuer: ISSUER_NOT_TRUSTED'];
    expect(failedSteps(await verdict({ x5c: [der(old.cert)], key: old.key }))).toEqual([
      'signature: CERTIFICATE_NOT_VALID_NOW',
      'issuer: ISSUER_NOT_TRUSTED',
    ]);
    expect(failedSteps(await verdict({ x5c: [der(self.cert)], key: self.key }))).toEqual(broken);
    expect(failedSteps(await verdict({ x5c: [der(held.cert), der(stranger.cert)] }))).toEqual(broken);
    expect(failedSteps(await verdict({ x5c: [der(held.cert), der(authority.cert)] }))).toEqual(broken);
    expect(failedSteps(await verdict({ x5c: [] }))).toEqual(['format: FORMAT_HEADER_REFUSED']);
  });
});

describe('a W3C credential of an issuer of elsewhere', () => {
  const signer = w3cSigner(publicUrl);
  const credential = {
    '@context': [VC_CONTEXT, `${publicUrl}/contexts/v1`],
    type: ['VerifiableCredential', 'WaterAccountCredential'],
    issuer: signer.did,
    validFrom: '2026-01-01T00:00:00Z',
    credentialSubject: { id: 'did:example:holder', ...account },
  };

  test('verifies where the issuer is trusted for its type, and is refused where not', async () => {
    const issued = await signer.issueAnyhow(credential);
    expect(failedSteps(await world.credentials.verifyW3cCredential(issued))).toEqual(['issuer: ISSUER_NOT_TRUSTED']);
    await trust({ issuer: signer.did, types: ['resident'] });
    expect(failedSteps(await world.credentials.verifyW3cCredential(issued))).toEqual(['issuer: ISSUER_NOT_TRUSTED']);
    await trust({ issuer: signer.did });
    const verdict = await world.credentials.verifyW3cCredential(issued);
    expect(failedSteps(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ verified: true, type: 'water-account', issuer: signer.did });
  });

  test('is refused where it names a place in a status list of ours', async () => {
    await trust({ issuer: signer.did });
    const { credential: own } = await world.issuing.issueSdJwtVc({
      ...{ type: 'water-account', claims: account, holderJwk: holder.jwk },
    });
    const { status } = JSON.parse(Buffer.from(own.split('.')[1] ?? '', 'base64url').toString());
    const issued = await signer.issueAnyhow({
      ...credential,
      credentialStatus: {
        ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation' },
        statusListIndex: String(status.status_list.idx),
        statusListCredential: `${status.status_list.uri}/bitstring`,
      },
    });
    const verdict = await world.credentials.verifyW3cCredential(issued);
    expect(failedSteps(verdict)).toEqual(['status: STATUS_LIST_NOT_VERIFIED']);
    expect(verdict.credential_id).toBeNull();
  });
});

describe('the table', () => {
  const audit = async () =>
    (await pool.query('SELECT actor, action, issuer FROM identity.trusted_issuer_audit ORDER BY id')).rows;
  /** What the next epoch sets. */
  const waiting = async () => {
    const { rows } = await pool.query<{ value: Buffer | null }>('SELECT value FROM anchoring.outbox WHERE key = $1', [
      Buffer.from(anchorKey('trusted-issuer', neighbour)),
    ]);
    return rows.map(({ value }) => value && toHex(value));
  };

  test('keeps an audit and puts every change in line for the next anchor, an end as nothing', async () => {
    const entry = { issuer: neighbour, from: new Date(START_ms).toISOString(), until: null };
    expect(await trust({})).toEqual({ issuer: neighbour, changed: true });
    expect(await trust({})).toEqual({ issuer: neighbour, changed: false });
    expect(await waiting()).toEqual([toHex(trustValue({ ...entry, types: ['water-account'] }))]);
    world.clock.time_ms += DAY_ms;
    const types = ['resident', 'water-account'];
    expect(await trust({ types: [...types].reverse() })).toMatchObject({ changed: true });
    expect(await waiting()).toEqual([toHex(trustValue({ ...entry, types }))]);
    await world.trust.endTrust(neighbour, 'command line');
    expect(await waiting()).toEqual([null]);
    expect(await audit()).toEqual([
      { actor: 'operator', action: 'added', issuer: neighbour },
      { actor: 'operator', action: 'changed', issuer: neighbour },
      { actor: 'command line', action: 'ended', issuer: neighbour },
    ]);
  });

  test('takes no unknown type, no other DID method, no times the wrong way round, and no end of what is not there', async () => {
    await expect(trust({ types: ['driving-licence'] })).rejects.toMatchObject({ code: 'CREDENTIAL_TYPE_UNKNOWN' });
    await expect(trust({ issuer: 'did:ethr:0x00' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(trust({ issuer: 'https://example.org' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(trust({ until: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(world.trust.endTrust(neighbour, 'operator')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await audit()).toEqual([]);
  });

  test('takes the root certificate of an authority, and no certificate of anybody else', async () => {
    const authority = await testAuthority('neighbour');
    const { cert } = await authority.issue('issuer');
    const order = { issuer: undefined, types: ['resident'] };
    await expect(trust({ ...order, root: cert })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await trust({ ...order, root: authority.cert })).toMatchObject({
      issuer: expect.stringMatching(/^x509-sha256:[\w-]{43}$/),
    });
  });

  test('is changed over HTTP by the operator alone, and read by anybody with where the map holds it', async () => {
    const server = await world.startHttp();
    const change = (url: string, payload: object, token: string) =>
      server.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${token}` } });
    const order = { issuer: neighbour, types: ['resident'] };
    expect((await change('/api/trusted-issuers', order, 'guessed')).statusCode).toBe(401);
    expect((await change('/api/trusted-issuers', order, 'clerk')).json()).toEqual({ issuer: neighbour, changed: true });
    expect((await server.inject('/trusted-issuers')).json().issuers).toEqual([
      {
        ...{ issuer: neighbour, types: ['resident'], from: new Date(START_ms).toISOString(), until: null, root: null },
        anchor_key: toHex(anchorKey('trusted-issuer', neighbour)),
      },
    ]);
    expect((await change('/api/trusted-issuers/end', { issuer: neighbour }, 'guessed')).statusCode).toBe(401);
    expect((await change('/api/trusted-issuers/end', { issuer: neighbour }, 'clerk')).statusCode).toBe(204);
    expect((await server.inject('/trusted-issuers')).json()).toEqual({ issuers: [] });
  });
});

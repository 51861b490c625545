// mdocs over OpenID4VP 1.0, appendix B.2: what a device made without the product's library shows, and each thing that must
// be refused, with the step and the reason.
import { Tagged } from 'cborg';
import { decodeJwt } from 'jose';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { WantedAuthority, WantedClaim } from '../../../src/identity/presenting/presentation-request.ts';
import { authorityKeyIds } from '../../../src/identity/trust/authority-key-ids.ts';
import { testAuthority } from '../../support/certificates.ts';
import { certifyIssuer } from '../../support/certified-issuer.ts';
import {
  type IssuerSigned,
  limited,
  mdocDevice,
  type Presented,
  readIssuerSigned,
  type Session,
  signMdoc,
} from '../../support/mdoc-device.ts';
import { operatorToken, portalHouse } from '../../support/portal-house.ts';
import { type Asked, askedIn, formOf, post, requestObject } from '../../support/presented-answer.ts';

type Json = Record<string, unknown>;

const house = await portalHouse();
const { credentials, issuer, requests, verifiers } = house.identity;
const { clock, publicUrl } = house;
const device = mdocDevice();
const stranger = mdocDevice();
const docType = 'urn:naru:mdoc:resident:1';
const claims = { family_name: '김', given_name: '나루', birth_date: '1990-05-17', address_district: '해운대구' };
const shown = ['birth_date', 'age_over_19'];
const authority = await testAuthority('City authority');

let own = '';
beforeAll(async () => {
  own = await certifyIssuer(issuer, { publicUrl, now_ms: clock.now_ms(), authority });
  await verifiers.registerVerifier(
    'library',
    {
      name: { ko: '시립 도서관', en: 'City library' },
      purpose: { ko: '대출증을 만듭니다.', en: 'To make a library card.' },
      keeps: { ko: '보관하지 않습니다.', en: 'Not kept.' },
      may_ask: [{ type: 'resident', claims: shown }],
      ...{ return_origins: ['https://library.example'], certificate: null, own_client: null },
    },
    'operator',
  );
});
afterEach(() => {
  clock.ahead_ms = 0;
});

async function issue(holder = device, type = 'resident', given: Json = claims) {
  const order = { type, claims: given, format: 'mso_mdoc', holder: { jwk: holder.jwk } };
  const { credential, credentialId } = await credentials.issueInFormat(order);
  return { issuerSigned: readIssuerSigned(credential as string), credentialId };
}

async function ask(
  wanted: { claims?: WantedClaim[]; trusted_authorities?: WantedAuthority[] } = {},
  how: { encrypted?: boolean } = {},
) {
  const { request_id, authorization_request: link } = await requests.createPresentationRequest({
    ...{ verifier: 'library', mode: 'cross_device', ...how },
    credentials: [{ type: 'resident', format: 'mso_mdoc', claims: shown.map((name) => ({ name })), ...wanted }],
  });
  return { request_id, link, asked: await askedIn(link) };
}

const sessionOf = ({ nonce, client_id, response_uri, client_metadata }: Asked): Session => ({
  ...{ nonce, client_id, response_uri },
  responseKey: client_metadata.jwks?.keys[0] ?? null,
});

const send = async (asked: Asked, ...presentations: unknown[]) =>
  post(asked.response_uri, await formOf(asked, { vp_token: { resident: presentations }, state: asked.state }));

/** Asked, answered right but for what `change` says, and judged. */
async function answered(
  issuerSigned: IssuerSigned,
  change: Omit<Partial<Presented>, 'session'> & { session?: Partial<Session>; by?: typeof device } = {},
  question: Awaited<ReturnType<typeof ask>> | null = null,
) {
  const { request_id, asked } = question ?? (await ask());
  const { session, by = device, ...more } = change;
  const response = await by.present({
    ...{ docType, issuerSigned: limited(issuerSigned, shown), ...more },
    session: { ...sessionOf(asked), ...session },
  });
  return { request_id, asked, sent: await send(asked, response) };
}

/** The failed steps of the one verdict, `step: REASON`; both languages say each. */
async function failed(requestId: string): Promise<string[]> {
  const state = await requests.presentationState(requestId, 'library');
  expect(state.state).toBe('refused');
  const steps = (state.credentials ?? []).flatMap(({ trace }) => trace.filter(({ outcome }) => outcome === 'failed'));
  for (const { detail } of steps)
    expect([detail.ko, detail.en]).toEqual([expect.stringMatching(/[가-힣]/), expect.any(String)]);
  return steps.map(({ step, reason }) => `${step}: ${reason}`);
}

const collected = (requestId: string) => requests.collectPresentation(requestId, 'library');

/** With another list of elements. */
function withElements(issuerSigned: IssuerSigned, change: (items: Tagged[]) => unknown[]): IssuerSigned {
  const [[namespace, items] = ['', []]] = issuerSigned.get('nameSpaces') as Map<string, Tagged[]>;
  return new Map(issuerSigned).set('nameSpaces', new Map([[namespace, change(items)]]));
}

describe('asking for an mdoc', () => {
  test('names the document type, paths of namespace and element, and the algorithms that are taken [B.2.2, B.2.3]', async () => {
    const { link } = await ask({ claims: [{ name: 'age_over_19', values: [true] }] });
    const { dcql_query, client_metadata } = decodeJwt<{ dcql_query: Json; client_metadata: Json }>(
      await requestObject(link),
    );
    expect(dcql_query.credentials).toEqual([
      {
        ...{ id: 'resident', format: 'mso_mdoc', multiple: false, require_cryptographic_holder_binding: true },
        meta: { doctype_value: docType },
        claims: [{ path: [docType, 'age_over_19'], values: [true] }],
      },
    ]);
    expect(client_metadata.vp_formats_supported).toEqual({
      mso_mdoc: { issuerauth_alg_values: [-7], deviceauth_alg_values: [-7, -8] },
    });
  });

  test('asks for no texts to be signed with it, which its types have no element for [B.2.1]', async () => {
    const text = { ko: '동의합니다.', en: 'I agree.' };
    const asking = requests.createPresentationRequest({
      ...{ verifier: 'library', mode: 'cross_device', transactions: [{ title: text, text }] },
      credentials: [{ type: 'resident', format: 'mso_mdoc', claims: [{ name: 'age_over_19' }] }],
    });
    await expect(asking).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('an answer', () => {
  test.each([
    ['P-256', device],
    ['Ed25519', mdocDevice('Ed25519')],
  ])('by a device with a key on %s is taken, and every step says so', async (_curve, by) => {
    const { issuerSigned, credentialId } = await issue(by);
    const { request_id, sent } = await answered(issuerSigned, { by });
    expect(sent).toEqual({ status: 200 });
    const { verified, credentials: verdicts } = await collected(request_id);
    expect(verified).toBe(true);
    expect(verdicts).toMatchObject([
      { type: 'resident', claims: { birth_date: '1990-05-17', age_over_19: true }, credential_id: credentialId },
    ]);
    expect(verdicts[0]?.trace.map(({ step, reason }) => `${step}: ${reason}`)).toEqual([
      ...['format: FORMAT_OK', 'signature: SIGNATURE_OK', 'issuer: ISSUER_TRUSTED', 'status: STATUS_VALID'],
      ...['validity: VALIDITY_OK', 'holder: HOLDER_OK', 'disclosures: DISCLOSURES_OK', 'anchor: ANCHOR_PENDING'],
    ]);
  });

  test('in the clear is bound to the request without a thumbprint [B.2.6.1]', async () => {
    const { issuerSigned } = await issue();
    const question = await ask({}, { encrypted: false });
    expect(question.asked.client_metadata.jwks).toBeUndefined();
    expect((await answered(issuerSigned, {}, question)).sent).toEqual({ status: 200 });
  });

  test('through the Digital Credentials API is bound to the page that asked [B.2.6.2]', async () => {
    const { issuerSigned } = await issue();
    const answerFrom = async (origin: string) => {
      const made = await requests.createBrowserRequest({
        ...{ verifier: 'library', origin: 'https://library.example' },
        credentials: [{ type: 'resident', format: 'mso_mdoc', claims: shown.map((name) => ({ name })) }],
      });
      const asked = decodeJwt(String(made.digital_credential_request.data.request)) as unknown as Asked;
      const session = { ...sessionOf(asked), response_uri: made.response_uri, origin };
      const vp = await device.present({ docType, issuerSigned: limited(issuerSigned, shown), session });
      const answer = await fetch(made.response_uri, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'https://library.example' },
        body: JSON.stringify(await formOf(asked, { vp_token: { resident: [vp] } })),
      });
      return { status: answer.status, request_id: made.request_id };
    };
    expect((await answerFrom('https://library.example')).status).toBe(200);
    const elsewhere = await answerFrom('https://other.example');
    expect(await failed(elsewhere.request_id)).toEqual(['holder: HOLDER_DEVICE_SIGNATURE_INVALID']);
  });

  test('is refused where it shows less than was asked, and leaves the request open [OID4VP 6.4]', async () => {
    const { issuerSigned } = await issue();
    const { sent, request_id } = await answered(issuerSigned, { issuerSigned: limited(issuerSigned, ['age_over_19']) });
    expect(sent).toMatchObject({ status: 400, error: 'invalid_request' });
    expect(await requests.presentationState(request_id, 'library')).toMatchObject({ state: 'waiting' });
  });
});

describe('an answer is refused', () => {
  const unfit = 'holder: HOLDER_DEVICE_SIGNATURE_INVALID';

  test.each<[string, Omit<Partial<Presented>, 'session'> & { session?: Partial<Session>; by?: typeof device }, string]>(
    [
      ['to another request', { session: { nonce: 'another' } }, unfit],
      ['to somebody else', { session: { client_id: 'x509_hash:another' } }, unfit],
      ['sent elsewhere', { session: { response_uri: 'https://other.example/response' } }, unfit],
      ['encrypted to another key', { session: { responseKey: stranger.jwk } }, unfit],
      ['that says it was not encrypted', { session: { responseKey: null } }, unfit],
      ['by the key of another device', { by: stranger }, unfit],
      ['signed by an algorithm that is not the key’s', { algorithm: -8 }, 'holder: HOLDER_PROOF_MALFORMED'],
      ['with a code that both sides could make', { mac: true }, 'holder: HOLDER_PROOF_MALFORMED'],
      ['under another document type', { docType: 'urn:naru:mdoc:merchant:1' }, 'format: DOCTYPE_DIFFERENT'],
      ['with more than one document', { copies: 2 }, 'format: FORMAT_MALFORMED'],
    ],
  )('%s', async (_what, change, expected) => {
    const { issuerSigned } = await issue();
    const { request_id, sent } = await answered(issuerSigned, change);
    expect(sent).toMatchObject({ status: 400, error: 'access_denied' });
    expect(await failed(request_id)).toEqual([expected]);
  });

  test('of a type that was not asked for', async () => {
    const account = { service_point: 'SP-1', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
    const { issuerSigned } = await issue(device, 'water-account', account);
    const change = { docType: 'urn:naru:mdoc:water-account:1', issuerSigned: limited(issuerSigned, ['role']) };
    expect(await failed((await answered(issuerSigned, change)).request_id)).toEqual(['format: TYPE_NOT_ASKED']);
  });

  test('with an element whose value was changed', async () => {
    const { issuerSigned } = await issue();
    const changed = withElements(limited(issuerSigned, shown), (items) =>
      items.map(({ value }) => {
        // `true` becomes `false`, and `1990-05-17` another day.
        const bytes = Buffer.from(value);
        const day = bytes.indexOf('1990');
        if (day === -1) bytes[bytes.indexOf('elementValue') + 12] = 0xf4;
        else bytes.write('2010', day);
        return new Tagged(24, new Uint8Array(bytes));
      }),
    );
    const { request_id } = await answered(issuerSigned, { issuerSigned: changed });
    expect(await failed(request_id)).toEqual(['disclosures: DISCLOSURE_UNKNOWN']);
  });

  test('with an element of another mdoc, or the same one twice', async () => {
    const [one, other] = [limited((await issue()).issuerSigned, shown), limited((await issue()).issuerSigned, shown)];
    const [[, foreign] = ['', []]] = other.get('nameSpaces') as Map<string, Tagged[]>;
    const mixed = withElements(one, ([first]) => [first, foreign[1]]);
    expect(await failed((await answered(one, { issuerSigned: mixed })).request_id)).toEqual([
      'disclosures: DISCLOSURE_UNKNOWN',
    ]);
    const twice = withElements(one, ([first, second]) => [first, second, first]);
    expect(await failed((await answered(one, { issuerSigned: twice })).request_id)).toEqual([
      'disclosures: DISCLOSURE_DUPLICATE',
    ]);
  });

  test('with a digest that was changed in what the issuer signed', async () => {
    const { issuerSigned } = await issue();
    const [header, unprotected, payload, signature] = issuerSigned.get('issuerAuth') as Uint8Array[];
    const bytes = Buffer.from(payload as Uint8Array);
    // Of the last digest: 32 bytes after their head.
    const at = bytes.indexOf('deviceKeyInfo') - 1;
    bytes[at - 1] = (bytes[at - 1] ?? 0) ^ 1;
    const changed = new Map(issuerSigned).set('issuerAuth', [header, unprotected, new Uint8Array(bytes), signature]);
    const { request_id } = await answered(changed);
    expect(await failed(request_id)).toEqual(['signature: SIGNATURE_INVALID']);
  });

  test('after it was suspended, and after it was revoked', async () => {
    const { issuerSigned, credentialId } = await issue();
    await credentials.suspendCredential(credentialId, 'looked into');
    expect(await failed((await answered(issuerSigned)).request_id)).toEqual(['status: CREDENTIAL_SUSPENDED']);
    await credentials.resumeCredential(credentialId);
    expect((await answered(issuerSigned)).sent).toEqual({ status: 200 });
    await credentials.revokeCredential(credentialId, 'moved away');
    expect(await failed((await answered(issuerSigned)).request_id)).toEqual(['status: CREDENTIAL_REVOKED']);
  });

  test('after its time', async () => {
    const { issuerSigned } = await issue();
    clock.ahead_ms = 366 * 86_400_000;
    expect(await failed((await answered(issuerSigned)).request_id)).toEqual(['validity: CREDENTIAL_EXPIRED']);
  });

  test.each([
    ['no text', 7],
    ['no base64url', 'a+b/'],
    ['no CBOR', 'AAAA'],
    ['too long', 'A'.repeat(70_000)],
    // 40 times: a list of 2^24 entries, of which the first is such a list.
    ['lists that say they are huge', Buffer.from('9a01000000'.repeat(40), 'hex').toString('base64url')],
    ['lists in lists without end', Buffer.alloc(30_000, 0x81).toString('base64url')],
  ])('of a form that cannot be read: %s', async (_what, presentation) => {
    const { request_id, asked } = await ask();
    expect(await send(asked, presentation)).toMatchObject({ status: 400 });
    const state = await requests.presentationState(request_id, 'library');
    if (typeof presentation === 'string') expect(await failed(request_id)).toEqual(['format: FORMAT_MALFORMED']);
    else expect(state.state).toBe('waiting');
  });
});

describe('certificates', () => {
  const counter = { cert: '', key: '', serial: '' };
  beforeAll(async () => Object.assign(counter, await authority.issue('Another office')));
  const foreign = (change: Partial<Parameters<typeof signMdoc>[1]> = {}, by = counter) =>
    signMdoc(by, {
      ...{ docType, holder: device.jwk, signedAt_ms: Date.now() - 60_000 },
      claims: { age_over_19: true, birth_date: new Tagged(1004, '1990-05-17') },
      ...change,
    });

  async function trust(action: '' | '/end', body: object) {
    const answer = await fetch(`${publicUrl}/api/trusted-issuers${action}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.ok).toBe(true);
    return answer.status === 204 ? {} : answer.json();
  }

  async function trusted(): Promise<void> {
    const { issuer: name } = await trust('', { root: authority.cert, types: ['resident'] });
    onTestFinished(async () => {
      await trust('/end', { issuer: name });
    });
  }

  test("of another's mdoc must lead to a root that is trusted for its type [9.3.3]", async () => {
    expect(await failed((await answered(foreign())).request_id)).toEqual([
      ...['signature: CERTIFICATE_ROOT_NOT_TRUSTED', 'issuer: ISSUER_NOT_TRUSTED'],
    ]);
    await trusted();
    const { request_id, sent } = await answered(foreign());
    expect(sent).toEqual({ status: 200 });
    const { credentials: verdicts } = await collected(request_id);
    expect(verdicts).toMatchObject([
      { verified: true, credential_id: null, claims: { birth_date: '1990-05-17', age_over_19: true } },
    ]);
    expect(verdicts[0]?.trace.find(({ step }) => step === 'status')?.reason).toBe('STATUS_NOT_NAMED');
  });

  test.each<[string, Partial<Parameters<typeof signMdoc>[1]>, string]>([
    ['an algorithm that is not taken', { header: [[1, -35]] }, 'format: FORMAT_ALGORITHM_REFUSED'],
    ['a header that must be understood', { header: [[2, [4]]] }, 'format: FORMAT_HEADER_REFUSED'],
    ['a type that nobody knows', { docType: 'org.iso.18013.5.1.mDL' }, 'format: TYPE_UNKNOWN'],
    ['a place in our own status list', { more: { status: placeIn('own') } }, 'status: STATUS_UNKNOWN'],
    ['a list on a host that is not asked', { more: { status: placeIn('other') } }, 'status: STATUS_HOST_NOT_ASKED'],
    ['a status that cannot be read', { more: { status: new Map() } }, 'status: STATUS_UNKNOWN'],
    [
      'a time before its certificate',
      { signedAt_ms: Date.now() - 60 * 86_400_000 },
      'validity: SIGNED_OUTSIDE_CERTIFICATE',
    ],
    ['a time that lies ahead', { signedAt_ms: Date.now() + 86_400_000 }, 'validity: CREDENTIAL_NOT_YET_VALID'],
    ['elements of no such claim', { claims: { age_over_21: true } }, 'disclosures: CLAIMS_NOT_OF_TYPE'],
    ['another version', { more: { version: '2.0' } }, 'format: FORMAT_MALFORMED'],
  ])('of a trusted root do not help an mdoc with %s', async (_what, change, expected) => {
    await trusted();
    const issuerSigned = foreign(change);
    const shownAs = { docType: change.docType ?? docType, issuerSigned };
    expect(await failed((await answered(issuerSigned, shownAs)).request_id)).toEqual([expected]);
  });

  test('of our own issuer, asked for by its authority, count only where the key was really given them', async () => {
    const der = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
    const [keyId = ''] = authorityKeyIds([der(own)]);
    const asking = () => ask({ trusted_authorities: [{ type: 'aki', values: [keyId] }] });
    const { issuerSigned } = await issue();
    expect((await answered(issuerSigned, {}, await asking())).sent).toEqual({ status: 200 });

    // Another authority's certificate over the same key, put into the header that nobody signs.
    const certified = issuer.certificate;
    const forged = await certifyIssuer(issuer, { publicUrl, now_ms: clock.now_ms() });
    issuer.certificate = certified;
    const [header, , payload, signature] = issuerSigned.get('issuerAuth') as Uint8Array[];
    const [forgedId = ''] = authorityKeyIds([der(forged)]);
    const chain = new Map([[33, new Uint8Array(Buffer.from(der(forged), 'base64'))]]);
    const changed = new Map(issuerSigned).set('issuerAuth', [header, chain, payload, signature]);
    const forgedAsking = await ask({ trusted_authorities: [{ type: 'aki', values: [forgedId] }] });
    expect(await failed((await answered(changed, {}, forgedAsking)).request_id)).toEqual([
      'issuer: AUTHORITY_NOT_ASKED',
    ]);
  });

  test("that fit a stranger's signature do not make it the issuer's", async () => {
    const [header, , payload] = foreign().get('issuerAuth') as Uint8Array[];
    const { issuerSigned } = await issue();
    const [, chain, , signature] = issuerSigned.get('issuerAuth') as Uint8Array[];
    const changed = new Map(foreign()).set('issuerAuth', [header, chain, payload, signature]);
    expect(await failed((await answered(changed)).request_id)).toEqual(['signature: SIGNATURE_INVALID']);
  });
});

function placeIn(list: 'own' | 'other') {
  const uri = list === 'own' ? `${publicUrl}/status-lists/1` : 'https://lists.example/1';
  return new Map([['status_list', new Map<string, unknown>(Object.entries({ idx: 1, uri }))]]);
}

// What every cryptosuite of VC Data Integrity must do, told once and asked of each suite by its own file.
// Source: Verifiable Credential Data Integrity 1.0, 2.1, 2.4, 4.3 to 4.5.
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConformingService, Json, Secured } from './conforming-service.ts';
import { dereference, disclose, independentIssuer, isAcceptedByPeer, type Peer } from './independent-peer.ts';

type Kind = Parameters<typeof independentIssuer>[1];

export const unsigned: Json = {
  '@context': ['https://www.w3.org/ns/credentials/v2'],
  id: 'urn:uuid:36245ee9-9074-4b05-a777-febff2e69757',
  type: ['VerifiableCredential'],
  credentialSubject: {
    id: 'urn:uuid:1a0e4ef5-091f-4060-842e-18e519ab9440',
    name: 'Alice',
    description: 'A credential about Alice.',
  },
};
const SHOWN = ['/credentialSubject'];
// Source: XML Schema 1.1, 3.4.28.
const DATE_TIME_STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Where suites differ: a base proof is not what is verified, and values are written otherwise. */
export interface SuiteFacts {
  cryptosuite: string;
  kind: Kind;
  disclosing: boolean;
  /** `z` base58btc, `u` base64url without padding. */
  multibase: 'z' | 'u';
}

export function issuerRequirements(service: ConformingService, facts: SuiteFacts): void {
  const { cryptosuite, kind, disclosing, multibase } = facts;
  describe(`issuing ${cryptosuite} as the did:key of a ${kind} key`, () => {
    let issued: Secured;
    beforeAll(async () => {
      const credential = { ...unsigned, id: `urn:uuid:${crypto.randomUUID()}`, issuer: service.didKey(kind) };
      const options = disclosing ? { mandatoryPointers: ['/issuer'] } : {};
      const answer = await service.post(`/vc-api/${cryptosuite}/credentials/issue`, { credential, options });
      expect(answer.status).toBe(201);
      issued = answer.body.verifiableCredential as Secured;
    });

    test('a proof property is used, an object [VC-DI 2.1]', () => {
      expect(issued.proof).toBeTypeOf('object');
      expect(issued.proof.type).toBe('DataIntegrityProof');
      expect(issued['@context']).toContain('https://www.w3.org/ns/credentials/v2');
    });
    test('cryptosuite is the name of the suite [VC-DI 3.1]', () => {
      expect(issued.proof.cryptosuite).toBe(cryptosuite);
    });
    test('created, where there is one, is a dateTimeStamp [VC-DI 2.1]', () => {
      expect([undefined, expect.stringMatching(DATE_TIME_STAMP)]).toContainEqual(issued.proof.created);
    });
    test('proofValue is text of the multibase of the suite [VC-DI 2.4]', () => {
      const alphabet = multibase === 'z' ? /^z[1-9A-HJ-NP-Za-km-z]+$/ : /^u[A-Za-z0-9_-]+$/;
      expect(issued.proof.proofValue).toMatch(alphabet);
    });
    test('the issuer and everything else that was sent stand in the credential, and nothing was added [VC API 3.2]', () => {
      const { proof: _proof, ...rest } = issued;
      expect(rest).toEqual({ ...unsigned, id: issued.id, issuer: service.didKey(kind) });
    });
    test('verificationMethod dereferences to a Multikey whose controller lists it for the proofPurpose [CID 3.3]', async () => {
      const { method, controller } = await dereference(issued.proof.verificationMethod);
      expect(method).toMatchObject({ type: 'Multikey', controller: issued.issuer });
      expect(method.publicKeyMultibase).toMatch(/^z[1-9A-HJ-NP-Za-km-z]+$/);
      expect(issued.proof.proofPurpose).toBe('assertionMethod');
      expect(controller.assertionMethod).toContain(issued.proof.verificationMethod);
    });
    test('an independent verifier takes the proof, or what is derived from it', async () => {
      const shown = disclosing ? await disclose(issued, SHOWN) : issued;
      expect(await isAcceptedByPeer(shown)).toBe(true);
    });
    test('our verifier takes it too', async () => {
      const shown = disclosing ? await disclose(issued, SHOWN) : issued;
      expect((await service.verify(shown)).status).toBe(200);
    });
    test('the suite is chosen by options.cryptosuite, by the path, else by the kind of the issuer key [VC API 3.2]', async () => {
      const credential = { ...unsigned, issuer: service.didKey(kind) };
      const named = await service.post('/vc-api/credentials/issue', { credential, options: { cryptosuite } });
      expect(named.body.verifiableCredential?.proof.cryptosuite).toBe(cryptosuite);
      const byKey = await service.post('/vc-api/credentials/issue', { credential });
      expect(byKey.status).toBe(201);
    });
    test('a name that is not of a key of the suite is refused', async () => {
      const other = kind === 'Ed25519' ? 'P-256' : 'Ed25519';
      const credential = { ...unsigned, issuer: service.didKey(other) };
      const answer = await service.post(`/vc-api/${cryptosuite}/credentials/issue`, { credential });
      expect([answer.status, answer.body.code]).toEqual([400, 'CREDENTIAL_INVALID']);
    });
    test('a term that no context defines is refused rather than dropped [VC-DI 2.5]', async () => {
      const credential = { ...unsigned, issuer: service.didKey(kind), credentialSubject: { undefinedTerm: 'dropped' } };
      const answer = await service.post(`/vc-api/${cryptosuite}/credentials/issue`, { credential });
      // Canonical JSON keeps every member, whatever it means.
      expect(answer.status).toBe(cryptosuite.includes('-jcs-') ? 201 : 400);
    });
  });
}

export function verifierRequirements(service: ConformingService, facts: SuiteFacts): void {
  const { cryptosuite, kind, disclosing } = facts;
  describe(`verifying ${cryptosuite} of an independent ${kind} key`, () => {
    let peer: Peer;
    let good: Secured;
    /** Signed with changed members; a base proof is shown by what is derived from it. */
    async function made(change?: Parameters<Peer['issue']>[1]): Promise<Secured> {
      const base = await peer.issue(unsigned, change, { pointers: ['/issuer'] });
      return disclosing ? disclose(base, SHOWN) : base;
    }
    beforeAll(async () => {
      peer = await independentIssuer(cryptosuite, kind);
      good = await made();
    });
    async function refused(credential: unknown, options?: object, path?: string) {
      const answer = await service.verify(credential, { checks: ['proof'], ...options }, path);
      expect(answer.status).toBe(400);
      return answer.body.trace?.find(({ outcome }) => outcome === 'failed')?.reason;
    }
    const withProof = (members: Json): Secured => ({
      ...good,
      proof: { ...good.proof, ...members } as Secured['proof'],
    });
    const without = (name: string): Json => {
      const { [name]: _left, ...proof } = good.proof;
      return { ...good, proof };
    };

    test('a good proof verifies', async () => {
      expect(await service.verify(good)).toMatchObject({ status: 200, body: { verified: true } });
    });
    test('and says in its trace who signed, and that nobody here judges the issuer', async () => {
      const { body } = await service.verify(good);
      expect(body.trace).toContainEqual(
        expect.objectContaining({
          step: 'signature',
          outcome: 'passed',
          data: { algorithm: cryptosuite, key: peer.methodId, proofs: 1 },
        }),
      );
      expect(body.trace).toContainEqual(
        expect.objectContaining({ step: 'issuer', outcome: 'not_checked', reason: 'ISSUER_NOT_REGISTERED' }),
      );
    });
    test('it verifies at the address of its suite and not at that of another', async () => {
      expect((await service.verify(good, {}, `/vc-api/${cryptosuite}`)).status).toBe(200);
      const other = cryptosuite === 'eddsa-jcs-2022' ? 'eddsa-rdfc-2022' : 'eddsa-jcs-2022';
      expect(await refused(good, {}, `/vc-api/${other}`)).toBe('PROOF_SUITE_NOT_ASKED');
    });

    test('no proof, or null, raises an error [VC-DI 4.4]', async () => {
      const { proof: _proof, ...bare } = good;
      await refused(bare);
      await refused({ ...bare, proof: null });
    });
    test.each(['type', 'cryptosuite', 'verificationMethod', 'proofPurpose', 'proofValue'])(
      'a proof without %s raises an error [VC-DI 4.4]',
      async (name) => {
        await refused(without(name));
      },
    );
    test.each([
      ['type', 'UnknownProofType'],
      ['cryptosuite', 'UnknownCryptosuite'],
      ['cryptosuite', 7],
      ['verificationMethod', 'did:key:invalidVm'],
      ['verificationMethod', 'did:key:@invalidVm@'],
      ['proofPurpose', 'invalidPurpose'],
      ['proofPurpose', 'authentication'],
      ['proofValue', null],
      ['created', 'invalidDate'],
      ['expires', 'invalidDate'],
    ])('a proof whose %s is %j raises an error [VC-DI 2.1]', async (name, value) => {
      await refused(withProof({ [name]: value }));
    });
    test('a proof of a type or suite that is empty raises an error [VC-DI 2.1]', async () => {
      await refused(withProof({ type: '', cryptosuite: '' }));
    });
    test('a purpose other than the one that was signed raises an error even where it is signed [VC-DI 4.4]', async () => {
      expect(await refused(good, { expectedProofPurpose: 'authentication' })).toBe('PROOF_PURPOSE_WRONG');
    });
    test('a proofValue without its multibase header raises an error [VC-DI 2.4]', async () => {
      await refused(withProof({ proofValue: good.proof.proofValue.slice(1) }));
      await refused(withProof({ proofValue: `m${good.proof.proofValue.slice(1)}` }));
    });
    test('a proof of a domain or challenge other than the asked one raises an error [VC-DI 4.4]', async () => {
      const bound = await made((proof) => ({ ...proof, domain: 'domain.example', challenge: '1235abcd6789' }));
      const options = { domain: 'domain.example', challenge: '1235abcd6789' };
      expect((await service.verify(bound, options)).status).toBe(200);
      expect(await refused(bound, { ...options, domain: 'other.example' })).toBe('PROOF_DOMAIN_WRONG');
      expect(await refused(bound, { ...options, challenge: 'other' })).toBe('PROOF_CHALLENGE_WRONG');
      expect(await refused(good, options)).toBe('PROOF_DOMAIN_WRONG');
    });
    test('a proof that has expired, or is of a time to come, raises an error [VC-DI 4.4]', async () => {
      expect(await refused(await made((proof) => ({ ...proof, expires: '2020-01-01T00:00:00Z' })))).toBe(
        'PROOF_EXPIRED',
      );
      // bbs-2023 signs no time of its making, which would make two credentials linkable.
      if (cryptosuite !== 'bbs-2023') {
        expect(await refused(await made((proof) => ({ ...proof, created: '2999-01-01T00:00:00Z' })))).toBe(
          'PROOF_NOT_YET_MADE',
        );
      }
    });
    test('an expiry to come verifies', async () => {
      expect(
        (await service.verify(await made((proof) => ({ ...proof, expires: '2999-01-01T00:00:00Z' })))).status,
      ).toBe(200);
    });
    test('a time without an offset is one in UTC [VC-DI 2.1]', async () => {
      const local = { expires: '2999-01-01T00:00:00' };
      expect((await service.verify(await made((proof) => ({ ...proof, ...local })))).status).toBe(200);
      expect(await refused(await made((proof) => ({ ...proof, expires: '2020-01-01T00:00:00' })))).toBe(
        'PROOF_EXPIRED',
      );
    });
    test.each([
      [
        'another subject',
        (c: Json) => ({ ...c, credentialSubject: { ...(c.credentialSubject as Json), id: 'urn:invalid' } }),
      ],
      ['another claim', (c: Json) => ({ ...c, credentialSubject: { ...(c.credentialSubject as Json), name: 'Bob' } })],
      [
        'an undefined term',
        (c: Json) => ({ ...c, credentialSubject: { ...(c.credentialSubject as Json), undefinedTerm: 'x' } }),
      ],
      ['an undefined type', (c: Json) => ({ ...c, type: ['VerifiableCredential', 'UndefinedType'] })],
      ['another id', (c: Json) => ({ ...c, id: 'urn:uuid:0e1d4c0e-3d0a-4b0b-8f0c-0d0e0f0a0b0c' })],
    ])('%s after signing raises an error [VC-DI 4.4]', async (_what, change) => {
      await refused(change(good));
    });
    test('a proof of a key that is not the issuer raises an error [VC-DI 4.4; CID 3.3]', async () => {
      const stranger = await independentIssuer(cryptosuite, kind);
      expect(await refused({ ...good, issuer: stranger.did })).toBe('PROOF_NOT_BY_ISSUER');
    });
    test('a key of a kind that the suite does not have raises an error [VC-DI 3.1]', async () => {
      const other = service.didKey(kind === 'Ed25519' ? 'P-256' : 'Ed25519');
      const moved = { ...withProof({ verificationMethod: `${other}#${other.slice(8)}` }), issuer: other };
      expect(await refused(moved)).toBe('PROOF_KEY_KIND_WRONG');
    });
    test('a context from outside is not loaded [VC-DI 2.4.1; faults 40]', async () => {
      const { trace } = (
        await service.verify({ ...good, '@context': [...(good['@context'] as string[]), `${service.url}/contexts/x`] })
      ).body;
      expect(trace?.[0]).toMatchObject({ step: 'format', reason: 'CONTEXT_UNKNOWN' });
    });
  });

  if (disclosing) return;
  describe(`proof sets and chains of ${cryptosuite} with a ${kind} key`, () => {
    let peer: Peer;
    let document: Json;
    const id = () => `urn:uuid:${crypto.randomUUID()}`;
    beforeAll(async () => {
      peer = await independentIssuer(cryptosuite, kind);
      document = { ...unsigned, issuer: peer.did };
    });
    const named = () => peer.prove(document, (proof) => ({ ...proof, id: id() }));
    const chained = (over: Json[], previousProof: unknown) =>
      peer.prove({ ...document, proof: over }, (proof) => ({ ...proof, id: id(), previousProof }));

    test('every proof of a set must hold [VC-DI 2.1.1, 4.5]', async () => {
      const [first, second] = [await named(), await named()];
      expect((await service.verify({ ...document, proof: [first, second] })).status).toBe(200);
      const forged = { ...second, proofValue: first.proofValue };
      expect((await service.verify({ ...document, proof: [first, forged] })).status).toBe(400);
    });
    test('a chain verifies whose proof was made over the one it names [VC-DI 2.1.2, 4.5]', async () => {
      const first = await named();
      const second = await chained([first], first.id);
      expect((await service.verify({ ...document, proof: [first, second] })).status).toBe(200);
    });
    test('a list of previous proofs verifies [VC-DI 2.1.2, 4.5]', async () => {
      const [first, second] = [await named(), await named()];
      const third = await chained([first, second], [first.id, second.id]);
      expect((await service.verify({ ...document, proof: [first, second, third] })).status).toBe(200);
    });
    test('a previousProof that is not among the proofs raises an error, of a text or of a list [VC-DI 4.5]', async () => {
      const first = await named();
      for (const missing of [id(), [first.id, id()], [id()]]) {
        const second = await chained([first], missing);
        expect((await service.verify({ ...document, proof: [first, second] })).status).toBe(400);
      }
    });
    test('a previousProof that is no text raises an error [VC-DI 2.1]', async () => {
      const first = await named();
      const second = { ...(await named()), previousProof: 7 };
      expect((await service.verify({ ...document, proof: [first, second] })).status).toBe(400);
    });
    test('a chained proof whose own id was changed, or whose first proof was exchanged, raises an error [VC-DI 4.5]', async () => {
      const first = await named();
      const second = await chained([first], first.id);
      expect((await service.verify({ ...document, proof: [first, { ...second, id: id() }] })).status).toBe(400);
      const other = { ...(await named()), id: first.id };
      expect((await service.verify({ ...document, proof: [other, second] })).status).toBe(400);
    });
  });
}

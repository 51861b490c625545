import { calculateJwkThumbprint } from 'jose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ProofFormat } from '../../../src/identity/credentials/credential-format.ts';
import { credentialFormats, proofFormat } from '../../../src/identity/credentials/credential-formats.ts';
import { naruContextUrl } from '../../../src/identity/credentials/json-ld.ts';
import { certifyIssuer } from '../../support/certified-issuer.ts';
import { createHolder } from '../../support/holder.ts';
import { type IdentityWorld, identityWorld, publicUrl, START_ms } from '../../support/identity-world.ts';
import { testDatabase } from '../../support/test-database.ts';

const { pool } = await testDatabase();
let world: IdentityWorld;
beforeAll(async () => {
  world = await identityWorld(pool);
});

const holder = await createHolder();
const claims = { service_point: 'SP-000123', usage_class: 'domestic', role: 'owner', from: '2026-01-01' };
type Json = Record<string, unknown>;

function issue(format: string, more: object = {}) {
  const order = { type: 'water-account', format, claims, holder: { jwk: holder.jwk }, reference: format };
  return world.issuing.issueInFormat({ ...order, ...more });
}

/** As its holder would show it: all of the subject, where a choice is offered. */
async function shown(credential: Json, { deriveProof }: ProofFormat): Promise<Json> {
  const { tools } = world.dataIntegrity;
  return deriveProof ? deriveProof(credential, { selectivePointers: ['/credentialSubject'] }, tools) : credential;
}

const proofFormats = credentialFormats.flatMap(({ id }) => proofFormat(id) ?? []);

describe('a registered type', () => {
  test('is issued in every registered format, and recorded under its name', async () => {
    await expect(issue('mso_mdoc')).rejects.toMatchObject({ code: 'ISSUER_CERTIFICATE_MISSING' });
    world.clock.time_ms = Date.now();
    await certifyIssuer(world.issuer, { publicUrl, now_ms: world.clock.now_ms() });
    onTestFinished(() => {
      Object.assign(world.issuer, { certificate: null });
      world.clock.time_ms = START_ms;
    });
    for (const { id } of credentialFormats) {
      const { credentialId } = await issue(id);
      expect(await world.issuing.statusOf(credentialId)).toMatchObject({ type: 'water-account', format: id });
    }
  });

  test.each(proofFormats.map((format) => [format.id, format] as const))(
    'as %s is of the issuer, about the holder, with a status, and verifies',
    async (id, format) => {
      const { credential } = await issue(id);
      expect(credential).toMatchObject({
        '@context': ['https://www.w3.org/ns/credentials/v2', naruContextUrl(publicUrl)],
        type: ['VerifiableCredential', 'WaterAccountCredential'],
        issuer: world.issuer.did,
        validFrom: new Date(START_ms).toISOString().replace('.000Z', 'Z'),
        credentialStatus: ['revocation', 'suspension'].map((statusPurpose) => ({
          ...{ type: 'BitstringStatusListEntry', statusPurpose },
        })),
        credentialSubject: { id: expect.stringMatching(/^did:jwk:[\w-]+$/), ...claims },
        proof: { type: 'DataIntegrityProof', cryptosuite: id, proofPurpose: 'assertionMethod' },
      });
      const verdict = await world.credentials.verifyW3cCredential(await shown(credential as Json, format));
      expect(verdict).toMatchObject({ verified: true, type: 'water-account', claims });
    },
  );

  test.each(['ecdsa-sd-2023', 'bbs-2023'])(
    'as %s shows what its holder selects, and never without its status',
    async (id) => {
      const { credential } = await issue(id);
      const selectivePointers = ['/credentialSubject/role'];
      const derived = await proofFormat(id)?.deriveProof?.(
        credential as Json,
        { selectivePointers },
        world.dataIntegrity.tools,
      );
      expect(derived?.credentialSubject).toEqual({ id: expect.any(String), role: 'owner' });
      expect(Object.keys(derived ?? {})).toEqual(
        expect.arrayContaining(['issuer', 'validFrom', 'validUntil', 'credentialStatus']),
      );
      expect(await world.credentials.verifyW3cCredential(derived)).toMatchObject({
        verified: true,
        claims: { role: 'owner' },
      });
      const { credentialStatus: _status, ...without } = derived ?? {};
      expect((await world.credentials.verifyW3cCredential(without)).verified).toBe(false);
    },
  );

  test('as ecdsa-sd-2023 is refused when shown after it was revoked', async () => {
    const { credential, credentialId } = await issue('ecdsa-sd-2023');
    const format = proofFormat('ecdsa-sd-2023') as ProofFormat;
    const derived = await shown(credential as Json, format);
    await world.issuing.revokeCredential(credentialId, 'moved away');
    const { trace } = await world.credentials.verifyW3cCredential(derived);
    expect(trace.find(({ outcome }) => outcome === 'failed')?.reason).toBe('CREDENTIAL_REVOKED');
  });

  test("is about the holder's own DID where it goes by one", async () => {
    const did = 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169';
    const { credential } = await issue('eddsa-rdfc-2022', { holder: { jwk: holder.jwk, did } });
    expect((credential as Json).credentialSubject).toMatchObject({ id: did });
  });

  test('is recorded with the thumbprint of the key it was issued to', async () => {
    await issue('eddsa-jcs-2022');
    const { rows } = await pool.query('SELECT DISTINCT holder_thumbprint AS thumbprint FROM identity.credential');
    expect(rows).toContainEqual({ thumbprint: await calculateJwkThumbprint(holder.jwk) });
  });

  test('is not issued in a format that is not registered', async () => {
    await expect(issue('ed25519-2018')).rejects.toMatchObject({ code: 'CREDENTIAL_FORMAT_UNKNOWN' });
  });

  test("is described for OpenID4VCI as its format's appendix says [OpenID4VCI 1.0, A]", () => {
    const type = { id: 'water-account', w3cName: 'WaterAccountCredential' } as never;
    for (const { openidFormat, typeConfiguration } of proofFormats) {
      expect(openidFormat).toBe('ldp_vc');
      expect(typeConfiguration(type, publicUrl)).toEqual({
        credential_definition: {
          '@context': ['https://www.w3.org/ns/credentials/v2', naruContextUrl(publicUrl)],
          type: ['VerifiableCredential', 'WaterAccountCredential'],
        },
      });
    }
  });
});

import { createHash } from 'node:crypto';
import { ALGORITHMS, generateBbsKeyPair } from '@digitalbazaar/bls12-381-multikey';
import { expect, test } from 'vitest';
import { resolveKeyDid } from '../../../src/identity/dids/key-did-port.ts';
import { encodeMultikey } from '../../../src/identity/dids/multikey.ts';
import { blsJwk } from '../../../src/identity/trust/derive-issuer-keys.ts';

const seed = (n: number): Uint8Array => createHash('sha256').update(`seed ${n}`).digest();
/** The first of these seeds whose key reads zUC6. */
const UNUSUAL = 216;
const multibaseOf = ({ x }: { x: string }) => encodeMultikey('Bls12381G2', Buffer.from(x, 'base64url'));

test('a BBS key that its did:key is not told by is not taken: the next is drawn [did:key 3.1.3]', async () => {
  const pair = await generateBbsKeyPair({ algorithm: ALGORITHMS.BBS_BLS12381_SHA256, seed: seed(UNUSUAL) });
  expect(pair.publicKeyMultibase).toMatch(/^zUC6/);
  const drawn = multibaseOf(await blsJwk((nth) => seed(UNUSUAL + nth)));
  expect(drawn).toMatch(/^zUC7/);
  expect(drawn).toBe(multibaseOf(await blsJwk(() => seed(UNUSUAL + 1))));
});

test('somebody else who has one is resolved all the same', async () => {
  const { publicKeyMultibase } = await generateBbsKeyPair({
    ...{ algorithm: ALGORITHMS.BBS_BLS12381_SHA256, seed: seed(UNUSUAL) },
  });
  expect(await resolveKeyDid(`did:key:${publicKeyMultibase}`)).toMatchObject({
    error: null,
    document: { verificationMethod: [{ publicKeyMultibase }] },
  });
});

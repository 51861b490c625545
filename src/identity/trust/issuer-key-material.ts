// The secret halves of the issuer's keys as JWKs: how a generation of them is made, read, and turned into signing keys.
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { fromJwk } from '@digitalbazaar/bls12-381-multikey';
import { z } from 'zod';
import { blsJwk, deriveBlsJwk, deriveP384Jwk } from './derive-issuer-keys.ts';
import type { IssuerKeys } from './issuer-keys.ts';

const BLS_SEED_bytes = 32;

const ecSchema = <Curve extends 'P-256' | 'P-384'>(crv: Curve) =>
  z.object({ kty: z.literal('EC'), crv: z.literal(crv), x: z.string(), y: z.string(), d: z.string() });
const okpSchema = <Curve extends 'Ed25519' | 'Bls12381G2'>(crv: Curve) =>
  z.object({ kty: z.literal('OKP'), crv: z.literal(crv), x: z.string(), d: z.string() });

const materialSchema = z.object({
  p256: ecSchema('P-256'),
  p384: ecSchema('P-384'),
  ed25519: okpSchema('Ed25519'),
  bls12381: okpSchema('Bls12381G2'),
});
export type KeyMaterial = z.infer<typeof materialSchema>;

/** What is sealed: every generation of keys that may still be needed, oldest first. */
export const ringSchema = z.object({
  generations: z.array(z.object({ number: z.number().int().min(1), keys: materialSchema })).min(1),
});
export type RingMaterial = z.infer<typeof ringSchema>;

/** Files of earlier versions, which lay open. */
const firstSchema = z.object({ version: z.literal(1), p256: ecSchema('P-256'), ed25519: okpSchema('Ed25519') });
const secondSchema = materialSchema.extend({ version: z.literal(2) });

/**
 * The keys of a file of an earlier version; one of the first gains the keys it lacks, always the same ones.
 *
 * @returns null where it is no such file
 */
export async function readOpenKeyFile(content: unknown): Promise<RingMaterial | null> {
  const second = secondSchema.safeParse(content);
  if (second.success) return { generations: [{ number: 1, keys: materialSchema.parse(second.data) }] };
  const first = firstSchema.safeParse(content);
  if (!first.success) return null;
  const { p256, ed25519 } = first.data;
  const secret = p256.d + ed25519.d;
  const more = { p384: deriveP384Jwk(secret), bls12381: await deriveBlsJwk(secret) };
  return { generations: [{ number: 1, keys: materialSchema.parse({ p256, ed25519, ...more }) }] };
}

export async function generateKeyMaterial(randomBytes: (length: number) => Uint8Array): Promise<KeyMaterial> {
  const jwkOf = (pair: { privateKey: { export(options: { format: 'jwk' }): JsonWebKey } }) =>
    pair.privateKey.export({ format: 'jwk' });
  return materialSchema.parse({
    p256: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    p384: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: jwkOf(generateKeyPairSync('ed25519')),
    bls12381: await blsJwk(() => randomBytes(BLS_SEED_bytes)),
  });
}

export async function issuerKeysOf({ p256, p384, ed25519, bls12381 }: KeyMaterial): Promise<IssuerKeys> {
  const ecKey = createPrivateKey({ key: p256, format: 'jwk' });
  const strongKey = createPrivateKey({ key: p384, format: 'jwk' });
  const edKey = createPrivateKey({ key: ed25519, format: 'jwk' });
  const blsKey = await fromJwk({ jwk: bls12381, secretKey: true });
  const { multisign, publicKey } = blsKey.signer();
  return {
    p256: {
      publicJwk: { kty: 'EC', crv: 'P-256', x: p256.x, y: p256.y },
      sign: (message) => new Uint8Array(sign('sha256', message, { key: ecKey, dsaEncoding: 'ieee-p1363' })),
    },
    p384: {
      publicJwk: { kty: 'EC', crv: 'P-384', x: p384.x, y: p384.y },
      sign: (message) => new Uint8Array(sign('sha384', message, { key: strongKey, dsaEncoding: 'ieee-p1363' })),
    },
    ed25519: {
      publicKey: new Uint8Array(Buffer.from(ed25519.x, 'base64url')),
      sign: (message) => new Uint8Array(sign(null, message, edKey)),
    },
    bls12381: { publicKey, multisign },
  };
}

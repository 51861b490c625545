// What is kept of the issuer's keys, as JWKs: their secret halves or, where a key service has those, its names for them. How
// a generation is made, read, and turned into signing keys.
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { fromJwk } from '@digitalbazaar/bls12-381-multikey';
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { blsJwk, deriveBlsJwk, deriveP384Jwk } from './derive-issuer-keys.ts';
import { type HeldKeyKind, heldSigner, type KeyService, signatureDigests } from './held-key.ts';
import type { IssuerKeys, Signature } from './issuer-keys.ts';

const BLS_SEED_bytes = 32;

const ecSchema = <Curve extends 'P-256' | 'P-384'>(crv: Curve) =>
  z.object({ kty: z.literal('EC'), crv: z.literal(crv), x: z.string(), y: z.string(), d: z.string() });
const okpSchema = <Curve extends 'Ed25519' | 'Bls12381G2'>(crv: Curve) =>
  z.object({ kty: z.literal('OKP'), crv: z.literal(crv), x: z.string(), d: z.string() });

/** The service's name for the key, and the public half. */
const heldSchema = <Public extends z.ZodObject>(publicJwk: Public) => z.object({ held: z.string(), publicJwk });

const secretSchema = z.object({
  p256: ecSchema('P-256'),
  p384: ecSchema('P-384'),
  ed25519: okpSchema('Ed25519'),
  bls12381: okpSchema('Bls12381G2'),
});
const secret = secretSchema.shape;
const materialSchema = z.object({
  p256: z.union([secret.p256, heldSchema(secret.p256.omit({ d: true }))]),
  p384: z.union([secret.p384, heldSchema(secret.p384.omit({ d: true }))]),
  ed25519: z.union([secret.ed25519, heldSchema(secret.ed25519.omit({ d: true }))]),
  bls12381: secret.bls12381,
});
export type KeyMaterial = z.infer<typeof materialSchema>;

/** What is sealed: every generation of keys that may still be needed, oldest first. */
export const ringSchema = z.object({
  generations: z.array(z.object({ number: z.number().int().min(1), keys: materialSchema })).min(1),
});
export type RingMaterial = z.infer<typeof ringSchema>;

/** Files of earlier versions, which lay open. */
const firstSchema = z.object({ version: z.literal(1), p256: secret.p256, ed25519: secret.ed25519 });
const secondSchema = secretSchema.extend({ version: z.literal(2) });

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

/** @param service makes the keys that it can hold, and keeps their private halves; null for none */
export async function generateKeyMaterial(
  randomBytes: (length: number) => Uint8Array,
  service: KeyService | null = null,
): Promise<KeyMaterial> {
  const made = service === null ? generatedKeys() : await heldKeys(service);
  return materialSchema.parse({ ...made, bls12381: await blsJwk(() => randomBytes(BLS_SEED_bytes)) });
}

function generatedKeys() {
  const jwkOf = (pair: { privateKey: { export(options: { format: 'jwk' }): JsonWebKey } }) =>
    pair.privateKey.export({ format: 'jwk' });
  return {
    p256: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    p384: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: jwkOf(generateKeyPairSync('ed25519')),
  };
}

async function heldKeys(service: KeyService) {
  const make = async (kind: HeldKeyKind) => {
    const { name, publicJwk } = await service.makeKey(kind);
    return { held: name, publicJwk };
  };
  return { p256: await make('P-256'), p384: await make('P-384'), ed25519: await make('Ed25519') };
}

/** @throws SETTING_INVALID where a key service has a key and none is given */
export async function issuerKeysOf(material: KeyMaterial, service: KeyService | null = null): Promise<IssuerKeys> {
  const blsKey = await fromJwk({ jwk: material.bls12381, secretKey: true });
  const { multisign, publicKey } = blsKey.signer();
  const { p256, p384, ed25519 } = material;
  const [point, strongPoint] = ['held' in p256 ? p256.publicJwk : p256, 'held' in p384 ? p384.publicJwk : p384];
  const { x } = 'held' in ed25519 ? ed25519.publicJwk : ed25519;
  return {
    p256: {
      publicJwk: { kty: 'EC', crv: 'P-256', x: point.x, y: point.y },
      sign: signerOf('P-256', p256, service),
    },
    p384: {
      publicJwk: { kty: 'EC', crv: 'P-384', x: strongPoint.x, y: strongPoint.y },
      sign: signerOf('P-384', p384, service),
    },
    ed25519: { publicKey: new Uint8Array(Buffer.from(x, 'base64url')), sign: signerOf('Ed25519', ed25519, service) },
    bls12381: { publicKey, multisign },
  };
}

function signerOf(
  kind: HeldKeyKind,
  key: KeyMaterial['p256'] | KeyMaterial['p384'] | KeyMaterial['ed25519'],
  service: KeyService | null,
): (message: Uint8Array) => Signature {
  if ('held' in key) {
    if (service !== null) return heldSigner(service, kind, { name: key.held, publicJwk: key.publicJwk });
    throw problem('SETTING_INVALID', "ISSUER_KEYS_TRANSIT_URL: missing, and the issuer's keys lie in a key service");
  }
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  const how = kind === 'Ed25519' ? privateKey : { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
  return (message) => new Uint8Array(sign(signatureDigests[kind], message, how));
}

// A wallet provider for tests: a certificate authority of its own, and the attestations it signs for its wallets' keys.
import 'reflect-metadata';
import { createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  type X509Certificate as Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { publicHolderJwk } from '../../src/identity/issuing/holder-key.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_ms = 86_400_000;

const keyPair = () => crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
const inHeader = (certificate: Certificate) => Buffer.from(certificate.rawData).toString('base64');

export interface AttestationChanges {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  /** Members that are left out. */
  without?: string[];
  key?: CryptoKey;
}

export async function walletProvider(now_ms: () => number = Date.now) {
  const rootKeys = await keyPair();
  const root = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=Root ${randomUUID()}`, keys: rootKeys, signingAlgorithm: SIGNING },
    ...{ notBefore: new Date(now_ms() - DAY_ms), notAfter: new Date(now_ms() + 100 * DAY_ms) },
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const issue = (of: { name: string; keys: CryptoKeyPair; isCa?: boolean; days?: number }, issuer = root) =>
    X509CertificateGenerator.create({
      ...{ subject: `CN=${of.name}`, issuer: issuer.subject, publicKey: of.keys.publicKey },
      ...{ signingKey: issuer === root ? rootKeys.privateKey : middleKeys.privateKey, signingAlgorithm: SIGNING },
      ...{ notBefore: new Date(now_ms() - DAY_ms), notAfter: new Date(now_ms() + (of.days ?? 30) * DAY_ms) },
      extensions: of.isCa ? [new BasicConstraintsExtension(true, undefined, true)] : [],
    });
  const middleKeys = await keyPair();
  const middle = await issue({ name: 'Middle', keys: middleKeys, isCa: true });
  const leafKeys = await keyPair();
  const leaf = await issue({ name: 'Attester', keys: leafKeys }, middle);
  const expired = await issue({ name: 'Attester', keys: leafKeys, days: -0.5 });
  const jwk = publicHolderJwk(await exportJWK(leafKeys.publicKey));
  if (jwk === null) throw new Error('a P-256 key is a holder key');

  return {
    root: new X509Certificate(Buffer.from(root.rawData)),
    x5c: [inHeader(leaf), inHeader(middle)],
    expiredX5c: [inHeader(expired)],
    rootX5c: [inHeader(root)],
    /** The same signer, known by its key. */
    key: jwk,
    privateKey: leafKeys.privateKey,

    /** A key attestation, right but for what `changes` says. */
    attest(attested: readonly JWK[], nonce: string | null, changes: AttestationChanges = {}): Promise<string> {
      const now_s = Math.floor(now_ms() / 1_000);
      const payload = {
        ...{ iat: now_s, exp: now_s + 3_600, attested_keys: attested, ...(nonce === null ? {} : { nonce }) },
        ...{ key_storage: ['iso_18045_moderate'], user_authentication: ['iso_18045_moderate'] },
        ...changes.payload,
      };
      const left = Object.entries(payload).filter(([name]) => !changes.without?.includes(name));
      return new SignJWT(Object.fromEntries(left))
        .setProtectedHeader({
          ...{ alg: 'ES256', typ: 'key-attestation+jwt', x5c: [inHeader(leaf), inHeader(middle)] },
          ...changes.header,
        })
        .sign(changes.key ?? leafKeys.privateKey);
    },
  };
}

/** A P-256 key of a wallet, with the public half as it stands in JOSE. */
export async function walletKey() {
  const { privateKey, publicKey } = await keyPair();
  const exported = await exportJWK(publicKey);
  const jwk = publicHolderJwk(exported);
  if (jwk === null || jwk.kty !== 'EC') throw new Error('a P-256 key is a holder key');
  return { privateKey, jwk, keyObject: createPublicKey({ key: { ...jwk }, format: 'jwk' }) };
}

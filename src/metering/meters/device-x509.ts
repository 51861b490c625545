// Makes the certificates of the service's own authority for devices, and its revocation list.
import 'reflect-metadata';
import { createHash, createPrivateKey, createPublicKey, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';

const DAY_ms = 86_400_000;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const REQUEST_MOST_chars = 16_384;
const CRL_NUMBER = '2.5.29.20';

export interface Authority {
  /** DER. */
  certificate: Uint8Array;
  /** PKCS #8, PEM. */
  key: string;
}

/** A P-256 authority that may sign devices' certificates and its revocation list, and no other authority. */
export async function makeAuthority(
  name: string,
  random: Random,
  now_ms: number,
  lifetime_days: number,
): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(random),
    name: [{ CN: [name] }],
    notBefore: new Date(now_ms),
    notAfter: new Date(now_ms + lifetime_days * DAY_ms),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: new Uint8Array(certificate.rawData), key: PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

/** Whether the key is that of the certificate. */
export function isKeyOf(key: string, certificate: Uint8Array): boolean {
  const own = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  return own.equals(new NodeCertificate(certificate).publicKey.export({ type: 'spki', format: 'der' }));
}

export interface SignedCertificate {
  pem: string;
  serial: string;
  spki: Buffer;
  notAfter: Date;
}

/**
 * Signs what a device asked for: its key is taken from the request, everything else is ours.
 *
 * @param request PKCS #10, PEM; signed with the key it asks for. Its common name, if any, is the device's id.
 * @throws DEVICE_REQUEST_INVALID that says why
 */
export async function signRequest(
  authority: Authority,
  request: string,
  deviceId: string,
  validity: { random: Random; now_ms: number; lifetime_days: number },
): Promise<SignedCertificate> {
  const read = await readRequest(request, deviceId);
  const issuer = new X509Certificate(new Uint8Array(authority.certificate));
  const serial = newSerial(validity.random);
  const notAfter = new Date(Math.min(validity.now_ms + validity.lifetime_days * DAY_ms, issuer.notAfter.getTime()));
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [deviceId] }],
    issuer: issuer.subjectName,
    // A device's clock may be a little slow.
    notBefore: new Date(validity.now_ms - DAY_ms),
    notAfter,
    publicKey: read.publicKey,
    signingKey: await signingKeyOf(authority),
    signingAlgorithm: SIGNING,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([{ type: 'url', value: `urn:naru:device:${deviceId}` }]),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await SubjectKeyIdentifierExtension.create(read.publicKey),
    ],
  });
  const spki = createHash('sha256').update(new Uint8Array(read.publicKey.rawData)).digest();
  return { pem: certificate.toString('pem'), serial, spki, notAfter };
}

/** The authority's list of what it signed and revoked. PEM. Source: RFC 5280 section 5 */
export async function makeRevocationList(
  authority: Authority,
  revoked: readonly { serial: string; at: Date }[],
  now_ms: number,
  lifetime_days: number,
): Promise<string> {
  const issuer = new X509Certificate(new Uint8Array(authority.certificate));
  const list = await X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: new Date(now_ms),
    nextUpdate: new Date(now_ms + lifetime_days * DAY_ms),
    signingKey: await signingKeyOf(authority),
    signingAlgorithm: SIGNING,
    entries: revoked.map(({ serial, at }) => ({ serialNumber: serial, revocationDate: at })),
    extensions: [
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      // It only has to grow: the second does.
      new Extension(CRL_NUMBER, false, derInteger(Math.floor(now_ms / 1_000))),
    ],
  });
  // The library writes another label than RFC 7468 section 7.
  return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}

async function readRequest(pem: string, deviceId: string): Promise<Pkcs10CertificateRequest> {
  const refused = (why: string) => problem('DEVICE_REQUEST_INVALID', `The certificate request ${why}.`);
  if (pem.length > REQUEST_MOST_chars) throw refused('is too long');
  let request: Pkcs10CertificateRequest;
  let isProven: boolean;
  try {
    request = new Pkcs10CertificateRequest(PemConverter.decodeFirst(pem));
    isProven = await request.verify();
  } catch {
    throw refused('is not PKCS #10 in PEM, or its kind of key is not known here; take EC P-256 or RSA 2048');
  }
  if (!isProven) throw refused('is not signed with the key that it asks for');
  const names = request.subjectName.getField('CN');
  if (names.some((name) => name !== deviceId)) throw refused('names another device than the one it is for');
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey({
    key: Buffer.from(request.publicKey.rawData),
    type: 'spki',
    format: 'der',
  });
  const isStrong =
    (type === 'ec' && ['prime256v1', 'secp384r1'].includes(details?.namedCurve ?? '')) ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= 2_048 && (details?.modulusLength ?? 0) <= 4_096);
  if (!isStrong) throw refused('holds a key that is not taken; take EC P-256 or P-384, or RSA of 2048 to 4096 bits');
  return request;
}

function signingKeyOf({ key }: Authority): Promise<CryptoKey> {
  const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  return crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), CURVE, false, ['sign']);
}

/** 126 random bits in hex: positive, with no zeros in front. Source: RFC 5280 section 4.1.2.2 */
function newSerial(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function derInteger(value: number): Uint8Array<ArrayBuffer> {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : [...bytes];
  return new Uint8Array([0x02, positive.length, ...positive]);
}

// What the issuer asks an authority to certify: its P-256 key under its DID and its address, as PKCS #10.
import 'reflect-metadata';
import {
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import type { IssuerKeys } from './issuer-keys.ts';

/** As `URL` writes it. */
const IP_ADDRESS = /^(?:\d+\.\d+\.\d+\.\d+|\[.*\])$/;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/**
 * @param about.publicUrl of the service: its host becomes the subject and, where it is a name, a DNS name
 * @returns PEM
 */
export async function certificateRequest(about: {
  did: string;
  publicUrl: string;
  key: Pick<IssuerKeys['p256'], 'privateKey' | 'publicJwk'>;
}): Promise<string> {
  const { did, publicUrl, key } = about;
  const { hostname } = new URL(publicUrl);
  const names: JsonGeneralName[] = [
    { type: 'url', value: did },
    { type: 'url', value: publicUrl },
    ...(IP_ADDRESS.test(hostname) ? [] : [{ type: 'dns' as const, value: hostname }]),
  ];
  const secret = key.privateKey.export({ format: 'jwk' });
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [hostname] }],
    keys: {
      privateKey: await crypto.subtle.importKey('jwk', secret, CURVE, false, ['sign']),
      publicKey: await crypto.subtle.importKey('jwk', key.publicJwk, CURVE, true, ['verify']),
    },
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension(names),
    ],
  });
  return `${request.toString('pem')}\n`;
}

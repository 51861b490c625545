// What the issuer asks an authority to certify: its P-256 key under its DID and its address, as PKCS #10.
import 'reflect-metadata';
import {
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import type { Es256Key } from './issuer-keys.ts';

/** As `URL` writes it. */
const IP_ADDRESS = /^(?:\d+\.\d+\.\d+\.\d+|\[.*\])$/;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/**
 * @param about.publicUrl of the service: its host becomes the subject and, where it is a name, a DNS name
 * @returns PEM
 */
export async function certificateRequest(about: { did: string; publicUrl: string; key: Es256Key }): Promise<string> {
  const { did, publicUrl, key } = about;
  const { hostname } = new URL(publicUrl);
  const names: JsonGeneralName[] = [
    { type: 'url', value: did },
    { type: 'url', value: publicUrl },
    ...(IP_ADDRESS.test(hostname) ? [] : [{ type: 'dns' as const, value: hostname }]),
  ];
  const publicKey = await crypto.subtle.importKey('jwk', key.publicJwk, CURVE, true, ['verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: [{ CN: [hostname] }],
      // Of the private key the library reads the algorithm alone, which is the public key's, and hands it on to `sign`.
      keys: { publicKey, privateKey: publicKey },
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new SubjectAlternativeNameExtension(names),
      ],
    },
    signingWith(key),
  );
  return `${request.toString('pem')}\n`;
}

/** What the library calls of WebCrypto, where the key signs elsewhere. */
function signingWith({ sign }: Es256Key): Crypto {
  const subtle = {
    exportKey: (format: 'spki', key: CryptoKey) => crypto.subtle.exportKey(format, key),
    sign: async (_algorithm: unknown, _key: CryptoKey, data: ArrayBuffer) =>
      new Uint8Array(await sign(new Uint8Array(data))).buffer,
  };
  return { subtle } as unknown as Crypto;
}

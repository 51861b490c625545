// An issuer whose key an authority certified, as an operator has it done.
import { certificateRequest } from '../../src/identity/trust/certificate-request.ts';
import { readIssuerCertificate } from '../../src/identity/trust/issuer-certificate.ts';
import type { Issuer } from '../../src/identity/trust/issuer-keys.ts';
import { type TestAuthority, testAuthority } from './certificates.ts';

/** Certifies by the machine's clock. @returns the certificate, PEM */
export async function certifyIssuer(
  issuer: Issuer,
  { publicUrl, now_ms, authority }: { publicUrl: string; now_ms: number; authority?: TestAuthority },
): Promise<string> {
  const by = authority ?? (await testAuthority('City authority'));
  const own = await by.certify(await certificateRequest({ did: issuer.did, publicUrl, key: issuer.keys.p256 }));
  const about = { issuer, known: [], publicUrl, what: 'issuer.pem', now_ms };
  issuer.certificate = readIssuerCertificate(own, about).certificate;
  return own;
}

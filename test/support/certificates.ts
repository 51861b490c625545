// Certificates for tests, of authorities that are made anew each time.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_ms = 86_400_000;
export const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';

export interface Held {
  cert: string;
  key: string;
  serial: string;
}

export interface TestAuthority extends Held {
  /** A certificate for a device of that common name; `days`: when it ends, from now; null leaves the name out. */
  issue(commonName: string | null, options?: { days?: number; uris?: string[]; dns?: string[] }): Promise<Held>;
  /** A certificate as a PKCS #10 request asks for it, PEM; `days`: when it begins and ends, from now. */
  certify(request: string, options?: { days?: [from: number, until: number] }): Promise<string>;
  list(serials: string[], options?: { days?: number }): Promise<string>;
}

const keyPair = () => crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);

async function held(certificate: X509Certificate, key: CryptoKey): Promise<Held> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
    serial: certificate.serialNumber,
  };
}

export async function testAuthority(name: string): Promise<TestAuthority> {
  const keys = await keyPair();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${name}`, keys, signingAlgorithm: SIGNING },
    notBefore: new Date(Date.now() - 100 * DAY_ms),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    ...(await held(certificate, keys.privateKey)),
    issue: async (commonName, { days = 30, uris = [], dns = [] } = {}) => {
      const own = await keyPair();
      const issued = await X509CertificateGenerator.create({
        subject: commonName === null ? 'O=nobody' : `CN=${commonName}`,
        issuer: certificate.subject,
        notBefore: new Date(Date.now() - 50 * DAY_ms),
        notAfter: new Date(Date.now() + days * DAY_ms),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: SIGNING,
        extensions:
          uris.length + dns.length === 0
            ? []
            : [
                new SubjectAlternativeNameExtension([
                  ...uris.map((value) => ({ type: 'url' as const, value })),
                  ...dns.map((value) => ({ type: 'dns' as const, value })),
                ]),
              ],
      });
      return held(issued, own.privateKey);
    },
    certify: async (text, { days: [from, until] = [-1, 365] } = {}) => {
      const request = new Pkcs10CertificateRequest(text);
      if (!(await request.verify())) throw new Error('the request is not signed by its key');
      const names = request.getExtension(SUBJECT_ALTERNATIVE_NAME);
      const issued = await X509CertificateGenerator.create({
        ...{ subject: request.subjectName, issuer: certificate.subject, publicKey: await request.publicKey.export() },
        notBefore: new Date(Date.now() + from * DAY_ms),
        notAfter: new Date(Date.now() + until * DAY_ms),
        ...{ signingKey: keys.privateKey, signingAlgorithm: SIGNING },
        extensions: [...(names === null ? [] : [names]), await AuthorityKeyIdentifierExtension.create(keys.publicKey)],
      });
      return issued.toString('pem');
    },
    list: async (serials, { days = 7 } = {}) => {
      const list = await X509CrlGenerator.create({
        issuer: certificate.subject,
        thisUpdate: new Date(Date.now() - 10 * DAY_ms),
        nextUpdate: new Date(Date.now() + days * DAY_ms),
        entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(Date.now() - DAY_ms) })),
        signingKey: keys.privateKey,
        signingAlgorithm: SIGNING,
      });
      return list.toString('pem');
    },
  };
}

/** What a module without any authority makes for itself. */
export async function selfSigned(commonName: string, days = 30): Promise<Held> {
  const keys = await keyPair();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${commonName}`, keys, signingAlgorithm: SIGNING },
    notBefore: new Date(Date.now() - 50 * DAY_ms),
    notAfter: new Date(Date.now() + days * DAY_ms),
  });
  return held(certificate, keys.privateKey);
}

export async function certificateRequest(commonName: string): Promise<{ pem: string; key: string }> {
  const keys = await keyPair();
  const request = await Pkcs10CertificateRequestGenerator.create({
    ...{ name: `CN=${commonName}`, keys, signingAlgorithm: SIGNING },
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    pem: request.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

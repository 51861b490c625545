// A city of mdocs made by hand, for tests: an issuer that may sign anything, and a device that shows it, right or wrong.
// Source: ISO/IEC 18013-5:2021, 8.3.2.1.2.2 and 9.1; OpenID4VP 1.0, B.2.6.
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { encode, Tagged } from 'cborg';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Held } from './certificates.ts';
import { readCbor } from './read-cbor.ts';

export type IssuerSigned = Map<string, unknown>;

/** What the device signs besides the document. */
export interface Session {
  nonce: string;
  client_id: string;
  response_uri: string;
  origin?: string;
  /** Null where the answer is not encrypted. */
  responseKey: JWK | null;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
/** CBOR within CBOR. */
const wrapped = (value: unknown) => new Tagged(24, encode(value));

/** Source: RFC 9052, 4.4. */
function signCose(key: KeyObject, header: Uint8Array, payload: Uint8Array): Uint8Array {
  const signed = encode(['Signature1', header, new Uint8Array(), payload]);
  return key.asymmetricKeyType === 'ed25519'
    ? sign(null, signed, key)
    : sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
}

export async function transcriptOf(session: Session): Promise<unknown[]> {
  const { nonce, client_id, response_uri, origin, responseKey } = session;
  const thumbprint = responseKey && Buffer.from(await calculateJwkThumbprint(responseKey), 'base64url');
  const [name, info] =
    origin === undefined
      ? ['OpenID4VPHandover', [client_id, nonce, thumbprint, response_uri]]
      : ['OpenID4VPDCAPIHandover', [origin, nonce, thumbprint]];
  return [null, null, [name, sha256(encode(info))]];
}

export function readIssuerSigned(text: string): IssuerSigned {
  return readCbor(Buffer.from(text, 'base64url')) as IssuerSigned;
}

/** Keeps of the one namespace what is named. */
export function limited(issuerSigned: IssuerSigned, names: readonly string[]): IssuerSigned {
  const [[namespace, items] = ['', []]] = issuerSigned.get('nameSpaces') as Map<string, Tagged[]>;
  const shown = items.filter(({ value }) => {
    const item = readCbor(value) as Map<string, unknown>;
    return names.includes(String(item.get('elementIdentifier')));
  });
  return new Map(issuerSigned).set('nameSpaces', new Map([[namespace, shown]]));
}

export interface Presented {
  docType: string;
  issuerSigned: IssuerSigned;
  session: Session;
  /** COSE number in the device's protected header. */
  algorithm?: number;
  /** A code instead of a signature. */
  mac?: boolean;
  copies?: number;
  signedBy?: KeyObject;
}

export function mdocDevice(curve: 'P-256' | 'Ed25519' = 'P-256') {
  const { privateKey, publicKey } =
    curve === 'P-256' ? generateKeyPairSync('ec', { namedCurve: curve }) : generateKeyPairSync('ed25519');
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as { kty: 'EC'; crv: 'P-256'; x: string; y: string };

  /** A DeviceResponse, base64url. */
  async function present(shown: Presented): Promise<string> {
    const { docType, issuerSigned, session, signedBy = privateKey, mac = false, copies = 1 } = shown;
    const nameSpaces = wrapped(new Map());
    const authentication = ['DeviceAuthentication', await transcriptOf(session), docType, nameSpaces];
    const header = encode(new Map([[1, shown.algorithm ?? (curve === 'P-256' ? -7 : -8)]]));
    const signature = signCose(signedBy, header, encode(wrapped(authentication)));
    const deviceAuth = new Map([[mac ? 'deviceMac' : 'deviceSignature', [header, new Map(), null, signature]]]);
    const deviceSigned = new Map<string, unknown>([
      ['nameSpaces', nameSpaces],
      ['deviceAuth', deviceAuth],
    ]);
    const document = new Map<string, unknown>([
      ['docType', docType],
      ['issuerSigned', issuerSigned],
      ['deviceSigned', deviceSigned],
    ]);
    const response = new Map<string, unknown>([
      ['version', '1.0'],
      ['documents', Array.from({ length: copies }, () => document)],
      ['status', 0],
    ]);
    return Buffer.from(encode(response)).toString('base64url');
  }

  return { jwk, present };
}

/** What somebody with this certificate signs. */
export function signMdoc(
  { cert, key }: Held,
  mdoc: {
    docType: string;
    claims: Record<string, unknown>;
    holder: { x: string; y: string };
    signedAt_ms: number;
    /** Members of the security object that are added, or stand in place of others. */
    more?: Record<string, unknown>;
    /** Of the protected header. */
    header?: [number, unknown][];
  },
): IssuerSigned {
  const items = Object.entries(mdoc.claims).map(([elementIdentifier, elementValue], digestID) => {
    const random = new Uint8Array(randomBytes(16));
    return wrapped(new Map(Object.entries({ digestID, random, elementIdentifier, elementValue })));
  });
  const day = (ahead: number) => new Tagged(0, new Date(mdoc.signedAt_ms + ahead * 86_400_000).toISOString());
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  const object = new Map<string, unknown>(
    Object.entries({
      ...{ version: '1.0', digestAlgorithm: 'SHA-256', docType: mdoc.docType },
      valueDigests: new Map([[mdoc.docType, new Map(items.map((item, n) => [n, sha256(encode(item))]))]]),
      deviceKeyInfo: new Map([
        [
          'deviceKey',
          new Map<number, unknown>([
            [1, 2],
            [-1, 1],
            [-2, bytes(mdoc.holder.x)],
            [-3, bytes(mdoc.holder.y)],
          ]),
        ],
      ]),
      validityInfo: new Map([
        ['signed', day(0)],
        ['validFrom', day(0)],
        ['validUntil', day(30)],
      ]),
      ...mdoc.more,
    }),
  );
  const header = encode(new Map<number, unknown>([[1, -7], ...(mdoc.header ?? [])]));
  const payload = encode(wrapped(object));
  const signature = signCose(createPrivateKey(key), header, payload);
  const x5chain = new Map([[33, new Uint8Array(new X509Certificate(cert).raw)]]);
  return new Map<string, unknown>([
    ['nameSpaces', new Map([[mdoc.docType, items]])],
    ['issuerAuth', [header, x5chain, payload, signature]],
  ]);
}

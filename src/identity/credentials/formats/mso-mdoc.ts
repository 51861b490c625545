// mdocs of ISO/IEC 18013-5 for registered types: CBOR, every element disclosed on its own, the issuer known by certificates.
// Source: ISO/IEC 18013-5:2021, 8.3.2.1.2.2 and 9.1.2.4; OpenID4VCI 1.0, A.2.
import { createHash, X509Certificate } from 'node:crypto';
import {
  CoseKey,
  DeviceKey,
  DeviceKeyInfo,
  type DigestId,
  Header,
  IssuerAuth,
  IssuerNamespaces,
  IssuerSigned,
  IssuerSignedItem,
  MobileSecurityObject,
  SignatureAlgorithm,
  ValidityInfo,
  ValueDigests,
} from '@owf/mdoc';
import { signWith } from '../../trust/signing-key.ts';
import type { CredentialContent, FormatTools, TypedFormat } from '../credential-format.ts';
import { doctypeOf } from '../credential-types.ts';
import { elementOfClaim, MDOC_FORMAT } from '../mdoc-elements.ts';

/** At least 128 bits. Source: ISO/IEC 18013-5:2021, 9.1.2.5. */
const SALT_bytes = 16;

export const msoMdoc: TypedFormat = {
  id: MDOC_FORMAT,
  secures: 'types',
  openidFormat: MDOC_FORMAT,
  signingAlgorithms: [SignatureAlgorithm.ES256],
  keyKinds: ['P-256'],
  bindingMethods: ['cose_key'],
  needsCertificate: true,
  typeConfiguration: (type) => ({ doctype: doctypeOf(type) }),
  claimPath: (type, claim) => [doctypeOf(type), claim],
  issue: async (content, key, { randomBytes }) => {
    const { certificates, type } = content;
    if (certificates === null) throw new TypeError('an mdoc without a certificate names no issuer');
    const items = itemsOf(content, randomBytes);
    const chain = certificates.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
    const issuerAuth = await IssuerAuth.create(
      {
        payload: securityObject(content, certificates[0] ?? '', items).encode({ asDataItem: true }),
        protectedHeaders: new Map([[Header.Algorithm, SignatureAlgorithm.ES256]]),
        unprotectedHeaders: new Map([[Header.X5Chain, chain.length === 1 ? chain[0] : chain]]),
        signingKey: CoseKey.fromJwk({ ...key.keys.p256.publicJwk }),
        algorithm: SignatureAlgorithm.ES256,
      },
      {
        cose: {
          sign1: { sign: ({ toBeSigned }) => signWith(key, toBeSigned), verify: unused },
          mac0: { sign: unused, verify: unused },
        },
      },
    );
    const issuerNamespaces = IssuerNamespaces.create({ issuerNamespaces: new Map([[doctypeOf(type), items]]) });
    return IssuerSigned.create({ issuerNamespaces, issuerAuth }).encodedForOid4Vci;
  },
};

/** Under numbers drawn by lot, so that an element shown says nothing about those beside it. Source: 9.1.2.5 */
function itemsOf({ type, claims }: CredentialContent, randomBytes: FormatTools['randomBytes']): IssuerSignedItem[] {
  const given = new Set<DigestId>();
  return Object.entries(claims).map(([name, value]) => {
    let digestId: DigestId;
    do {
      // Below 2^31. Source: 9.1.2.4
      digestId = Buffer.from(randomBytes(4)).readUInt32BE() >>> 1;
    } while (given.has(digestId));
    given.add(digestId);
    return IssuerSignedItem.fromOptions({
      ...{ digestId, random: randomBytes(SALT_bytes), elementIdentifier: name },
      elementValue: elementOfClaim(type, name, value),
    });
  });
}

function securityObject(content: CredentialContent, certificate: string, items: readonly IssuerSignedItem[]) {
  const { type, holder, status } = content;
  const doctype = doctypeOf(type);
  const digests = items.map((item): [DigestId, Uint8Array] => [
    item.digestId,
    createHash('sha256')
      .update(item.encode({ asDataItem: true }))
      .digest(),
  ]);
  const object = MobileSecurityObject.create({
    docType: doctype,
    digestAlgorithm: 'SHA-256',
    valueDigests: ValueDigests.create({
      digests: new Map([[doctype, new Map(digests.sort(([left], [right]) => left - right))]]),
    }),
    deviceKeyInfo: DeviceKeyInfo.create({ deviceKey: DeviceKey.fromJwk({ ...holder.jwk }) as DeviceKey }),
    validityInfo: validityOf(content, certificate),
  });
  // What the library has no member for. Source: Token Status List, 6.3
  const more = object.decodedStructure as unknown as { set(name: string, value: unknown): void };
  const { index: idx, uri } = status;
  more.set(
    'status',
    new Map([
      [
        'status_list',
        new Map<string, unknown>([
          ['idx', idx],
          ['uri', uri],
        ]),
      ],
    ]),
  );
  return object;
}

/**
 * Within the certificate's own time: signed when that was valid, and of no worth after it. The time of issue is rounded, and
 * may lie before the certificate began. Source: ISO/IEC 18013-5:2021, 9.1.2.4 and 9.3.1
 */
function validityOf({ issuedAt_s, expiresAt_s }: CredentialContent, certificate: string): ValidityInfo {
  const { validFrom, validTo } = new X509Certificate(Buffer.from(certificate, 'base64'));
  const signed = new Date(Math.max(issuedAt_s * 1_000, Date.parse(validFrom)));
  const validUntil = new Date(Math.min(expiresAt_s * 1_000, Date.parse(validTo)));
  return ValidityInfo.create({ signed, validFrom: signed, validUntil });
}

function unused(): never {
  throw new TypeError('an issuer verifies nothing, and has no shared secret');
}

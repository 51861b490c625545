// Takes the DeviceResponse of an mdoc apart without believing any of it, and opens its elements against the digests.
// Source: ISO/IEC 18013-5:2021, 8.3.2.1.2.2, 9.1.2.4 and 9.1.2.5; OpenID4VP 1.0, B.2.5.
import { createHash } from 'node:crypto';
import {
  cborDecode,
  cborEncode,
  DataItem,
  DeviceResponse,
  type Document,
  Header,
  type MobileSecurityObject,
  SignatureAlgorithm,
} from '@owf/mdoc';
import { z } from 'zod';
import { readCertificates } from '../trust/certificate-chain.ts';
import type { TraceReason } from './trace-reasons.ts';

const mdocLimits = { presentation_characters: 65_536 } as const;

export interface MdocPresentation {
  document: Document;
  /** What the issuer signed. */
  object: MobileSecurityObject;
  /** DER as base64, the signer's first. */
  x5c: string[];
  /** Elements by namespace, each in the bytes that its digest is over. */
  sent: ReadonlyMap<string, readonly DataItem[]>;
}

/** The parts, or the reason why they can't be believed to be one mdoc of the kind that is taken. */
export function readMdocPresentation(text: unknown): MdocPresentation | TraceReason {
  if (typeof text !== 'string' || text.length > mdocLimits.presentation_characters || !/^[\w-]+$/.test(text)) {
    return 'FORMAT_MALFORMED';
  }
  try {
    const raw = cborDecode<Map<string, unknown>>(Buffer.from(text, 'base64url'));
    const response = DeviceResponse.fromEncodedStructure(raw as never);
    const [document, ...more] = response.documents ?? [];
    if (document === undefined || more.length > 0 || response.version !== '1.0' || response.status !== 0) {
      return 'FORMAT_MALFORMED';
    }
    const { issuerAuth } = document.issuerSigned;
    const { headers } = issuerAuth.protectedHeaders;
    if (headers.get(Header.Algorithm) !== SignatureAlgorithm.ES256) return 'FORMAT_ALGORITHM_REFUSED';
    // Whatever else it says there would have to be understood. Source: ISO/IEC 18013-5:2021, 9.1.2.4; RFC 9052, 3.1.
    if (headers.size > 1) return 'FORMAT_HEADER_REFUSED';
    const x5c = issuerAuth.certificateChain.map((der) => Buffer.from(der).toString('base64'));
    if (readCertificates(x5c).length === 0) return 'FORMAT_HEADER_REFUSED';
    const object = issuerAuth.mobileSecurityObject;
    if (object.docType !== document.docType) return 'DOCTYPE_DIFFERENT';
    return { document, object, x5c, sent: sentElements(raw) };
  } catch {
    return 'FORMAT_MALFORMED';
  }
}

/** Written anew, an element of another issuer's could come out in other bytes. @param raw has been read as a response */
function sentElements(raw: Map<string, unknown>): MdocPresentation['sent'] {
  const [document] = raw.get('documents') as Map<string, Map<string, unknown>>[];
  return document?.get('issuerSigned')?.get('nameSpaces') as MdocPresentation['sent'];
}

export type OpenedElements =
  | { ok: true; namespaces: ReadonlyMap<string, ReadonlyMap<string, unknown>>; count: number }
  | { ok: false; reason: TraceReason };

/** Source: ISO/IEC 18013-5:2021, 9.3.1, step 3. */
export function openElements({ document, object, sent }: MdocPresentation): OpenedElements {
  const namespaces = new Map<string, Map<string, unknown>>();
  let count = 0;
  for (const [namespace, items] of document.issuerSigned.issuerNamespaces.issuerNamespaces) {
    const elements = new Map<string, unknown>();
    for (const [n, { digestId, elementIdentifier, elementValue }] of items.entries()) {
      const bytes = sent.get(namespace)?.[n]?.buffer;
      const expected = object.valueDigests.getDigestForNamespace(namespace, digestId);
      if (bytes === undefined || expected === undefined || !digestOf(object, bytes).equals(expected)) {
        return { ok: false, reason: 'DISCLOSURE_UNKNOWN' };
      }
      if (elements.has(elementIdentifier)) return { ok: false, reason: 'DISCLOSURE_DUPLICATE' };
      elements.set(elementIdentifier, elementValue);
      count += 1;
    }
    namespaces.set(namespace, elements);
  }
  return { ok: true, namespaces, count };
}

function digestOf({ digestAlgorithm }: MobileSecurityObject, bytes: Uint8Array): Buffer {
  return createHash(digestAlgorithm.replace('-', ''))
    .update(cborEncode(DataItem.fromBuffer(bytes)))
    .digest();
}

const statusSchema = z.map(z.string(), z.unknown());
const placeSchema = z.object({ uri: z.string(), idx: z.int().nonnegative() });

/** Its place in a status list; null where it names no status, `unreadable` where in another form. Source: Token Status List, 6.3 */
export function statusNamedIn(object: MobileSecurityObject): { uri: string; index: number } | null | 'unreadable' {
  const members = object.decodedStructure as unknown as { get(name: string): unknown };
  const status = members.get('status');
  if (status === undefined) return null;
  const list = statusSchema.safeParse(statusSchema.safeParse(status).data?.get('status_list'));
  const place = placeSchema.safeParse(Object.fromEntries(list.data ?? []));
  return place.success ? { uri: place.data.uri, index: place.data.idx } : 'unreadable';
}

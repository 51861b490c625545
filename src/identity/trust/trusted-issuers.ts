// Who may issue what: this service's own issuer every type it knows, others the types they are trusted for, people none.
import { createHash, X509Certificate } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import { credentialType } from '../credentials/credential-types.ts';
import { parseDid } from '../dids/did-resolution.ts';

const TYPES_most = 32;
const PEM_characters = 8_192;
const methods: ReadonlySet<string> = new Set(['web', 'key', 'jwk', 'webvh']);

/** As it is published, and hashed for the map. */
export interface TrustedIssuer {
  /** A DID, or `x509-sha256:` and the base64url of the SHA-256 of a root certificate. */
  issuer: string;
  /** Credential type ids, sorted. */
  types: string[];
  /** ISO 8601, UTC. */
  from: string;
  until: string | null;
}

export interface TrustedIssuerRecord extends TrustedIssuer {
  /** The root certificate, DER; null for a DID. */
  root: Uint8Array | null;
  /** ISO 8601; null while it stands. */
  ended: string | null;
}

/** What is asked for: one of `issuer` (a DID) and `root` (a certificate in PEM), for these types. */
export const trustOrderSchema = z.strictObject({
  issuer: z.string().max(2_048).optional(),
  root: z.string().max(PEM_characters).optional(),
  types: z.array(z.string().max(64)).min(1).max(TYPES_most),
  /** Where absent, from now on. */
  from: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});
export type TrustOrder = z.output<typeof trustOrderSchema>;

/** Which issuer for which type, as those ask who verify. */
export interface IssuerTrust {
  /** Whether the DID may issue the type now. */
  isTrusted(did: string, type: string): Promise<boolean>;
  /** The roots whose certificates may issue the type now. */
  rootsFor(type: string): Promise<X509Certificate[]>;
}

/** Where nobody but the own issuer is trusted. */
export const noOtherIssuers: IssuerTrust = { isTrusted: async () => false, rootsFor: async () => [] };

/** Whether the DID is one of this service's own issuers. @param issuer null for a DID that is not registered here */
export function isOwnIssuer(issuer: { kind: 'institution' | 'person' } | null): boolean {
  return issuer?.kind === 'institution';
}

/**
 * The one rule of both verifying services: the own issuer for all its types, others by the table.
 *
 * @param own the DID as it is registered here; null where it is not
 */
export async function mayIssue(
  did: string,
  own: { kind: 'institution' | 'person' } | null,
  type: string,
  trust: IssuerTrust,
): Promise<boolean> {
  // A person's DID of this service issues nothing, whatever a table says.
  return own === null ? trust.isTrusted(did, type) : isOwnIssuer(own);
}

export function isTrustedFor(record: TrustedIssuerRecord, type: string, now_ms: number): boolean {
  const { types, from, until, ended } = record;
  if (ended !== null || !types.includes(type)) return false;
  return Date.parse(from) <= now_ms && (until === null || now_ms < Date.parse(until));
}

/** What the map holds for an entry: SHA-256 of its JSON, members and types in order. Source: RFC 8785. */
export function trustValue({ from, issuer, types, until }: TrustedIssuer): Uint8Array {
  return sha256(utf8ToBytes(JSON.stringify({ from, issuer, types: [...types].sort(), until })));
}

/** @throws REQUEST_INVALID, CREDENTIAL_TYPE_UNKNOWN */
export function readTrustOrder(order: TrustOrder, now_ms: number): TrustedIssuerRecord {
  const root = order.root === undefined ? null : readRoot(order.root);
  if ((root === null) === (order.issuer === undefined)) {
    throw problem('REQUEST_INVALID', 'Give either `issuer`, a DID, or `root`, a certificate in PEM.');
  }
  const from = new Date(order.from ?? now_ms).toISOString();
  const until = order.until === undefined ? null : new Date(order.until).toISOString();
  if (until !== null && until <= from) throw problem('REQUEST_INVALID', 'until: must be later than from.');
  const types = [...new Set(order.types.map((type) => credentialType(type).id))].sort();
  return {
    issuer: root === null ? readDid(order.issuer ?? '') : rootName(root),
    types,
    from,
    until,
    root,
    ended: null,
  };
}

export function rootName(der: Uint8Array): string {
  return `x509-sha256:${createHash('sha256').update(der).digest('base64url')}`;
}

function readDid(did: string): string {
  const method = parseDid(did)?.method;
  if (method === undefined || !methods.has(method)) {
    throw problem('REQUEST_INVALID', `issuer: write a DID of one of these methods: ${[...methods].join(', ')}.`);
  }
  return did;
}

function readRoot(pem: string): Uint8Array {
  try {
    const certificate = new X509Certificate(pem);
    if (certificate.ca) return new Uint8Array(certificate.raw);
  } catch {
    // Told below.
  }
  throw problem('REQUEST_INVALID', "root: give an authority's certificate (CA:TRUE) in PEM.");
}

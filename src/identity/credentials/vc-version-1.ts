// Credentials of version 1.1 of the data model, which others still issue: only with Data Integrity proofs, and never by us for
// the city. Source: Verifiable Credentials Data Model 1.1, 4.2, 4.6.
import { contextsFrom, dateTimeStamp, VC_1_CONTEXT } from './vc-terms.ts';

/** Where the terms of a proof are defined, which the context of version 1.1 does not do. */
const DATA_INTEGRITY_CONTEXT = 'https://w3id.org/security/data-integrity/v2';

/** What differs from version 2.0. */
export const version1Members = {
  '@context': contextsFrom(VC_1_CONTEXT),
  issuanceDate: dateTimeStamp,
  expirationDate: dateTimeStamp.optional(),
};

export function isVersion1(credential: unknown): boolean {
  const context = (credential as { '@context'?: unknown } | null)?.['@context'];
  return Array.isArray(context) && context[0] === VC_1_CONTEXT;
}

/** The period of validity by its names in version 2.0, which is how it is judged. */
export function withPeriodOfValidity<T extends { issuanceDate: string; expirationDate?: string | undefined }>(read: T) {
  return { ...read, validFrom: read.issuanceDate, validUntil: read.expirationDate };
}

/** A credential to be signed, with the context that proofs need and the time of its issue where it names none. */
export function completeVersion1<T extends { '@context': unknown[] }>(credential: T, now_ms: number) {
  const context = credential['@context'];
  return {
    issuanceDate: `${new Date(now_ms).toISOString().slice(0, 19)}Z`,
    ...credential,
    '@context': context.includes(DATA_INTEGRITY_CONTEXT) ? context : [...context, DATA_INTEGRITY_CONTEXT],
  };
}

// The claims of registered types as elements of an mdoc, and back: CBOR has dates of its own.
// Source: ISO/IEC 18013-5:2021, 7.2.1; RFC 8943.
import { DateOnly } from '@owf/mdoc';
import type { CredentialType } from './credential-type.ts';

/** Source: OpenID4VCI 1.0, A.2.1; OpenID4VP 1.0, B.2. */
export const MDOC_FORMAT = 'mso_mdoc';

/** A day is a `full-date`; everything else is what it is in JSON. */
export function elementOfClaim({ claims }: CredentialType, name: string, value: unknown): unknown {
  return claims[name]?.term.type === 'xsd:date' && typeof value === 'string' ? new DateOnly(value) : value;
}

/** As a credential of the type has it in JSON; what CBOR has beyond that stays as it is, and fits no claim. */
export function claimOfElement(value: unknown): unknown {
  return value instanceof DateOnly ? value.toISOString() : value;
}

// The one list of credential types. A new type is a file in types/ and a line here.
import { z } from 'zod';
import { problem } from '../../platform/problem.ts';
import type { CredentialType } from './credential-type.ts';
import { delegatedRole } from './types/delegated-role.ts';
import { householdBenefit } from './types/household-benefit.ts';
import { merchant } from './types/merchant.ts';
import { resident } from './types/resident.ts';
import { utilityStaff } from './types/utility-staff.ts';
import { waterAccount } from './types/water-account.ts';
import { waterBill } from './types/water-bill.ts';

export const credentialTypes: readonly CredentialType[] = [
  resident,
  householdBenefit,
  waterAccount,
  merchant,
  delegatedRole,
  utilityStaff,
  waterBill,
];

/** @throws CREDENTIAL_TYPE_UNKNOWN */
export function credentialType(id: string): CredentialType {
  const found = credentialTypes.find((type) => type.id === id);
  if (found === undefined) {
    const known = credentialTypes.map((type) => type.id).join(', ');
    throw problem('CREDENTIAL_TYPE_UNKNOWN', `There is no credential type of that name; the types are ${known}.`);
  }
  return found;
}

/** Schema of all claims of a type together; a claim the type doesn't have is refused. */
export function claimsSchema(type: CredentialType): z.ZodObject {
  return z.strictObject(Object.fromEntries(Object.entries(type.claims).map(([name, { schema }]) => [name, schema])));
}

/** The type identifier in SD-JWT VCs; its metadata is served there. `publicUrl` has no slash at its end. */
export function vctOf(type: CredentialType, publicUrl: string): string {
  return `${publicUrl}/vct/${type.id}`;
}

/** The document type in mdocs, and the one namespace of its elements. Source: ISO/IEC 18013-5:2021, 8.3.1 */
export function doctypeOf({ id }: CredentialType): string {
  return `urn:naru:mdoc:${id}:1`;
}

/** The type a document type names, null where it is none of ours. */
export function typeOfDoctype(doctype: string): CredentialType | null {
  return credentialTypes.find((type) => doctypeOf(type) === doctype) ?? null;
}

/** The type a `vct` names, null where it is none of ours. */
export function typeOfVct(vct: unknown, publicUrl: string): CredentialType | null {
  return credentialTypes.find((type) => vctOf(type, publicUrl) === vct) ?? null;
}

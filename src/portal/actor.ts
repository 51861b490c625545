// Who acts at the desk, and what their duty lets them do.
import type { CredentialType } from '../identity/credentials/credential-type.ts';
import { credentialType, credentialTypes } from '../identity/credentials/credential-types.ts';
import type { StaffDuty } from '../identity/credentials/staff-duty.ts';
import { problem } from '../platform/problem.ts';
import { tokenHash } from './tokens.ts';

export interface Actor {
  /** Hash of the session, or of a program's name. */
  hash: Buffer;
  duty: StaffDuty | 'command_line';
  /** The staff credential that was shown; null for who came by a link, or is a program. */
  credentialId: string | null;
}

/** A signed-in member of the staff. */
export interface Staff extends Actor {
  duty: StaffDuty;
  /** Empty: every zone. */
  zones: string[];
}

/** A part of this service, or its command line, acting without a person's session. */
export function programActor(name: string): Actor {
  return { hash: tokenHash(name), duty: 'command_line', credentialId: null };
}

export function typesOfDuty(duty: Actor['duty']): readonly CredentialType[] {
  const everything = duty === 'administrator' || duty === 'command_line';
  return credentialTypes.filter(({ offeredBy }) => everything || offeredBy.includes(duty));
}

/** @throws CREDENTIAL_TYPE_UNKNOWN, NOT_ALLOWED unless the duty covers the type */
export function typeAllowed(duty: Actor['duty'], typeId: string): CredentialType {
  const type = credentialType(typeId);
  if (!typesOfDuty(duty).includes(type)) throw problem('NOT_ALLOWED', `Credentials of ${type.id} are another duty's.`);
  return type;
}

/** Of those that the duty covers, the ones that are offered at the desk. */
export function typesOffered(duty: Actor['duty']): readonly CredentialType[] {
  return typesOfDuty(duty).filter(({ offeredBy }) => offeredBy.length > 0);
}

/** @throws CREDENTIAL_TYPE_UNKNOWN, NOT_ALLOWED unless the duty covers the type and it is offered at the desk */
export function typeOffered(duty: Actor['duty'], typeId: string): CredentialType {
  const type = typeAllowed(duty, typeId);
  if (!typesOffered(duty).includes(type)) {
    throw problem('NOT_ALLOWED', `Credentials of ${type.id} are made by the service alone.`);
  }
  return type;
}

/** @throws NOT_ALLOWED unless the duty is to read what others did */
export function requireAuditor(duty: Actor['duty']): void {
  if (duty !== 'administrator' && duty !== 'auditor') throw problem('NOT_ALLOWED', "The audit is another duty's.");
}

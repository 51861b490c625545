// Sets the status of the credentials that a program calls by a name. Source: VC API, 3.2.2.
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { nameHash } from '../credentials/credential-name.ts';
import { credentialsNamed } from '../credentials/credential-name-store.ts';
import type { StatusPurpose } from '../credentials/status-list.ts';
import type { IssuedCredential } from './credential-issue.ts';

/** Credentials of one name whose status is set at once. */
const NAMED_AT_MOST = 100;

const REASON = 'VC-API';

export interface ChangeVcStatusOptions {
  pool: Pool;
  credentials: {
    statusOf(credentialId: string): Promise<IssuedCredential | null>;
    revokeCredential(credentialId: string, reason: string): Promise<IssuedCredential>;
    suspendCredential(credentialId: string, reason: string): Promise<IssuedCredential>;
    resumeCredential(credentialId: string): Promise<IssuedCredential>;
  };
}

export interface StatusChange {
  /** The id of the credential, the name given when it was issued, or the id of its record. */
  credentialId: string;
  purposes: readonly StatusPurpose[];
  /** Whether the status is to be set. */
  status: boolean;
}

export type ChangeVcStatusService = ReturnType<typeof createChangeVcStatusService>;

export function createChangeVcStatusService({ pool, credentials }: ChangeVcStatusOptions) {
  /**
   * All credentials of that name get the status, one after the other: what was done before one is
   * refused stays done. A credential has one state, so a revocation takes the place of a suspension asked for with it.
   *
   * @throws CREDENTIAL_UNKNOWN, CONFLICT (a revocation is for good), CREDENTIAL_STATUS_FINAL (revoked before)
   */
  async function changeStatus({ credentialId, purposes, status }: StatusChange): Promise<void> {
    const recorded = await credentials.statusOf(credentialId);
    const ids = recorded ? [recorded.id] : await credentialsNamed(pool, nameHash(credentialId), NAMED_AT_MOST);
    if (ids.length === 0) throw problem('CREDENTIAL_UNKNOWN', 'No credential of that id or name was issued here.');
    if (!status && purposes.includes('revocation'))
      throw problem('CONFLICT', 'status: a revocation is for good; issue the credential anew.');
    for (const id of ids) {
      if (!status) await credentials.resumeCredential(id);
      else if (purposes.includes('revocation')) await credentials.revokeCredential(id, REASON);
      else await credentials.suspendCredential(id, REASON);
    }
  }

  return { changeStatus };
}

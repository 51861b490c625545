// The shapes of issuing, for those who ask for a credential: what goes in, what comes out, what is remembered.
import type { PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';

export interface SdJwtVcOrder {
  /** Credential type id. */
  type: string;
  /** Checked against the type, those it works out added. Not stored. */
  claims: Record<string, unknown>;
  /** Public key of the holder; becomes `cnf.jwk`. */
  holderJwk: PublicHolderJwk;
  /** Becomes `sub`; leave out where presentations must not be linkable by it. */
  subjectDid?: string;
  /** Opaque to identity; `listIssued` finds by it. */
  reference?: string;
}

export interface IssuedSdJwtVc {
  /** `<JWT>~<disclosure>~…~` */
  credential: string;
  credentialId: string;
}

/** The record of an issue. No claims are kept. */
export interface IssuedCredential {
  id: string;
  type: string | null;
  format: 'dc+sd-jwt' | 'ldp_vc';
  reference: string | null;
  issued_at: string;
  state: 'valid' | 'suspended' | 'revoked';
  revoked_at: string | null;
  suspended_at: string | null;
  /** Why it was revoked or is suspended, in the words of who did it. */
  reason: string | null;
}

// The shapes of issuing, for those who ask for a credential: what goes in, what comes out, what is remembered.
import type { PublicHolderJwk } from '../credentials/sd-jwt-vc.ts';

export interface CredentialOrder {
  /** Credential type id. */
  type: string;
  /** Credential format id: `dc+sd-jwt`, `eddsa-rdfc-2022`, … */
  format: string;
  /** Checked against the type, those it works out added. Not stored. */
  claims: Record<string, unknown>;
  /** Public key of the holder, and its DID where it goes by one that is not the did:jwk of the key. */
  holder: { jwk: PublicHolderJwk; did?: string };
  /** Becomes `sub` of an SD-JWT VC; leave out where presentations must not be linkable by it. */
  subjectDid?: string;
  /** Opaque to identity; `listIssued` finds by it. */
  reference?: string;
}

/** Credentials of the same claims, one a holder's key, that nothing shows to belong together. */
export type BatchOrder = Omit<CredentialOrder, 'holder' | 'subjectDid'> & {
  holders: readonly { jwk: PublicHolderJwk; didUrl: string | null }[];
  /** The time they say they were issued at: no finer than what may be known of it. */
  issuedAt_s: number;
  /** What they are issued of: all that are issued of it are revoked, suspended and resumed together. */
  issue?: string;
};

export interface IssuedInFormat {
  /** A text (`<JWT>~<disclosure>~…~`, a JWT), or a JSON object with its proof. */
  credential: string | Record<string, unknown>;
  credentialId: string;
}

export type SdJwtVcOrder = Omit<CredentialOrder, 'format' | 'holder'> & {
  /** Becomes `cnf.jwk`. */
  holderJwk: PublicHolderJwk;
};

export interface IssuedSdJwtVc {
  /** `<JWT>~<disclosure>~…~` */
  credential: string;
  credentialId: string;
}

/** How a W3C credential that was sent is to be secured. */
export interface W3cOrder {
  /** Credential format id; where none is named, one that the issuer's key is made for. */
  format?: string | undefined;
  /** JSON pointers to what every disclosure shows; suites that disclose selectively heed them. */
  mandatoryPointers?: readonly string[] | undefined;
  reference?: string | undefined;
  /** What its status is changed by later; the credential's own id where absent. */
  name?: string | undefined;
  /** False where who asks may not have one of the city's own types issued. */
  mayIssueOwnTypes?: boolean | undefined;
}

/** The record of an issue. No claims are kept. */
export interface IssuedCredential {
  id: string;
  type: string | null;
  /** Credential format id. */
  format: string;
  reference: string | null;
  issued_at: string;
  state: 'valid' | 'suspended' | 'revoked';
  revoked_at: string | null;
  suspended_at: string | null;
  /** Why it was revoked or is suspended, in the words of who did it. */
  reason: string | null;
}

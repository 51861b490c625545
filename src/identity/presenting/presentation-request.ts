// A request to present credentials: its bounds, what is asked for, and how far the answer has come.
import type { CredentialVerdict, PresentationOutcome } from './verdict.ts';

export const presentationLimits = {
  requestLifetime_s: 300,
  /** How long a verdict waits to be collected by who asked. */
  verdictLifetime_s: 300,
  credentials: 5,
  optionalClaims: 3,
  /** Of one credential query with `multiple`. */
  presentationsEach: 10,
  sets: 5,
  optionsOfSet: 5,
  claimValues: 20,
  authorities: 3,
  authorityValues: 20,
  transactions: 3,
  transaction_chars: 4_000,
  returnUrl_chars: 500,
  sweepRows: 5_000,
} as const;

export interface WantedClaim {
  name: string;
  /** Shown when the credential has it; a credential without it still answers. */
  optional?: boolean | undefined;
  /** The claim must have one of these. Source: OpenID4VP 1.0, 6.3. */
  values?: (string | number | boolean)[] | undefined;
}

/** Whose certificates are taken: one of `values`. Source: OpenID4VP 1.0, 6.1.1. */
export interface WantedAuthority {
  /** `aki`: key identifiers of authorities, base64url. No other type is known here. */
  type: string;
  values: string[];
}

/**
 * How an asked credential is secured: SD-JWT VC, a W3C credential with Data Integrity proofs, one in a JWT, or mdoc.
 * Source: OpenID4VP 1.0, B.1 to B.3.
 */
export const askedFormats = ['dc+sd-jwt', 'ldp_vc', 'jwt_vc_json', 'mso_mdoc'] as const;
export type AskedFormat = (typeof askedFormats)[number];

export interface WantedCredential {
  /** Names the credential in the answer; the type's id, `_` for `-`, where absent. */
  id?: string | undefined;
  /** Credential type id, such as `water-account`. */
  type: string;
  claims: WantedClaim[];
  /** `dc+sd-jwt` where absent. */
  format?: AskedFormat | undefined;
  /** Several credentials of the type may answer. */
  multiple?: boolean | undefined;
  /** Only what brings certificates of one of these is taken. */
  trusted_authorities?: WantedAuthority[] | undefined;
}

/** Alternatives: one of `options` answers, each a list of credentials' ids. Source: OpenID4VP 1.0, 6.2. */
export interface WantedSet {
  options: string[][];
  required?: boolean | undefined;
}

/** All credentials, or where there are sets, what the sets say. */
export interface Wanted {
  credentials: WantedCredential[];
  sets?: WantedSet[] | undefined;
}

/** A text that the holder signs along with the presentation, such as a consent or a contract. */
export interface TransactionText {
  title: { ko: string; en: string };
  text: { ko: string; en: string };
  /** Which wanted credential signs; the first where absent. */
  credential?: string | undefined;
}

/**
 * How the request says who asks. The last two are unsigned: `redirect_uri` for wallets that check no signatures, `origin`
 * in mode `dc_api` alone, where the browser says who asks. Source: OpenID4VP 1.0, 5.9.3 and A.2.
 */
export const clientPrefixes = ['x509_hash', 'decentralized_identifier', 'redirect_uri', 'origin'] as const;
export type ClientPrefix = (typeof clientPrefixes)[number];

interface Order extends Wanted {
  /** Id of a registered verifier, such as `portal`. */
  verifier: string;
  /** Why now; the registered purpose where absent. */
  purpose?: { ko: string; en: string } | undefined;
  transactions?: TransactionText[] | undefined;
  /** False for wallets that cannot encrypt: the answer then comes in the clear, over TLS. */
  encrypted?: boolean | undefined;
}

export interface PresentationOrder extends Order {
  mode: 'same_device' | 'cross_device';
  /** Page that a same-device wallet sends the person back to: of this service, or of the verifier's registered origins. */
  return_url?: string | undefined;
  /** `x509_hash` where absent. */
  client?: Exclude<ClientPrefix, 'origin'> | undefined;
}

/** Asking through the browser's Digital Credentials API. Source: OpenID4VP 1.0, appendix A. */
export interface BrowserOrder extends Order {
  /** Of the page that asks: this service's or a registered one. */
  origin: string;
  /** Signed where absent or true. */
  signed?: boolean | undefined;
}

interface CreatedRequest {
  /** Known to who asked only: never in the link or the QR code, so that nobody who sees those can collect the answer. */
  request_id: string;
  /** ISO 8601, UTC. */
  expires_at: string;
}

export interface CreatedPresentationRequest extends CreatedRequest {
  /** `openid4vp://?client_id=…&request_uri=…` */
  authorization_request: string;
}

export interface CreatedBrowserRequest extends CreatedRequest {
  /** An element of `requests` for the page's `navigator.credentials.get({ digital: … })`. */
  digital_credential_request: { protocol: string; data: Record<string, unknown> };
  /** Where the page posts the answer's `data`, as JSON. */
  response_uri: string;
}

export type PresentationMode = PresentationOrder['mode'] | 'dc_api';

/** A request as it is kept until it is answered. */
export interface RequestRecord {
  id: string;
  verifier: string;
  wanted: Wanted;
  purpose: { ko: string; en: string };
  mode: PresentationMode;
  client: ClientPrefix;
  returnUrl: string | null;
  origin: string | null;
  /** Entries of `transaction_data`. */
  transactions: string[];
  nonce: string;
  state: string;
  /** Sealed private key for the answer; null where it comes in the clear. */
  responseKey: Buffer | null;
  expiresAt: Date;
}

export interface PresentationState {
  state: 'waiting' | 'verified' | 'refused' | 'expired';
  mode: PresentationMode;
  /** The traces, without claims; absent while waiting, and when the person declined. */
  credentials?: Pick<CredentialVerdict, 'query_id' | 'type' | 'verified' | 'trace'>[];
}

/** Both sides of asking, as `request-presentation-service.ts` gives it to the portal. */
export interface PresentationRequests {
  /** Throws VERIFIER_UNKNOWN, VERIFIER_ASKS_TOO_MUCH, CREDENTIAL_TYPE_UNKNOWN, REQUEST_INVALID. */
  createPresentationRequest(order: PresentationOrder): Promise<CreatedPresentationRequest>;
  /** Throws as createPresentationRequest does. */
  createBrowserRequest(order: BrowserOrder): Promise<CreatedBrowserRequest>;
  /** For polling. Throws NOT_FOUND, also where another verifier asked. */
  presentationState(requestId: string, verifier: string): Promise<PresentationState>;
  /**
   * The verdicts with their claims, once: they are erased by this call. A same-device request needs the `response_code`
   * that the wallet's browser brought back. Throws NOT_FOUND, PRESENTATION_NOT_READY, RESPONSE_CODE_WRONG.
   */
  collectPresentation(requestId: string, verifier: string, responseCode?: string): Promise<PresentationOutcome>;
}

// A grant: which credentials a wallet may have, with which key, and for how long. Bounds and shapes.

export const grantLimits = {
  accessTokenLifetime_s: 600,
  /** A refresh token lives as long as its grant: long enough for a credential that is issued later. */
  grantLifetime_s: 3 * 24 * 3_600,
  /** Claims that no wallet fetches are erased then. */
  claimsLifetime_s: 3_600,
  /** From the first credential on, in which the wallet may ask again after an answer that was lost, or for another batch. */
  claimsAfterIssue_s: 600,
  /** Credentials of one type that one sign-in at the city's provider is good for. */
  credentialsPerSignIn: 120,
  /** Credentials of one type that one pre-authorized offer is good for: a batch, and once more where its answer got lost. */
  credentialsPerOffer: 60,
  sweepRows: 5_000,
} as const;

export interface GrantedCredential {
  /** `credential_identifier` of the token answer. */
  identifier: string;
  /** A key of `credential_configurations_supported`. */
  configurationId: string;
  /** Whether the credential request must name the identifier instead of the configuration. Source: OpenID4VCI 1.0, 8.2. */
  byIdentifier: boolean;
  /** The offer that must be approved before anything is issued; null, or absent, where none need be. */
  approvalOf?: string | null;
}

export interface Grant {
  id: string;
  clientId: string | null;
  /** RFC 7638 thumbprint of the key the token is bound to; null for a Bearer token. */
  dpopThumbprint: string | null;
  credentials: GrantedCredential[];
}

/** What is needed of an HTTP request to tell who sent it. */
export interface ProtocolRequest {
  headers: Headers;
  method: string;
  /** Absolute, as the wallet addressed it. */
  url: string;
}

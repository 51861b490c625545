// An offer of a credential: its bounds, what is asked to make one and what the office hands to the person.

export const offerLimits = {
  offerLifetime_s: 3 * 24 * 3_600,
  txCodeTries: 5,
  txCodeDigits: 6,
  nonceLifetime_s: 300,
  /** How far the wallet's clock, which dates its proof, may be from ours. */
  proofAge_s: 300,
  claims_bytes: 16_384,
  reference_chars: 200,
  sweepRows: 5_000,
} as const;

export interface OfferOrder {
  /** Credential type id, such as `water-account`. */
  type: string;
  /** Personal data: kept until the credential is issued or the offer ends, then erased. */
  claims: Record<string, unknown>;
  /** Opaque to identity; comes back in `listIssued({ reference })`. */
  reference: string;
}

export interface Offer {
  offer_id: string;
  /** `openid-credential-offer://?credential_offer_uri=…`: for the link and the QR code. */
  offer_uri: string;
  /** Goes to the person by another way than the link. */
  tx_code: string;
  /** ISO 8601, UTC. */
  expires_at: string;
}

// An offer of a credential: its bounds, what is asked to make one and what the office hands to the person.

export const offerLimits = {
  offerLifetime_s: 3 * 24 * 3_600,
  /** Of offers that go out by letter. */
  longestOfferLifetime_s: 60 * 24 * 3_600,
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
  /** `offerLimits.offerLifetime_s` where absent. */
  lifetime_s?: number;
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

/** An offer as the desk lists it; its claims are nobody's to see. */
export interface OpenOffer {
  id: string;
  type: string;
  reference: string;
  expires_at: string;
  /** Wrong codes that may still be tried. */
  tries_left: number;
  import_id: string | null;
}

/** Link of the offer behind `handle`. Source: OpenID4VCI 1.0, 4.1.3. */
export function offerLink(publicUrl: string, handle: string): string {
  const at = `${publicUrl}${OFFERS_PATH}/${handle}`;
  return `openid-credential-offer://?credential_offer_uri=${encodeURIComponent(at)}`;
}

/** Path under which offers are served by reference. */
export const OFFERS_PATH = '/openid4vci/offers';

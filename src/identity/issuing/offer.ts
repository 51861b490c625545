// An offer of a credential: its bounds, what is asked to make one and what the office hands to the person.

export const offerLimits = {
  offerLifetime_s: 3 * 24 * 3_600,
  /** Of offers that go out by letter. */
  longestOfferLifetime_s: 60 * 24 * 3_600,
  txCodeTries: 5,
  txCodeDigits: 6,
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
  /** Credential format ids in which the wallet may have it; the type's first where absent. */
  formats?: readonly string[];
  /** Whether somebody must approve the offer before the credential is issued; the wallet may take it and waits. */
  needs_approval?: boolean;
  /** How the link carries the offer; `reference` where absent, which is short enough for a small QR code. */
  carried_by?: 'reference' | 'value';
}

export interface Offer {
  offer_id: string;
  /** `openid-credential-offer://?credential_offer_uri=…`, or `credential_offer=…`: for the link and the QR code. */
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

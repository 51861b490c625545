// A request to present a credential: its bounds, what a part of the city asks for, and how far the answer has come.
import type { TraceStep, Verdict } from './verdict.ts';

export const presentationLimits = {
  requestLifetime_s: 300,
  /** How long a verdict waits to be collected by who asked. */
  verdictLifetime_s: 300,
  optionalClaims: 3,
  returnUrl_chars: 500,
  sweepRows: 5_000,
} as const;

export interface WantedClaim {
  name: string;
  /** Shown when the credential has it; a credential without it still answers. */
  optional?: boolean;
}

export interface PresentationOrder {
  /** Id of a registered verifier, such as `portal`. */
  verifier: string;
  /** Credential type id, such as `water-account`. */
  type: string;
  claims: WantedClaim[];
  purpose: { ko: string; en: string };
  mode: 'same_device' | 'cross_device';
  /** Page of this service that a same-device wallet sends the person back to. */
  return_url?: string;
}

export interface CreatedPresentationRequest {
  /** Known to who asked only: never in the link or the QR code, so that nobody who sees those can collect the answer. */
  request_id: string;
  /** `openid4vp://?client_id=…&request_uri=…` */
  authorization_request: string;
  /** ISO 8601, UTC. */
  expires_at: string;
}

export interface PresentationState {
  state: 'waiting' | 'verified' | 'refused' | 'expired';
  mode: 'same_device' | 'cross_device';
  /** Each step of the verdict, without claims; absent while waiting, and when the person declined. */
  trace?: TraceStep[];
}

/** Both sides of asking, as `request-presentation-service.ts` gives it to the portal. */
export interface PresentationRequests {
  /** Throws VERIFIER_UNKNOWN, VERIFIER_ASKS_TOO_MUCH, CREDENTIAL_TYPE_UNKNOWN, REQUEST_INVALID. */
  createPresentationRequest(order: PresentationOrder): Promise<CreatedPresentationRequest>;
  /** For polling. Throws NOT_FOUND. */
  presentationState(requestId: string): Promise<PresentationState>;
  /**
   * The verdict with its claims, once: they are erased by this call. A same-device request needs the `response_code` that
   * the wallet's browser brought back. Throws NOT_FOUND, PRESENTATION_NOT_READY, RESPONSE_CODE_WRONG.
   */
  collectPresentation(requestId: string, responseCode?: string): Promise<Verdict>;
}

// The catalogue of refusals: one line a code, with its HTTP status and its public sentence.

export const problemCatalogue = {
  // any room
  REQUEST_INVALID: { status: 400, title: 'The request does not have the form this address takes' },
  NOT_SIGNED_IN: { status: 401, title: 'Sign in first' },
  NOT_ALLOWED: { status: 403, title: 'This account may not do that' },
  CROSS_SITE_REFUSED: { status: 403, title: 'The request came from a page of another site' },
  NOT_FOUND: { status: 404, title: 'There is nothing here, or nothing you may see' },
  CONFLICT: { status: 409, title: 'The request contradicts what is already stored' },
  BODY_TOO_LARGE: { status: 413, title: 'The request is larger than this address takes' },
  MEDIA_TYPE_UNKNOWN: { status: 415, title: 'This address does not take that media type' },
  TOO_MANY_REQUESTS: { status: 429, title: 'Too many tries; wait a minute' },
  INTERNAL: { status: 500, title: 'Something went wrong on our side; it has been logged' },
  NOT_READY: { status: 503, title: 'A part this needs is away; try again shortly' },
  SETTING_INVALID: { status: 500, title: 'A setting has a value that cannot be used' },
  START_FAILED: { status: 500, title: 'A part of the service could not be started' },
  // identity: DIDs, credentials
  DID_LOG_INVALID: { status: 400, title: 'The DID log does not verify' },
  DID_NOT_HERE: { status: 400, title: 'That DID does not belong to this service' },
  DID_EXISTS: { status: 409, title: 'That DID is already registered' },
  CREDENTIAL_TYPE_UNKNOWN: { status: 400, title: 'There is no such credential type' },
  CLAIMS_INVALID: { status: 400, title: 'The claims do not fit the credential type' },
  CREDENTIAL_INVALID: { status: 400, title: 'That is not a credential that can be issued' },
  CREDENTIAL_REFUSED: { status: 400, title: 'The credential did not verify' },
  CREDENTIAL_UNKNOWN: { status: 404, title: 'No such credential was issued here' },
  STATUS_LIST_UNKNOWN: { status: 404, title: 'There is no such status list' },
  // identity: asking for and collecting presentations
  VERIFIER_UNKNOWN: { status: 403, title: 'This verifier is not registered' },
  VERIFIER_ASKS_TOO_MUCH: { status: 403, title: 'The verifier asks for more than it is registered for' },
  PRESENTATION_NOT_READY: { status: 409, title: 'The request was not answered in time, or its answer was collected' },
  PRESENTATION_DECLINED: { status: 403, title: 'The person declined to show the credential' },
  RESPONSE_CODE_WRONG: { status: 403, title: 'Only the browser that the wallet returned to may continue' },
  // metering
  METER_UNKNOWN: { status: 404, title: 'There is no such meter' },
  SERVICE_POINT_UNKNOWN: { status: 404, title: 'There is no such service point' },
  SPAN_TOO_LONG: { status: 400, title: 'The span asked for is too long for this resolution' },
  SECRET_TOO_WEAK: { status: 400, title: 'A device secret is too short to be safe' },
  // anchoring
  CHAIN_AWAY: { status: 503, title: 'The chain does not answer; anchors stay pending until it does' },
  CHAIN_WRONG: { status: 503, title: 'The chain node is of another chain than the one this service anchors on' },
  CHAIN_AHEAD: { status: 503, title: 'The chain holds epochs that the database does not know' },
  CHAIN_DIFFERENT: { status: 503, title: 'The chain and the database hold different roots for one epoch' },
  CHAIN_CONTRACT_UNUSABLE: { status: 503, title: 'The anchor contract cannot be used with these settings' },
  ANCHOR_LOG_DAMAGED: { status: 503, title: 'The log of changes does not give the root that was recorded' },
  // portal
  STAFF_LINK_SPENT: { status: 401, title: 'This sign-in link was used already or has expired; ask for a new one' },
  PRESENTATION_REFUSED: { status: 403, title: 'What the wallet showed does not open this; the trace says why' },
  PRESENTATION_INCOMPLETE: { status: 403, title: 'The credential shown lacks what signing in needs' },
  CREDENTIAL_REVOKED: { status: 403, title: 'The credential was revoked; the water office gives a new one' },
} as const satisfies Record<string, { status: number; title: string }>;

// What a wallet asks for when it wants a person to sign in: checked and reduced to what is kept until the code.
import { Oauth2ErrorCodes } from '@openid4vc/oauth2';
import { z } from 'zod';
import { OauthRefusal } from '../oauth-refusal.ts';

export const authorizationLimits = {
  /** From the pushed request to the person's browser. Source: FAPI 2.0 Security Profile, 5.3.2.2: below 600. */
  requestUriLifetime_s: 90,
  /** From there to the person's coming back from the provider. */
  signInLifetime_s: 900,
  codeLifetime_s: 60,
  offerLifetime_s: 30 * 24 * 3_600,
  parameter_chars: 2_048,
  details_chars: 8_192,
  credentials: 10,
  sweepRows: 5_000,
} as const;

export interface AskedCredential {
  configurationId: string;
  /** Asked by `authorization_details`, so that the token answer names an identifier. */
  byIdentifier: boolean;
}

export interface AuthorizationRequest {
  redirectUri: string;
  state: string | null;
  /** RFC 7636, S256. */
  codeChallenge: string;
  /** `dpop_jkt`, RFC 9449, 10. */
  dpopThumbprint: string | null;
  issuerState: string | null;
  asked: AskedCredential[];
}

const detailsSchema = z
  .array(z.looseObject({ type: z.literal('openid_credential'), credential_configuration_id: z.string() }))
  .min(1)
  .max(authorizationLimits.credentials);

const thumbprint = /^[\w-]{43}$/;

/**
 * Source: RFC 6749, 4.1.1; RFC 7636, 4.3; RFC 9126, 2.1; RFC 9396, 2; OpenID4VCI 1.0, 5.1.
 *
 * @param form the parameters, each once
 * @param configurationIds what can be had by signing in
 * @throws OauthRefusal `invalid_request`, `unsupported_response_type`, `invalid_scope`, `invalid_authorization_details`,
 *   `request_not_supported`
 */
export function readAuthorizationRequest(
  form: Readonly<Record<string, string>>,
  configurationIds: readonly string[],
): AuthorizationRequest {
  if (form.request !== undefined) {
    throw new OauthRefusal(Oauth2ErrorCodes.RequestNotSupported, 'Request objects are not supported.');
  }
  // RFC 9126, 2.1: it must not be there. What it names is never fetched.
  if (form.request_uri !== undefined) throw invalidRequest("'request_uri' has no place in a pushed request.");
  if (form.response_type === undefined) throw invalidRequest("'response_type' is missing.");
  if (form.response_type !== 'code') {
    throw new OauthRefusal('unsupported_response_type', "Only the response type 'code' is supported.");
  }
  if (form.response_mode !== undefined && form.response_mode !== 'query') {
    throw invalidRequest("Only the response mode 'query' is supported.");
  }
  if (form.redirect_uri === undefined) throw invalidRequest("'redirect_uri' is missing.");
  if (form.code_challenge === undefined || !thumbprint.test(form.code_challenge)) {
    throw invalidRequest("'code_challenge' is missing or has the wrong form.");
  }
  if (form.code_challenge_method !== 'S256') throw invalidRequest("'code_challenge_method' must be S256.");
  if (form.dpop_jkt !== undefined && !thumbprint.test(form.dpop_jkt)) {
    throw invalidRequest("'dpop_jkt' has the wrong form.");
  }
  // Source: RFC 6749, appendix A.5.
  if (form.state !== undefined && !/^[\x20-\x7e]+$/.test(form.state))
    throw invalidRequest("'state' has the wrong form.");
  for (const name of ['state', 'redirect_uri', 'issuer_state']) {
    if ((form[name]?.length ?? 0) > authorizationLimits.parameter_chars) throw invalidRequest(`'${name}' is too long.`);
  }
  return {
    redirectUri: form.redirect_uri,
    state: form.state ?? null,
    codeChallenge: form.code_challenge,
    dpopThumbprint: form.dpop_jkt ?? null,
    issuerState: form.issuer_state ?? null,
    asked: askedCredentials(form, configurationIds),
  };
}

/** By `authorization_details` and by `scope`; what both ask for is asked by the first. Source: OpenID4VCI 1.0, 5.1.1, 5.1.2. */
function askedCredentials(
  form: Readonly<Record<string, string>>,
  configurationIds: readonly string[],
): AskedCredential[] {
  const asked = new Map<string, AskedCredential>();
  for (const configurationId of (form.scope ?? '').split(' ').filter((scope) => scope !== '')) {
    if (!configurationIds.includes(configurationId)) {
      throw new OauthRefusal(Oauth2ErrorCodes.InvalidScope, 'That scope cannot be had by signing in here.');
    }
    asked.set(configurationId, { configurationId, byIdentifier: false });
  }
  if (form.authorization_details !== undefined) {
    for (const { credential_configuration_id: configurationId } of readDetails(form.authorization_details)) {
      if (!configurationIds.includes(configurationId)) throw invalidDetails();
      asked.set(configurationId, { configurationId, byIdentifier: true });
    }
  }
  if (asked.size === 0) {
    throw new OauthRefusal(
      Oauth2ErrorCodes.InvalidScope,
      "Neither 'scope' nor 'authorization_details' asks for anything.",
    );
  }
  return [...asked.values()];
}

function readDetails(text: string): z.output<typeof detailsSchema> {
  if (text.length > authorizationLimits.details_chars) throw invalidDetails();
  try {
    return detailsSchema.parse(JSON.parse(text));
  } catch {
    throw invalidDetails();
  }
}

/** Source: RFC 9396, 5. */
function invalidDetails(): OauthRefusal {
  return new OauthRefusal(
    'invalid_authorization_details',
    "'authorization_details' is not a list of 'openid_credential' with a configuration that can be had by signing in.",
  );
}

function invalidRequest(description: string): OauthRefusal {
  return new OauthRefusal(Oauth2ErrorCodes.InvalidRequest, description);
}

// The city's own OpenID provider, at which people sign in; we are its client. Source: OpenID Connect Core 1.0.
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
} from 'openid-client';

const TIMEOUT_s = 10;

export interface CityProviderOptions {
  /** Issuer identifier; its discovery document is asked for. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** With `openid`. */
  scope: string;
  /** Registered at the provider. */
  redirectUri: string;
}

export interface SignInSecrets {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface CityProvider {
  issuer: string;
  /** Where to send the person. */
  signInUrl(secrets: SignInSecrets): Promise<URL>;
  /**
   * What the provider says about the person who came back; null where it, or the person, declined.
   *
   * @param currentUrl the whole address the person came back to
   */
  completeSignIn(
    currentUrl: URL,
    secrets: SignInSecrets,
  ): Promise<{ subject: string; claims: Record<string, unknown> } | null>;
}

export function createCityProvider(options: CityProviderOptions): CityProvider {
  const { issuer, clientId, clientSecret, scope, redirectUri } = options;
  let discovered: Promise<Configuration> | undefined;

  /** Asked once; again after a failure. */
  function configuration(): Promise<Configuration> {
    discovered ??= discovery(new URL(issuer), clientId, {}, ClientSecretBasic(clientSecret), {
      timeout: TIMEOUT_s,
      ...(issuer.startsWith('http:') ? { execute: [allowInsecureRequests] } : {}),
    }).catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    return discovered;
  }

  return {
    issuer,

    async signInUrl({ state, nonce, codeVerifier }) {
      return buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        // A session that happens to be open must not hand out a credential without anybody noticing.
        prompt: 'login',
      });
    },

    async completeSignIn(currentUrl, { state, nonce, codeVerifier }) {
      const provider = await configuration();
      try {
        const tokens = await authorizationCodeGrant(provider, currentUrl, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const identity = tokens.claims();
        if (identity === undefined) return null;
        const more =
          provider.serverMetadata().userinfo_endpoint === undefined
            ? {}
            : await fetchUserInfo(provider, tokens.access_token, identity.sub);
        return { subject: identity.sub, claims: { ...identity, ...more } };
      } catch (error) {
        if (error instanceof AuthorizationResponseError) return null;
        throw error;
      }
    },
  };
}

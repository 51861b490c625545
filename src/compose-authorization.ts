// Wires the authorization server: wallets, grants, tokens, and signing in at the city's provider.

import { createWalletAuthentication } from './identity/issuing/authenticate-wallet-service.ts';
import { authorizationRoutes } from './identity/issuing/authorization-routes.ts';
import { authorizationPaths, authorizationServerMetadata } from './identity/issuing/authorization-server-metadata.ts';
import { authorizePersonRoutes } from './identity/issuing/authorize-person-routes.ts';
import { createPersonAuthorization } from './identity/issuing/authorize-person-service.ts';
import { type CityProviderOptions, createCityProvider } from './identity/issuing/city-provider-port.ts';
import { type ClaimMapping, checkMapping } from './identity/issuing/claim-mapping.ts';
import { createDpopService } from './identity/issuing/dpop-service.ts';
import { createGrantService } from './identity/issuing/grant-service.ts';
import { createTokenService } from './identity/issuing/grant-token-service.ts';
import { createPushedRequestService } from './identity/issuing/push-authorization-service.ts';
import type { TrustedWallets } from './identity/trust/trusted-wallets.ts';
import type { Clock } from './platform/clock.ts';
import type { Routes } from './platform/http/http-server.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';

export interface AuthorizationPolicy {
  wallets: TrustedWallets;
  /** Whether a wallet that knows no DPoP may take a pre-authorized offer. */
  bearerTokens: 'refused' | 'allowed';
  /** The city's own OpenID provider; where absent, credentials are had by the office's offers alone. */
  cityProvider?: Omit<CityProviderOptions, 'redirectUri'> & { mapping: ClaimMapping };
}

export interface AuthorizationOptions extends AuthorizationPolicy {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** The authorization server's identifier: the service's own address. */
  issuer: string;
}

export function composeAuthorization(options: AuthorizationOptions) {
  const { issuer, cityProvider } = options;
  /** What can be had by signing in. */
  const configurationIds = Object.keys(checkMapping(cityProvider?.mapping ?? {}));
  const dpop = createDpopService(options);
  const wallets = createWalletAuthentication(options);
  const parts = { ...options, dpop, wallets, configurationIds };
  const metadata = authorizationServerMetadata(issuer, configurationIds);
  const pushedRequests = cityProvider === undefined ? null : createPushedRequestService(parts);
  const routes: Routes[] = [
    authorizationRoutes({ metadata, wallets, tokens: createTokenService(parts), pushedRequests }),
  ];
  if (cityProvider !== undefined) {
    const provider = createCityProvider({ ...cityProvider, redirectUri: issuer + authorizationPaths.providerReturn });
    const people = createPersonAuthorization({ ...options, provider, mapping: cityProvider.mapping });
    routes.push(authorizePersonRoutes({ people, publicUrl: issuer }));
  }
  return { grants: createGrantService(parts), metadata, routes, signInTypes: configurationIds };
}

// Wires the authorization server: grants, tokens and the proofs of the keys they are bound to.
import type { AuthorizationServerMetadata } from '@openid4vc/oauth2';
import { authorizationRoutes } from './identity/issuing/authorization-routes.ts';
import { createDpopService } from './identity/issuing/dpop-service.ts';
import { createGrantService } from './identity/issuing/grant-service.ts';
import { createTokenService } from './identity/issuing/grant-token-service.ts';
import type { Clock } from './platform/clock.ts';
import type { Pool } from './platform/postgres/database.ts';
import type { Random } from './platform/random.ts';

export interface AuthorizationOptions {
  pool: Pool;
  clock: Clock;
  random: Random;
  /** The authorization server's own; its `issuer` is the service's public URL. */
  metadata: AuthorizationServerMetadata & { issuer: string };
  /** Whether a wallet that knows no DPoP may take a pre-authorized offer. */
  bearerTokens: 'refused' | 'allowed';
}

export function composeAuthorization(options: AuthorizationOptions) {
  const dpop = createDpopService(options);
  const tokens = createTokenService({ ...options, dpop });
  return {
    grants: createGrantService({ ...options, dpop }),
    routes: authorizationRoutes({ metadata: options.metadata, tokens }),
  };
}

// The authorization server's HTTP side for wallets: its metadata and the token endpoint.
import type { AuthorizationServerMetadata } from '@openid4vc/oauth2';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { nonceHeaders, oauthErrorSchema, protocolRequest, speakOauth } from '../oauth-endpoint-routes.ts';
import { authorizationPaths } from './authorization-server-metadata.ts';
import type { TokenService } from './grant-token-service.ts';

const tags = ['OpenID4VCI'];
const open = { config: { openToPages: true } };
const metadataLifetime_s = 300;
const formEncoded = ['application/x-www-form-urlencoded'];

export function authorizationRoutes(parts: {
  metadata: AuthorizationServerMetadata & { issuer: string };
  tokens: TokenService;
}): Routes {
  const { metadata, tokens } = parts;
  return async (app) => {
    app.get(
      authorizationPaths.metadata,
      {
        ...open,
        schema: {
          summary: 'Where wallets are authorized (RFC 8414)',
          tags,
          response: { 200: z.looseObject({ issuer: z.string(), token_endpoint: z.string() }) },
        },
      },
      async (_request, reply) =>
        reply.headers({ 'cache-control': `public, max-age=${metadataLifetime_s}` }).send(metadata),
    );
    await app.register(async (oauth) => {
      speakOauth(oauth);
      tokenRoute(oauth, metadata.issuer, tokens);
    });
  };
}

function tokenRoute(app: Parameters<Routes>[0], publicUrl: string, tokens: TokenService): void {
  app.post(
    authorizationPaths.token,
    {
      ...open,
      schema: {
        summary: 'Exchange a code or a refresh token for an access token',
        tags,
        consumes: formEncoded,
        body: z.record(z.string(), z.string()),
        response: {
          200: z.looseObject({ access_token: z.string(), token_type: z.string(), expires_in: z.int().optional() }),
          400: oauthErrorSchema,
          401: oauthErrorSchema,
        },
      },
    },
    async (request, reply) => {
      const { response, dpopNonce } = await tokens.grantToken(request.body, protocolRequest(request, publicUrl));
      return reply.headers(nonceHeaders(dpopNonce)).send(response);
    },
  );
}

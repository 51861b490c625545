// The issuer's HTTP side for wallets: OpenID4VCI 1.0 with the pre-authorized code grant.
import type { IssuerMetadataResult } from '@openid4vc/openid4vci';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { oauthErrorSchema, speakOauth } from '../oauth-endpoint-routes.ts';
import type { DeliveryService } from './deliver-credential-service.ts';
import type { TokenService } from './grant-token-service.ts';
import { authorizationServerMetadata, issuerPaths } from './issuer-metadata.ts';
import type { OfferService } from './offer-credential-service.ts';

const tags = ['OpenID4VCI'];
const open = { config: { openToPages: true } };
const metadataLifetime_s = 300;

export function openid4vciRoutes(parts: {
  metadata: IssuerMetadataResult;
  offers: OfferService;
  tokens: TokenService;
  delivery: DeliveryService;
}): Routes {
  const { metadata, offers, tokens, delivery } = parts;
  return async (app) => {
    await app.register(metadataRoutes(metadata));
    await app.register(async (oauth) => {
      speakOauth(oauth);
      protocolRoutes(oauth, offers, tokens, delivery);
    });
  };
}

function metadataRoutes(metadata: IssuerMetadataResult): Routes {
  const cacheable = { 'cache-control': `public, max-age=${metadataLifetime_s}` };
  return async (app) => {
    app.get(
      issuerPaths.issuerMetadata,
      {
        ...open,
        schema: {
          summary: 'What this issuer issues and where',
          tags,
          response: { 200: z.looseObject({ credential_issuer: z.string() }) },
        },
      },
      async (_request, reply) => reply.headers(cacheable).send(metadata.credentialIssuer),
    );
    app.get(
      issuerPaths.authorizationServerMetadata,
      {
        ...open,
        schema: {
          summary: 'Where codes become access tokens (RFC 8414)',
          tags,
          response: { 200: z.looseObject({ issuer: z.string(), token_endpoint: z.string() }) },
        },
      },
      async (_request, reply) =>
        reply.headers(cacheable).send(authorizationServerMetadata(metadata.credentialIssuer.credential_issuer)),
    );
  };
}

function protocolRoutes(
  app: Parameters<Routes>[0],
  offers: OfferService,
  tokens: TokenService,
  delivery: DeliveryService,
): void {
  app.get(
    `${issuerPaths.offers}/:handle`,
    {
      ...open,
      schema: {
        summary: 'A credential offer, by reference',
        tags,
        params: z.object({ handle: z.string().regex(/^[\w-]{43}$/) }),
        response: { 200: z.looseObject({ credential_issuer: z.string() }), 404: oauthErrorSchema },
      },
    },
    async (request) => ({ ...(await offers.readOffer(request.params.handle)) }),
  );
  app.post(
    issuerPaths.token,
    {
      ...open,
      schema: {
        summary: 'Exchange a pre-authorized code and its transaction code for an access token',
        tags,
        consumes: ['application/x-www-form-urlencoded'],
        body: z.record(z.string(), z.string()),
        response: {
          200: z.looseObject({ access_token: z.string(), token_type: z.string(), expires_in: z.int().optional() }),
          400: oauthErrorSchema,
        },
      },
    },
    async (request) =>
      tokens.grantToken(request.body, { headers: requestHeaders(request.headers), url: request.originalUrl }),
  );
  app.post(
    issuerPaths.nonce,
    {
      ...open,
      schema: {
        summary: 'A fresh nonce for a holder proof',
        tags,
        response: { 200: z.looseObject({ c_nonce: z.string() }) },
      },
    },
    async () => delivery.createNonce(),
  );
  app.post(
    issuerPaths.credential,
    {
      ...open,
      schema: {
        summary: 'Issue the offered credential to the key that is proved',
        tags,
        body: z.record(z.string(), z.unknown()),
        response: {
          200: z.looseObject({ credentials: z.array(z.unknown()).optional() }),
          400: oauthErrorSchema,
          401: oauthErrorSchema,
        },
      },
    },
    async (request) => delivery.deliverCredential(bearerToken(request.headers.authorization), request.body),
  );
}

/** The token of `Authorization: Bearer …`, null for anything else. Source: RFC 6750 section 2.1. */
function bearerToken(header: string | undefined): string | null {
  return /^Bearer ([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1] ?? null;
}

function requestHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const copied = new Headers();
  for (const name of ['dpop', 'oauth-client-attestation', 'oauth-client-attestation-pop']) {
    const value = headers[name];
    if (typeof value === 'string') copied.set(name, value);
  }
  return copied;
}

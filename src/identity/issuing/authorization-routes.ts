// The authorization server's HTTP side for wallets: metadata, pushed requests, tokens and challenges.
import type { AuthorizationServerMetadata } from '@openid4vc/oauth2';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { nonceHeaders, oauthErrorSchema, protocolRequest, speakOauth } from '../oauth-endpoint-routes.ts';
import type { WalletAuthentication } from './authenticate-wallet-service.ts';
import { authorizationPaths } from './authorization-server-metadata.ts';
import type { TokenService } from './grant-token-service.ts';
import type { PushedRequestService } from './push-authorization-service.ts';

const tags = ['OpenID4VCI'];
const open = { config: { openToPages: true } };
const metadataLifetime_s = 300;
const form = { consumes: ['application/x-www-form-urlencoded'], body: z.record(z.string(), z.string()) };
const refusals = { 400: oauthErrorSchema, 401: oauthErrorSchema };

type App = Parameters<Routes>[0];

export function authorizationRoutes(parts: {
  metadata: AuthorizationServerMetadata & { issuer: string };
  tokens: TokenService;
  wallets: WalletAuthentication;
  /** Absent where nobody can sign in. */
  pushedRequests: PushedRequestService | null;
}): Routes {
  const { metadata, tokens, wallets, pushedRequests } = parts;
  return async (app) => {
    metadataRoute(app, metadata);
    await app.register(async (oauth) => {
      speakOauth(oauth);
      tokenRoute(oauth, metadata.issuer, tokens);
      challengeRoute(oauth, wallets);
      if (pushedRequests !== null) pushedRequestRoutes(oauth, metadata.issuer, pushedRequests);
    });
  };
}

function metadataRoute(app: App, metadata: AuthorizationServerMetadata & { issuer: string }): void {
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
}

function tokenRoute(app: App, publicUrl: string, tokens: TokenService): void {
  app.post(
    authorizationPaths.token,
    {
      ...open,
      schema: {
        summary: 'Exchange a code or a refresh token for an access token',
        tags,
        ...form,
        response: {
          200: z.looseObject({ access_token: z.string(), token_type: z.string(), expires_in: z.int().optional() }),
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { response, dpopNonce } = await tokens.grantToken(request.body, protocolRequest(request, publicUrl));
      return reply.headers(nonceHeaders(dpopNonce)).send(response);
    },
  );
}

function challengeRoute(app: App, wallets: WalletAuthentication): void {
  app.post(
    authorizationPaths.challenge,
    {
      ...open,
      schema: {
        summary: "A challenge for the proof beside a wallet's attestation",
        tags,
        response: { 200: z.object({ attestation_challenge: z.string() }) },
      },
    },
    async () => ({ attestation_challenge: await wallets.createChallenge() }),
  );
}

function pushedRequestRoutes(app: App, publicUrl: string, pushedRequests: PushedRequestService): void {
  app.post(
    authorizationPaths.pushedRequest,
    {
      ...open,
      schema: {
        summary: 'Push an authorization request (RFC 9126)',
        tags,
        ...form,
        response: { 201: z.looseObject({ request_uri: z.string(), expires_in: z.int() }), ...refusals },
      },
    },
    async (request, reply) => {
      const from = protocolRequest(request, publicUrl);
      const { response, dpopNonce } = await pushedRequests.pushRequest(request.body, from);
      return reply.code(201).headers(nonceHeaders(dpopNonce)).send(response);
    },
  );
  // Source: RFC 9126, 2.3: 405 where the method is not POST.
  app.route({
    method: ['GET', 'PUT', 'DELETE', 'PATCH'],
    url: authorizationPaths.pushedRequest,
    schema: { hide: true },
    handler: async (_request, reply) =>
      reply.code(405).header('allow', 'POST').send({ error: 'invalid_request', error_description: 'Use POST.' }),
  });
}

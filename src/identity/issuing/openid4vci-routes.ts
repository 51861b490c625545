// The issuer's HTTP side for wallets: offers, metadata, nonces and credentials. Source: OpenID4VCI 1.0.
import type { IssuerMetadataResult } from '@openid4vc/openid4vci';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { nonceHeaders, oauthErrorSchema, protocolRequest, speakOauth } from '../oauth-endpoint-routes.ts';
import type { DeliveryService } from './deliver-credential-service.ts';
import { issuerPaths } from './issuer-metadata.ts';
import type { OfferService } from './offer-credential-service.ts';

const tags = ['OpenID4VCI'];
const open = { config: { openToPages: true } };
const metadataLifetime_s = 300;

export function openid4vciRoutes(parts: {
  metadata: IssuerMetadataResult;
  offers: OfferService;
  delivery: DeliveryService;
  /** Lets only programs of the operator make sign-in offers. */
  requireOperator(request: FastifyRequest): Promise<void>;
}): Routes {
  const { metadata, offers, delivery, requireOperator } = parts;
  const publicUrl = metadata.credentialIssuer.credential_issuer;
  return async (app) => {
    await app.register(metadataRoutes(metadata));
    app.post(
      issuerPaths.offers,
      {
        preHandler: requireOperator,
        schema: {
          summary: "Offer a credential to whoever signs in at the city's provider",
          tags,
          body: z.object({ type: z.string(), reference: z.string() }),
          response: { 201: z.object({ offer_id: z.string(), offer_uri: z.string(), expires_at: z.string() }) },
        },
      },
      async (request, reply) => reply.code(201).send(await offers.createSignInOffer(request.body)),
    );
    await app.register(async (oauth) => {
      speakOauth(oauth);
      protocolRoutes(oauth, publicUrl, offers, delivery);
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
  };
}

function protocolRoutes(
  app: Parameters<Routes>[0],
  publicUrl: string,
  offers: OfferService,
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
    async (request, reply) => {
      const from = protocolRequest(request, publicUrl);
      const { response, dpopNonce } = await delivery.deliverCredential(from, request.body);
      return reply.headers(nonceHeaders(dpopNonce)).send(response);
    },
  );
}

// The issuer's HTTP side for wallets: offers, nonces, credentials now and later, notifications. Source: OpenID4VCI 1.0.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { nonceHeaders, oauthErrorSchema, protocolRequest, speakOauth } from '../oauth-endpoint-routes.ts';
import type { DeliveryAnswer, DeliveryService, SentBody } from './deliver-credential-service.ts';
import type { NonceService } from './give-nonce-service.ts';
import { issuerPaths } from './issuer-metadata.ts';
import type { OfferService } from './offer-credential-service.ts';
import type { NotificationService } from './record-notification-service.ts';

const tags = ['OpenID4VCI'];
const open = { config: { openToPages: true } };
const refusals = { 400: oauthErrorSchema, 401: oauthErrorSchema };
const ENCRYPTED = 'application/jwt';

export interface Openid4vciParts {
  publicUrl: string;
  offers: OfferService;
  nonces: NonceService;
  delivery: DeliveryService;
  notifications: NotificationService;
  /** Lets only programs of the operator make sign-in offers. */
  requireOperator(request: FastifyRequest): Promise<void>;
}

export function openid4vciRoutes(parts: Openid4vciParts): Routes {
  const { offers, requireOperator } = parts;
  return async (app) => {
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
      oauth.addContentTypeParser(
        ENCRYPTED,
        { parseAs: 'string' },
        async (_request: FastifyRequest, body: string) => body,
      );
      offerRoutes(oauth, parts);
      credentialRoutes(oauth, parts);
      notificationRoute(oauth, parts);
    });
  };
}

function offerRoutes(app: Parameters<Routes>[0], { offers, nonces }: Openid4vciParts): void {
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
      schema: { summary: 'A fresh nonce for key proofs', tags, response: { 200: z.object({ c_nonce: z.string() }) } },
    },
    async () => nonces.giveNonce(),
  );
}

function credentialRoutes(app: Parameters<Routes>[0], { publicUrl, delivery }: Openid4vciParts): void {
  const schema = {
    tags,
    consumes: ['application/json', ENCRYPTED],
    response: { 200: z.string(), 202: z.string(), ...refusals },
  };
  app.post(
    issuerPaths.credential,
    {
      ...open,
      schema: { ...schema, summary: 'Issue what was granted to the keys that are proved, or say when to come back' },
    },
    async (request, reply) =>
      sent(reply, await delivery.deliverCredential(protocolRequest(request, publicUrl), body(request))),
  );
  app.post(
    issuerPaths.deferred,
    { ...open, schema: { ...schema, summary: 'Fetch what was asked for earlier' } },
    async (request, reply) =>
      sent(reply, await delivery.deliverDeferred(protocolRequest(request, publicUrl), body(request))),
  );
}

/** Only the body's own media type says whether it is encrypted. Source: OpenID4VCI 1.0, 10. */
function body(request: FastifyRequest): SentBody {
  const isJwe = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === ENCRYPTED;
  return isJwe ? { jwe: String(request.body) } : { json: request.body };
}

function sent(reply: FastifyReply, { status, text, encrypted, dpopNonce }: DeliveryAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(nonceHeaders(dpopNonce))
    .type(encrypted ? ENCRYPTED : 'application/json')
    .send(text);
}

function notificationRoute(app: Parameters<Routes>[0], { publicUrl, notifications }: Openid4vciParts): void {
  app.post(
    issuerPaths.notification,
    {
      ...open,
      schema: { summary: 'What became of credentials in the wallet', tags, response: { 204: z.null(), ...refusals } },
    },
    async (request, reply) => {
      const { dpopNonce } = await notifications.recordNotification(protocolRequest(request, publicUrl), request.body);
      return reply.code(204).headers(nonceHeaders(dpopNonce)).send(null);
    },
  );
}

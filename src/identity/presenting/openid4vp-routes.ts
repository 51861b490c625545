// The verifier's HTTP side for wallets: OpenID4VP 1.0 with signed request objects and `direct_post`.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { oauthErrorSchema, speakOauth } from '../oauth-endpoint-routes.ts';
import type { PresentationAnswerService } from './receive-presentation-service.ts';
import { verifierPaths } from './request-object.ts';
import type { PresentationRequestService } from './request-presentation-service.ts';

const tags = ['OpenID4VP'];
const open = { config: { openToPages: true } };
const params = z.object({ handle: z.string().regex(/^[\w-]{43}$/) });
const requestObjectType = 'application/oauth-authz-req+jwt';
const walletNonce_chars = 200;

export function openid4vpRoutes(parts: {
  requests: PresentationRequestService;
  answers: PresentationAnswerService;
}): Routes {
  const { requests, answers } = parts;
  return async (app) => {
    speakOauth(app);
    const response = {
      200: z.string().describe(`A signed request object, ${requestObjectType}`),
      404: oauthErrorSchema,
    };
    app.get(
      `${verifierPaths.requests}/:handle`,
      { ...open, schema: { summary: 'A presentation request, signed', tags, params, response } },
      async (request, reply) => reply.type(requestObjectType).send(await requests.requestObject(request.params.handle)),
    );
    app.post(
      `${verifierPaths.requests}/:handle`,
      {
        ...open,
        schema: {
          summary: 'A presentation request, signed over a nonce of the wallet',
          tags,
          params,
          consumes: ['application/x-www-form-urlencoded'],
          body: z.looseObject({ wallet_nonce: z.string().max(walletNonce_chars).optional() }).nullish(),
          response,
        },
      },
      async (request, reply) =>
        reply
          .type(requestObjectType)
          .send(await requests.requestObject(request.params.handle, request.body?.wallet_nonce)),
    );
    app.post(
      `${verifierPaths.responses}/:handle`,
      {
        ...open,
        schema: {
          summary: "A wallet's answer to a presentation request (direct_post)",
          tags,
          params,
          consumes: ['application/x-www-form-urlencoded'],
          body: z.record(z.string(), z.string()),
          response: { 200: z.object({ redirect_uri: z.string().optional() }), 400: oauthErrorSchema },
        },
      },
      async (request) => answers.receiveAnswer(request.params.handle, request.body),
    );
  };
}

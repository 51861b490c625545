// The verifier's HTTP side for wallets: OpenID4VP 1.0 with request objects by reference, `direct_post(.jwt)`, and the answers
// that pages bring from the Digital Credentials API.
import { zWalletMetadata } from '@openid4vc/openid4vp';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem } from '../../platform/problem.ts';
import { oauthErrorSchema, speakOauth } from '../oauth-endpoint-routes.ts';
import type { PresentationAnswerService } from './receive-presentation-service.ts';
import { verifierPaths } from './request-object.ts';
import type { PresentationRequestService } from './request-presentation-service.ts';

const tags = ['OpenID4VP'];
const open = { config: { openToPages: true } };
const params = z.object({ handle: z.string().regex(/^[\w-]{43}$/) });
const requestObjectType = 'application/oauth-authz-req+jwt';
const walletLimits = { nonce_chars: 200, metadata_chars: 20_000 } as const;

export function openid4vpRoutes(parts: {
  requests: Pick<PresentationRequestService, 'requestObject'>;
  answers: PresentationAnswerService;
  /** The signed list of who may ask. */
  verifierList(): Promise<string>;
}): Routes {
  const { requests, answers, verifierList } = parts;
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
          body: z
            .looseObject({
              wallet_nonce: z.string().max(walletLimits.nonce_chars).optional(),
              wallet_metadata: z.string().max(walletLimits.metadata_chars).optional(),
            })
            .nullish(),
          response,
        },
      },
      async (request, reply) => {
        const { wallet_nonce: nonce, wallet_metadata: metadata } = request.body ?? {};
        const wallet = { nonce, encodings: metadata === undefined ? undefined : encodingsIn(metadata) };
        return reply.type(requestObjectType).send(await requests.requestObject(request.params.handle, wallet));
      },
    );
    app.post(
      `${verifierPaths.responses}/:handle`,
      {
        ...open,
        schema: {
          summary:
            "A wallet's answer (direct_post, direct_post.jwt), or as JSON what a browser gave the page that asked",
          tags,
          params,
          consumes: ['application/x-www-form-urlencoded', 'application/json'],
          body: z.record(z.string(), z.unknown()),
          response: { 200: z.object({ redirect_uri: z.string().optional() }), 400: oauthErrorSchema },
        },
      },
      async (request) => {
        const byPage = request.headers['content-type']?.startsWith('application/json') === true;
        return answers.receiveAnswer(request.params.handle, request.body, byPage ? 'page' : 'wallet');
      },
    );
    app.get(
      verifierPaths.verifiers,
      {
        ...open,
        schema: {
          summary: "Who may ask for what, signed with the key of this service's DID",
          tags,
          response: { 200: z.string().describe('A JWT') },
        },
      },
      async (_request, reply) => reply.type('application/jwt').send(await verifierList()),
    );
  };
}

/** The encryptions a wallet says it knows, undefined where it says nothing. @throws REQUEST_INVALID */
function encodingsIn(metadata: string): string[] | undefined {
  try {
    return zWalletMetadata.parse(JSON.parse(metadata)).authorization_encryption_enc_values_supported;
  } catch {
    throw problem('REQUEST_INVALID', 'wallet_metadata: must be the metadata of a wallet, as JSON');
  }
}

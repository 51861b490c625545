// The authorization endpoint in a person's browser: to the city's provider, back from it, and on to the wallet.
import type { FastifyError, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { OauthRefusal } from '../oauth-refusal.ts';
import { authorizationPage } from './authorization-page.ts';
import { authorizationLimits } from './authorization-request.ts';
import { authorizationPaths } from './authorization-server-metadata.ts';
import type { PersonAuthorization } from './authorize-person-service.ts';

const tags = ['OpenID4VCI'];
const cookieName = 'naru_wallet_sign_in';

export function authorizePersonRoutes({
  people,
  publicUrl,
}: {
  people: PersonAuthorization;
  publicUrl: string;
}): Routes {
  const cookie = {
    path: authorizationPaths.providerReturn,
    httpOnly: true,
    // The person comes back from another site by a link.
    sameSite: 'lax',
    secure: publicUrl.startsWith('https:'),
    maxAge: authorizationLimits.signInLifetime_s,
  } as const;
  return async (app) => {
    app.setErrorHandler((error: FastifyError | OauthRefusal, request, reply) => {
      const status = error instanceof OauthRefusal ? error.status : (error.statusCode ?? 500);
      if (status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'signing in failed');
      return page(reply, status);
    });
    app.addHook('onSend', async (_request, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    });
    app.get(
      authorizationPaths.authorize,
      {
        schema: {
          summary: "Send a person to the city's provider, for a request that was pushed before",
          tags,
          // Source: RFC 6749, appendix A.1.
          querystring: z.looseObject({ client_id: z.string().regex(/^[\x20-\x7e]+$/), request_uri: z.string() }),
        },
      },
      async (request, reply) => {
        const { client_id: clientId, request_uri: requestUri } = request.query;
        const { location, browserSecret } = await people.beginSignIn(clientId, requestUri);
        return reply.setCookie(cookieName, browserSecret, cookie).redirect(location, 303);
      },
    );
    app.get(
      authorizationPaths.providerReturn,
      { schema: { summary: "Where the city's provider sends people back to", tags } },
      async (request, reply) => {
        const currentUrl = new URL(publicUrl + request.originalUrl);
        const location = await people.completeSignIn(currentUrl, request.cookies[cookieName]);
        return reply.clearCookie(cookieName, { path: cookie.path }).redirect(location, 303);
      },
    );
  };
}

function page(reply: FastifyReply, status: number): FastifyReply {
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(authorizationPage(status < 500 ? 'request' : 'provider'));
}

// What the console asks for a sign-in with the wallet.
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import { cookieOptions, staffCookie, staffSignInCookie } from './cookies.ts';
import { signInLimits } from './sign-in-service.ts';
import { signInStart } from './sign-in-start.ts';
import { staffLimits } from './staff-service.ts';
import type { StaffSignInService } from './staff-sign-in-service.ts';
import { walletRequestLink } from './wallet-links.ts';

const tags = ['utility'];
const params = z.object({ request_id: z.string().min(1).max(128) });

export function staffSignInRoutes(options: {
  signIn: StaffSignInService;
  publicUrl: string;
  walletUrl: string;
}): Routes {
  const { signIn, publicUrl, walletUrl } = options;
  return async (app) => {
    app.post(
      '/api/utility/wallet-sign-in',
      signInStart('utility', 'Begin a sign-in with a staff credential, on this device or another'),
      async (request, reply) => {
        const { browserToken, ...started } = await signIn.startSignIn(request.body.mode);
        reply.setCookie(staffSignInCookie, browserToken, cookieOptions(publicUrl, signInLimits.signInLifetime_ms));
        return { ...started, wallet_link: walletRequestLink(walletUrl, started.authorization_request) };
      },
    );

    app.get(
      '/api/utility/wallet-sign-in/:request_id',
      {
        schema: {
          tags,
          summary: 'How a sign-in stands',
          params,
          response: {
            200: z.object({
              state: z.enum(['waiting', 'verified', 'refused', 'expired']),
              trace: z.array(z.record(z.string(), z.unknown())).optional(),
            }),
          },
        },
      },
      (request) => signIn.signInState(request.params.request_id, request.cookies[staffSignInCookie]) as never,
    );

    app.post(
      '/api/utility/wallet-sign-in/:request_id/complete',
      {
        schema: {
          tags,
          summary: 'End a sign-in with a session of the duty that the credential says',
          params,
          body: z.object({ response_code: z.string().min(1).max(256).optional() }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { request_id } = request.params;
        const browser = request.cookies[staffSignInCookie];
        const token = await signIn.completeSignIn(request_id, browser, request.body.response_code);
        return reply
          .setCookie(staffCookie, token, {
            ...cookieOptions(publicUrl, staffLimits.sessionLifetime_ms),
            sameSite: 'strict',
          })
          .clearCookie(staffSignInCookie, { path: '/api' })
          .code(204)
          .send(null);
      },
    );
  };
}

// What a citizen's browser may ask: sign in with the wallet, who am I, my meter, my use.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import { problem } from '../platform/problem.ts';
import type { CompareUseService } from './compare-use-service.ts';
import { citizenCookie, cookieOptions, signInCookie } from './cookies.ts';
import type { ForgetCitizenService } from './forget-citizen-service.ts';
import type { MyMeterService } from './my-meter-service.ts';
import { type SignInService, signInLimits } from './sign-in-service.ts';
import { signInStart } from './sign-in-start.ts';
import { walletRequestLink } from './wallet-links.ts';

const traceSchema = z.array(z.record(z.string(), z.unknown()));
const requestId = z.object({ request_id: z.string().min(1).max(128) });

const comparedUse = z.object({
  from: z.iso.date(),
  until: z.iso.date().describe('the first day after'),
  use_l: z.int().nullable(),
  unknown_days: z.int(),
});

export interface CitizenRoutesOptions {
  signIn: SignInService;
  myMeter: MyMeterService;
  forgetting: ForgetCitizenService;
  comparing: CompareUseService;
  publicUrl: string;
  walletUrl: string;
}

/** Who it is that a request of the portal comes from. */
export function citizenOfRequest(signIn: SignInService) {
  return (request: FastifyRequest) => signIn.requireCitizen(request.cookies[citizenCookie]);
}

export function citizenRoutes(options: CitizenRoutesOptions): Routes {
  const { signIn, myMeter, forgetting, comparing, publicUrl, walletUrl } = options;
  const citizenOf = citizenOfRequest(signIn);
  return async (app) => {
    app.post(
      '/api/portal/sign-in',
      signInStart('portal', 'Begin a sign-in with the wallet, on this device or another'),
      async (request, reply) => {
        const started = await signIn.startSignIn(request.body.mode);
        reply.setCookie(signInCookie, started.browserToken, cookieOptions(publicUrl, signInLimits.signInLifetime_ms));
        return {
          request_id: started.request_id,
          authorization_request: started.authorization_request,
          wallet_link: walletRequestLink(walletUrl, started.authorization_request),
          expires_at: started.expires_at,
        };
      },
    );

    app.get(
      '/api/portal/sign-in/:request_id',
      {
        schema: {
          tags: ['portal'],
          summary: 'How a sign-in stands',
          params: requestId,
          response: {
            200: z.object({
              state: z.enum(['waiting', 'verified', 'refused', 'expired']),
              trace: traceSchema.optional(),
            }),
          },
        },
      },
      (request) => signIn.signInState(request.params.request_id, request.cookies[signInCookie]) as never,
    );

    app.post(
      '/api/portal/sign-in/:request_id/complete',
      {
        schema: {
          tags: ['portal'],
          summary: 'End a sign-in with a session, or with the refusal and its trace',
          params: requestId,
          body: z.object({ response_code: z.string().min(1).max(256).optional() }),
          response: { 200: z.object({ state: z.literal('signed_in') }) },
        },
      },
      async (request, reply) => {
        const outcome = await signIn.completeSignIn(
          request.params.request_id,
          request.cookies[signInCookie],
          request.body.response_code,
        );
        if (!('sessionToken' in outcome)) {
          if (outcome.state !== 'refused') throw problem('PRESENTATION_NOT_READY');
          throw problem('PRESENTATION_REFUSED', undefined, { trace: outcome.trace });
        }
        reply.setCookie(citizenCookie, outcome.sessionToken, cookieOptions(publicUrl, signInLimits.sessionLifetime_ms));
        reply.clearCookie(signInCookie, { path: '/api' });
        return { state: 'signed_in' as const };
      },
    );

    app.get(
      '/api/portal/me',
      {
        schema: {
          tags: ['portal'],
          summary: 'Who is signed in, and the trace that showed it',
          response: {
            200: z.object({
              service_point: z.string(),
              role: z.string(),
              from: z.string(),
              until: z.string().nullable(),
              signed_in_at: z.string(),
              trace: traceSchema,
            }),
          },
        },
      },
      async (request) => {
        const session = await citizenOf(request);
        return {
          service_point: session.servicePoint,
          role: session.role,
          from: session.from,
          until: session.until,
          signed_in_at: session.signedInAt.toISOString(),
          trace: (await myMeter.freshTrace(session.trace)) as unknown as Record<string, unknown>[],
        };
      },
    );

    app.post(
      '/api/portal/sign-out',
      { schema: { tags: ['portal'], summary: 'End the session', response: { 204: z.null() } } },
      async (request, reply) => {
        const token = request.cookies[citizenCookie];
        if (token !== undefined) await signIn.signOutCitizen(token);
        return reply.clearCookie(citizenCookie, { path: '/api' }).code(204).send(null);
      },
    );

    app.get(
      '/api/portal/comparison',
      {
        schema: {
          tags: ['portal'],
          summary: 'My use of this month so far, beside other months and homes alike',
          response: {
            200: z.object({
              ...{ this_month: comparedUse, last_month: comparedUse, last_year: comparedUse },
              alike: z.object({ median_l: z.int(), homes: z.int() }).nullable(),
            }),
          },
        },
      },
      async (request) => comparing.compareUse(await citizenOf(request)),
    );

    app.post(
      '/api/portal/forget-me',
      {
        schema: {
          tags: ['portal'],
          summary: 'Erase what the portal knows of me; reductions of mine end today',
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await forgetting.forgetCitizen(await citizenOf(request));
        return reply.clearCookie(citizenCookie, { path: '/api' }).code(204).send(null);
      },
    );

    app.get(
      '/api/portal/meter',
      { schema: { tags: ['portal'], summary: 'My meter: register, last reading, last alarm' } },
      async (request) => myMeter.meterOf(await citizenOf(request)),
    );

    app.get(
      '/api/portal/use',
      {
        schema: {
          tags: ['portal'],
          summary: 'My use per hour or day, of the period in which the service point was mine',
          querystring: z.object({
            resolution: z.enum(['hour', 'day']),
            from: z.iso.datetime({ offset: true }),
            to: z.iso.datetime({ offset: true }),
          }),
        },
      },
      async (request) => {
        const { resolution, from, to } = request.query;
        if (Date.parse(from) >= Date.parse(to))
          throw problem('REQUEST_INVALID', 'querystring: `from` must lie before `to`');
        return myMeter.useOf(await citizenOf(request), resolution, new Date(from), new Date(to));
      },
    );
  };
}

// What a clerk's browser may ask: sign in by link, make an offer for a service point, list and revoke its credentials.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import { cookieOptions, staffCookie } from './cookies.ts';
import type { OfferService } from './offer-service.ts';
import { type StaffService, staffLimits } from './staff-service.ts';
import { tokenHash } from './tokens.ts';

export interface StaffRoutesOptions {
  staff: StaffService;
  offers: OfferService;
  publicUrl: string;
  walletUrl: string;
}

/** A guard for routes of the console, for any room that has such routes. */
export function staffGuard(staff: StaffService) {
  return (request: FastifyRequest): Promise<void> => staff.requireStaff(request.cookies[staffCookie]);
}

/** Who acts, for the audit of any room: the hash of the staff session that a request came with; null without one. */
export function staffActor(request: FastifyRequest): Buffer | null {
  const token = request.cookies[staffCookie];
  return token === undefined ? null : tokenHash(token);
}

const servicePoint = z.object({ id: z.string().min(1).max(64) });
const day = z.iso.date();

export function staffRoutes({ staff, offers, publicUrl, walletUrl }: StaffRoutesOptions): Routes {
  const guard = staffGuard(staff);
  return async (app) => {
    app.post(
      '/api/utility/sign-in',
      {
        config: { rateLimit: { max: 10, timeWindow: 60_000 } },
        schema: {
          tags: ['utility'],
          summary: 'Trade the link an administrator gave for a session',
          body: z.object({ token: z.string().min(1).max(256) }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const token = await staff.signInStaff(request.body.token);
        return reply
          .setCookie(staffCookie, token, {
            ...cookieOptions(publicUrl, staffLimits.sessionLifetime_ms),
            sameSite: 'strict',
          })
          .code(204)
          .send(null);
      },
    );
    app.post(
      '/api/utility/sign-out',
      { schema: { tags: ['utility'], summary: 'End the session', response: { 204: z.null() } } },
      async (request, reply) => {
        const token = request.cookies[staffCookie];
        if (token !== undefined) await staff.signOutStaff(token);
        return reply.clearCookie(staffCookie, { path: '/api' }).code(204).send(null);
      },
    );

    const guardedRoutes: Routes = async (guarded) => {
      guarded.addHook('preHandler', guard);

      guarded.get(
        '/api/utility/me',
        {
          schema: {
            tags: ['utility'],
            summary: 'Whether a clerk is signed in',
            response: { 200: z.object({ role: z.literal('clerk') }) },
          },
        },
        async () => ({ role: 'clerk' as const }),
      );

      guarded.post(
        '/api/utility/service-points/:id/offers',
        {
          schema: {
            tags: ['utility'],
            summary: 'Offer a water account credential for a service point',
            params: servicePoint,
            body: z.object({
              type: z.literal('water-account'),
              claims: z.object({ role: z.enum(['owner', 'occupant']), from: day, until: day.optional() }),
            }),
            response: {
              201: z.object({
                offer_id: z.string(),
                offer_uri: z.string(),
                wallet_link: z.string(),
                tx_code: z.string(),
                expires_at: z.string(),
              }),
            },
          },
        },
        async (request, reply) => {
          const offer = await offers.offerWaterAccount(
            request.cookies[staffCookie] ?? '',
            request.params.id,
            request.body.claims,
          );
          return reply.code(201).send({
            ...offer,
            wallet_link: `${walletUrl}/#/offer?uri=${encodeURIComponent(offer.offer_uri)}`,
          });
        },
      );

      guarded.get(
        '/api/utility/service-points/:id/credentials',
        {
          schema: {
            tags: ['utility'],
            summary: 'Credentials issued for a service point',
            params: servicePoint,
            response: {
              200: z.object({
                credentials: z.array(
                  z.object({
                    id: z.string(),
                    type: z.string(),
                    issued_at: z.string(),
                    state: z.enum(['valid', 'suspended', 'revoked']),
                    revoked_at: z.string().nullable(),
                    reason: z.string().nullable(),
                  }),
                ),
              }),
            },
          },
        },
        async (request) => ({ credentials: await offers.credentialsOf(request.params.id) }),
      );

      guarded.post(
        '/api/utility/credentials/:id/revoke',
        {
          schema: {
            tags: ['utility'],
            summary: 'Revoke a credential',
            params: z.object({ id: z.string().min(1).max(128) }),
            body: z.object({ reason: z.string().trim().min(1).max(200) }),
            response: { 204: z.null() },
          },
        },
        async (request, reply) => {
          await offers.revoke(request.cookies[staffCookie] ?? '', request.params.id, request.body.reason);
          return reply.code(204).send(null);
        },
      );
    };
    await app.register(guardedRoutes);
  };
}

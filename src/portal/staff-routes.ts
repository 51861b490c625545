// What a clerk's browser may ask: sign in by link or wallet, make an offer for a service point, list its credentials.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import type { Staff } from './actor.ts';
import { cookieOptions, staffCookie } from './cookies.ts';
import type { OfferService } from './offer-service.ts';
import { type StaffService, staffLimits } from './staff-service.ts';
import { tokenHash } from './tokens.ts';
import { walletOfferLink } from './wallet-links.ts';

export interface StaffRoutesOptions {
  staff: StaffService;
  offers: OfferService;
  publicUrl: string;
  walletUrl: string;
}

/** A guard for routes of the console, for any room that has such routes. */
export function staffGuard(staff: StaffService) {
  return async (request: FastifyRequest): Promise<void> => {
    await staff.requireStaff(request.cookies[staffCookie]);
  };
}

/** Who it is that a request of the console comes from. */
export function staffOfRequest(staff: StaffService) {
  return (request: FastifyRequest): Promise<Staff> => staff.requireStaff(request.cookies[staffCookie]);
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
  const staffOf = staffOfRequest(staff);
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
            summary: 'Who is signed in: duty, and zones where it is not for every one',
            response: { 200: z.object({ role: z.literal('clerk'), duty: z.string(), zones: z.array(z.string()) }) },
          },
        },
        async (request) => {
          const { duty, zones } = await staffOf(request);
          return { role: 'clerk' as const, duty, zones };
        },
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
          const offer = await offers.offerWaterAccount(await staffOf(request), request.params.id, request.body.claims);
          return reply.code(201).send({
            ...offer,
            wallet_link: walletOfferLink(walletUrl, offer.offer_uri),
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
    };
    await app.register(guardedRoutes);
  };
}

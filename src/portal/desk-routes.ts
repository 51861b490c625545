// What the pages of the issuing desk ask: forms, offers, credentials and what becomes of them.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { walletEvents } from '../identity/credentials/wallet-event.ts';
import type { Routes } from '../platform/http/http-server.ts';
import type { Actor } from './actor.ts';
import type { DeskService } from './desk-service.ts';
import { walletOfferLink } from './wallet-links.ts';

const tags = ['utility'];
const PAGE_most = 100;

const bilingual = z.object({ ko: z.string(), en: z.string() });
const reference = z
  .string()
  .trim()
  .regex(/^[\w.:/-]{1,64}$/, 'must be up to 64 of A-Z a-z 0-9 _ . : / -');
const reason = z.string().trim().min(1).max(200);
/** Of a credential of any kind, by the id of its record. */
const credentialId = z.object({ id: z.string().min(1).max(128) });
const state = z.enum(['valid', 'suspended', 'revoked']);
const claims = z.record(z.string().max(64), z.unknown());
const uuid = z.object({ id: z.uuid() });
/** An instant and an id: where the last page ended. */
const cursor = z
  .string()
  .regex(/^\d{4}-[\dT:.-]{10,20}Z~[0-9a-f-]{36}$/)
  .transform((text) => text.split('~') as [string, string])
  .optional();
const page = z.object({ cursor, limit: z.coerce.number().int().min(1).max(PAGE_most).default(50) });
const madeOffer = z.object({
  offer_id: z.string(),
  offer_uri: z.string(),
  wallet_link: z.string(),
  tx_code: z.string(),
  expires_at: z.string(),
});
const form = z.object({
  type: z.string(),
  name: bilingual,
  description: bilingual,
  reference_claim: z.string().nullable(),
  fields: z.array(
    z.object({
      name: z.string(),
      label: bilingual,
      kind: z.enum(['text', 'date', 'choice', 'number', 'list', 'yes_no']),
      required: z.boolean(),
      rule: bilingual,
      hint: bilingual.nullable(),
      options: z.array(z.object({ value: z.string(), label: bilingual })),
      longest_chars: z.number().nullable(),
      least: z.number().nullable(),
      most: z.number().nullable(),
    }),
  ),
  derived: z.array(bilingual),
});

export interface DeskRoutesOptions {
  desk: DeskService;
  /** Throws NOT_SIGNED_IN, CREDENTIAL_REVOKED. */
  staffOf(request: FastifyRequest): Promise<Actor>;
  walletUrl: string;
}

export function deskRoutes({ desk, staffOf, walletUrl }: DeskRoutesOptions): Routes {
  return async (app) => {
    app.get(
      '/api/utility/desk/types',
      {
        schema: {
          tags,
          summary: 'What this clerk may offer, as forms',
          response: { 200: z.object({ types: z.array(form) }) },
        },
      },
      async (request) => ({ types: desk.forms(await staffOf(request)) }),
    );

    app.post(
      '/api/utility/desk/offers',
      {
        schema: {
          tags,
          summary: 'Offer a credential of any type that is this clerk’s; CLAIMS_INVALID lists what is wrong by claim',
          body: z.object({
            type: z.string().max(64),
            claims,
            reference: reference.optional(),
            /** Whether a second person must approve it before anything is issued. */
            needs_approval: z.boolean().optional(),
          }),
          response: { 201: madeOffer },
        },
      },
      async (request, reply) => {
        const offer = await desk.offer(await staffOf(request), request.body);
        return reply.code(201).send({ ...offer, wallet_link: walletOfferLink(walletUrl, offer.offer_uri) });
      },
    );

    app.get(
      '/api/utility/desk/offers',
      {
        schema: {
          tags,
          summary: 'Offers that nobody has taken yet',
          querystring: page,
          response: {
            200: z.object({
              offers: z.array(
                z.object({
                  id: z.string(),
                  type: z.string(),
                  reference: z.string(),
                  expires_at: z.string(),
                  tries_left: z.int(),
                  import_id: z.string().nullable(),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { cursor: from, limit } = request.query;
        const after = from ? { expiresAt: from[0], id: from[1] } : null;
        const offers = await desk.offers(await staffOf(request), after, limit);
        const last = offers.at(-1);
        return { offers, next_cursor: last && offers.length === limit ? `${last.expires_at}~${last.id}` : null };
      },
    );

    app.post(
      '/api/utility/desk/offers/:id/withdraw',
      { schema: { tags, summary: 'End an offer that nobody took', params: uuid, response: { 204: z.null() } } },
      async (request, reply) => {
        await desk.withdrawOffer(await staffOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/api/utility/desk/credentials',
      {
        schema: {
          tags,
          summary: 'Credentials that were issued, of this clerk’s types, the newest first',
          querystring: page.extend({
            reference: z.string().max(200).optional(),
            state: state.optional(),
          }),
          response: {
            200: z.object({
              credentials: z.array(
                z.object({
                  id: z.string(),
                  type: z.string(),
                  reference: z.string().nullable(),
                  issued_at: z.string(),
                  state,
                  reason: z.string().nullable(),
                  wallet: z.object({ event: z.enum(walletEvents), at: z.string() }).nullable(),
                }),
              ),
              next_cursor: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { cursor: from, limit, reference: filed, state: wanted } = request.query;
        const after = from ? { issuedAt: from[0], id: from[1] } : null;
        const filter = { reference: filed ?? null, state: wanted ?? null };
        const credentials = await desk.credentials(await staffOf(request), filter, after, limit);
        const last = credentials.at(-1);
        const next_cursor = last && credentials.length === limit ? `${last.issued_at}~${last.id}` : null;
        return { credentials, next_cursor };
      },
    );

    app.post(
      '/api/utility/credentials/:id/revoke',
      {
        schema: {
          tags,
          summary: 'Revoke a credential, for good',
          params: credentialId,
          body: z.object({ reason }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await desk.revoke(await staffOf(request), request.params.id, request.body.reason);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/credentials/:id/suspend',
      {
        schema: {
          tags,
          summary: 'Suspend a credential until it is resumed',
          params: credentialId,
          body: z.object({ reason }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await desk.suspend(await staffOf(request), request.params.id, request.body.reason);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/credentials/:id/resume',
      {
        schema: {
          tags,
          summary: 'End the suspension of a credential',
          params: credentialId,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await desk.resume(await staffOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/api/utility/desk/reissue',
      {
        schema: {
          tags,
          summary: 'After a loss: revoke the old credentials and offer a new one, both or neither',
          body: z.object({ credentials: z.array(z.uuid()).min(1).max(100), reason, claims }),
          response: { 201: madeOffer },
        },
      },
      async (request, reply) => {
        const offer = await desk.reissue(await staffOf(request), request.body);
        return reply.code(201).send({ ...offer, wallet_link: walletOfferLink(walletUrl, offer.offer_uri) });
      },
    );
  };
}

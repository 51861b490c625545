// What a citizen's browser may ask about being watched over, and what goes on at their place that they should know.
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import type { citizenOfRequest } from './citizen-routes.ts';
import { type ConsentService, consentLimits } from './consent-service.ts';
import type { MyNotices } from './my-notices-service.ts';

const tags = ['portal'];
const day = z.iso.date();
const text = z.object({ ko: z.string(), en: z.string() });
const contact = z.object({ email: z.email().max(254), called: z.string().trim().min(1).max(40) });
const consentAnswer = z.object({
  can_tell: z.boolean(),
  consent: z
    .object({
      given_at: z.iso.datetime(),
      contacts: z.array(contact),
      away: z.array(z.object({ id: z.string(), from: day, until: day })),
    })
    .nullable(),
});

export interface ConsentRoutesOptions {
  consents: ConsentService;
  notices: MyNotices;
  /** Throws NOT_SIGNED_IN, CREDENTIAL_REVOKED. */
  citizenOf: ReturnType<typeof citizenOfRequest>;
}

export function consentRoutes({ consents, notices, citizenOf }: ConsentRoutesOptions): Routes {
  const answer = async (
    session: Awaited<ReturnType<ConsentRoutesOptions['citizenOf']>>,
  ): Promise<z.infer<typeof consentAnswer>> => {
    const { canTell, consent } = await consents.readConsent(session);
    if (consent === null) return { can_tell: canTell, consent };
    const { givenAt, contacts, away } = consent;
    return { can_tell: canTell, consent: { given_at: givenAt.toISOString(), contacts, away } };
  };
  return async (app) => {
    app.get(
      '/api/portal/notices',
      {
        schema: {
          tags,
          summary: 'Leaks and the like at my place, of the time in which it is mine',
          response: {
            200: z.object({
              notices: z.array(
                z.object({
                  kind: z.string(),
                  label: text,
                  advice: text,
                  began_at: z.iso.datetime(),
                  ended_at: z.iso.datetime().nullable(),
                }),
              ),
            }),
          },
        },
      },
      async (request) => ({ notices: await notices.noticesOf(await citizenOf(request)) }),
    );

    app.get(
      '/api/portal/consent',
      { schema: { tags, summary: 'Whether I am watched over, and who is told', response: { 200: consentAnswer } } },
      async (request) => answer(await citizenOf(request)),
    );

    app.post(
      '/api/portal/consent',
      {
        schema: {
          tags,
          summary: 'Consent to be watched over, or change who is told',
          body: z.object({ contacts: z.array(contact).min(1).max(consentLimits.contacts) }),
          response: { 200: consentAnswer },
        },
      },
      async (request) => {
        const session = await citizenOf(request);
        const contacts = new Map(request.body.contacts.map((each) => [each.email.toLowerCase(), each]));
        await consents.giveConsent(session, [...contacts.values()]);
        return answer(session);
      },
    );

    app.post(
      '/api/portal/consent/withdraw',
      { schema: { tags, summary: 'Withdraw the consent; the contacts are deleted', response: { 200: consentAnswer } } },
      async (request) => {
        const session = await citizenOf(request);
        await consents.withdrawConsent(session);
        return answer(session);
      },
    );

    app.post(
      '/api/portal/consent/away',
      {
        schema: {
          tags,
          summary: 'I am away: nobody is told meanwhile',
          body: z.object({ from: day, until: day }),
          response: { 200: consentAnswer },
        },
      },
      async (request) => {
        const session = await citizenOf(request);
        await consents.setAway(session, request.body.from, request.body.until);
        return answer(session);
      },
    );

    app.post(
      '/api/portal/consent/away/:id/end',
      { schema: { tags, summary: 'I am back', params: z.object({ id: z.uuid() }), response: { 200: consentAnswer } } },
      async (request) => {
        const session = await citizenOf(request);
        await consents.endAway(session, request.params.id);
        return answer(session);
      },
    );
  };
}

// The way in for a verifier's own programs, such as a library's counter: ask with its token, see how it stands, collect once.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import type { VerifierService } from '../trust/verifier-service.ts';
import { askedFormats, clientPrefixes, type PresentationRequests, presentationLimits } from './presentation-request.ts';
import { traceText } from './trace-words.ts';
import type { TraceStep } from './verdict.ts';

const tags = ['verifier'];
const params = z.object({ request: z.uuid() });
const text = (most_chars: number) => z.string().min(1).max(most_chars);
const bilingual = (most_chars: number) => z.strictObject({ ko: text(most_chars), en: text(most_chars) });
const PURPOSE_chars = 300;
const NAME_chars = 64;
const VALUE_chars = 200;

const claim = z.strictObject({
  name: text(NAME_chars),
  optional: z.boolean().optional(),
  values: z
    .array(z.union([text(VALUE_chars), z.number(), z.boolean()]))
    .min(1)
    .max(presentationLimits.claimValues)
    .optional(),
});

const wanted = {
  credentials: z
    .array(
      z.strictObject({
        id: text(NAME_chars).optional(),
        type: text(NAME_chars),
        format: z.enum(askedFormats).optional(),
        claims: z.array(claim).min(1),
        multiple: z.boolean().optional(),
        trusted_authorities: z
          .array(
            z.strictObject({
              type: text(NAME_chars),
              values: z.array(text(VALUE_chars)).min(1).max(presentationLimits.authorityValues),
            }),
          )
          .min(1)
          .max(presentationLimits.authorities)
          .optional(),
      }),
    )
    .min(1)
    .max(presentationLimits.credentials),
  sets: z
    .array(
      z.strictObject({
        options: z
          .array(z.array(text(NAME_chars)).min(1))
          .min(1)
          .max(presentationLimits.optionsOfSet),
        required: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(presentationLimits.sets)
    .optional(),
  purpose: bilingual(PURPOSE_chars).optional(),
  transactions: z
    .array(
      z.strictObject({
        title: bilingual(presentationLimits.transaction_chars),
        text: bilingual(presentationLimits.transaction_chars),
        credential: text(NAME_chars).optional(),
      }),
    )
    .max(presentationLimits.transactions)
    .optional(),
  encrypted: z.boolean().optional(),
};

const order = z.strictObject({
  ...wanted,
  mode: z.enum(['same_device', 'cross_device']),
  return_url: text(presentationLimits.returnUrl_chars).optional(),
  client: z.enum(clientPrefixes).exclude(['origin']).optional(),
});

const browserOrder = z.strictObject({ ...wanted, origin: z.url(), signed: z.boolean().optional() });

const created = { request_id: z.string(), expires_at: z.string() };
const traced = {
  query_id: z.string(),
  type: z.string().nullable(),
  verified: z.boolean(),
  trace: z.array(z.record(z.string(), z.unknown())),
  trace_text: z.object({ ko: z.string(), en: z.string() }),
};

export function verifierRoutes(parts: {
  verifiers: Pick<VerifierService, 'verifierOfToken'>;
  requests: PresentationRequests;
}): Routes {
  const { verifiers, requests } = parts;
  const asking = async (request: FastifyRequest): Promise<string> => {
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    return (await verifiers.verifierOfToken(scheme?.toLowerCase() === 'bearer' ? token : undefined)).id;
  };
  return async (app) => {
    app.post(
      '/api/verifier/requests',
      {
        schema: {
          tags,
          summary: 'Ask a wallet, on this device or another',
          body: order,
          response: { 200: z.object({ ...created, authorization_request: z.string() }) },
        },
      },
      async (request) => requests.createPresentationRequest({ ...request.body, verifier: await asking(request) }),
    );
    app.post(
      '/api/verifier/browser-requests',
      {
        schema: {
          tags,
          summary: "Ask through the browser's Digital Credentials API",
          body: browserOrder,
          response: {
            200: z.object({
              ...created,
              digital_credential_request: z.object({
                protocol: z.string(),
                data: z.record(z.string(), z.unknown()),
              }),
              response_uri: z.string(),
            }),
          },
        },
      },
      async (request) => requests.createBrowserRequest({ ...request.body, verifier: await asking(request) }),
    );
    app.get(
      '/api/verifier/requests/:request',
      {
        schema: {
          tags,
          summary: 'How a request stands, with the traces and without the claims',
          params,
          response: {
            200: z.object({
              state: z.enum(['waiting', 'verified', 'refused', 'expired']),
              mode: z.string(),
              credentials: z.array(z.object(traced)).optional(),
            }),
          },
        },
      },
      async (request) => {
        const { credentials, ...state } = await requests.presentationState(
          request.params.request,
          await asking(request),
        );
        return { ...state, ...(credentials !== undefined && { credentials: credentials.map(withText) }) };
      },
    );
    app.post(
      '/api/verifier/requests/:request/collect',
      {
        schema: {
          tags,
          summary: 'The verdict with its claims, once; they are erased here by this call',
          params,
          body: z.strictObject({ response_code: text(PURPOSE_chars).optional() }).nullish(),
          response: {
            200: z.object({
              verified: z.boolean(),
              credentials: z.array(
                z.object({ ...traced, claims: z.record(z.string(), z.unknown()), holder: z.string().nullable() }),
              ),
            }),
          },
        },
      },
      async (request) => {
        const code = request.body?.response_code;
        const outcome = await requests.collectPresentation(request.params.request, await asking(request), code);
        return {
          verified: outcome.verified,
          credentials: outcome.credentials.map(({ holder_thumbprint: holder, credential_id: _own, ...each }) => ({
            ...withText(each),
            claims: each.claims,
            holder,
          })),
        };
      },
    );
  };
}

function withText<T extends { trace: TraceStep[] }>(of: T) {
  return {
    ...of,
    trace: of.trace as unknown as Record<string, unknown>[],
    trace_text: traceText(of.trace),
  };
}

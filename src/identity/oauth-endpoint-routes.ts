// What the OAuth endpoints of OpenID4VCI and OpenID4VP have in common: form bodies, error answers as their specifications
// have them instead of problem+json, and nothing kept in caches.
import { Oauth2ErrorCodes, Oauth2ServerErrorResponseError } from '@openid4vc/oauth2';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Problem } from '../platform/problem.ts';
import { OauthRefusal } from './oauth-refusal.ts';

export const oauthErrorSchema = z
  .object({ error: z.string(), error_description: z.string().optional() })
  .describe('Error answer of OAuth 2.0, RFC 6749 section 5.2');

/** What `error_description` may not hold. Source: RFC 6749 section 5.2. */
const notInDescriptions = /[^\x20\x21\x23-\x5b\x5d-\x7e]+/g;

/** Form fields, each at most once. Source: RFC 6749 section 3.2: parameters must not be included more than once. */
function formFields(body: string): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (fields.has(name)) throw oauthRefusal(Oauth2ErrorCodes.InvalidRequest, 'A parameter appears more than once.');
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

/** Makes `app`, an encapsulated plugin, speak OAuth. */
export function speakOauth(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => formFields(body),
  );
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    // A wallet in a page reads them across origins.
    reply.header('access-control-expose-headers', 'DPoP-Nonce, OAuth-Client-Attestation-Challenge, WWW-Authenticate');
  });
  app.setErrorHandler((error: FastifyError | Problem | Oauth2ServerErrorResponseError, request, reply) => {
    const refusal = asOauthRefusal(error);
    if (refusal.status >= 500) {
      request.log.error({ code: 'INTERNAL', err: error, route: request.routeOptions.url }, 'request failed');
    }
    if (refusal.status === 401) reply.header('www-authenticate', `Bearer error="${refusal.errorResponse.error}"`);
    if (error instanceof OauthRefusal) reply.headers({ ...error.headers });
    const { error: code, error_description: description } = refusal.errorResponse;
    return reply
      .code(refusal.status)
      .type('application/json')
      .send(JSON.stringify({ error: code, error_description: description?.replace(notInDescriptions, ' ') }));
  });
}

const protocolHeaders = ['authorization', 'dpop', 'oauth-client-attestation', 'oauth-client-attestation-pop'];

/** As much of a request as says who sent it; its URL as the wallet addressed it, whatever proxy stands before us. */
export function protocolRequest(request: FastifyRequest, publicUrl: string) {
  const headers = new Headers();
  for (const name of protocolHeaders) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return { headers, method: request.method, url: publicUrl + request.originalUrl };
}

/** What goes beside an answer to a request with a DPoP proof. Source: RFC 9449, 8.2. */
export function nonceHeaders(dpopNonce: string | null): Record<string, string> {
  return dpopNonce === null ? {} : { 'dpop-nonce': dpopNonce };
}

function oauthRefusal(error: Oauth2ErrorCodes, error_description: string): Oauth2ServerErrorResponseError {
  return new Oauth2ServerErrorResponseError({ error, error_description }, { status: 400 });
}

function asOauthRefusal(error: FastifyError | Problem | Oauth2ServerErrorResponseError): {
  status: number;
  errorResponse: { error: string; error_description?: string | undefined };
} {
  if (error instanceof Oauth2ServerErrorResponseError) {
    return { status: error.status ?? 400, errorResponse: error.errorResponse };
  }
  const status = error instanceof Problem ? error.status : (error.statusCode ?? 500);
  if (status === 429) return answer(429, 'temporarily_unavailable', 'Too many requests; wait a minute.');
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validation[0]?.instancePath ?? '';
    return answer(400, Oauth2ErrorCodes.InvalidRequest, `The request${where} does not have the right form.`);
  }
  if (error instanceof Problem && status < 500) return answer(status, Oauth2ErrorCodes.InvalidRequest, error.detail);
  if (status < 500) return answer(status, Oauth2ErrorCodes.InvalidRequest, 'The request does not have the right form.');
  return answer(500, Oauth2ErrorCodes.ServerError, 'Something went wrong on our side; it has been logged.');
}

function answer(status: number, error: string, error_description: string) {
  return { status, errorResponse: { error, error_description } };
}

// Registered verifiers over HTTP, for the operator's programs: who may ask, for what, and with which token.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { verifierIdSchema, verifierRegistrationSchema } from './registered-verifier.ts';
import type { VerifierService } from './verifier-service.ts';

const tags = ['verifiers'];
const params = z.object({ verifier: verifierIdSchema });
const listed = verifierRegistrationSchema.extend({
  id: z.string(),
  return_origins: z.array(z.string()),
  has_token: z.boolean(),
});

export function verifierRegistrationRoutes(parts: {
  verifiers: VerifierService;
  requireOperator: preHandlerAsyncHookHandler;
}): Routes {
  const { verifiers, requireOperator } = parts;
  return async (app) => {
    app.addHook('preHandler', requireOperator);
    app.get(
      '/api/verifiers',
      {
        schema: { tags, summary: 'Who may ask for what', response: { 200: z.object({ verifiers: z.array(listed) }) } },
      },
      async () => ({ verifiers: (await verifiers.listVerifiers()).map(({ ended: _ended, ...verifier }) => verifier) }),
    );
    app.put(
      '/api/verifiers/:verifier',
      {
        schema: {
          tags,
          summary: 'Register a verifier, or change what is registered',
          params,
          body: verifierRegistrationSchema,
          response: { 200: z.object({ verifier: z.string(), changed: z.boolean() }) },
        },
      },
      async ({ params: { verifier }, body }) => ({
        verifier,
        changed: await verifiers.registerVerifier(verifier, body, 'operator'),
      }),
    );
    app.post(
      '/api/verifiers/:verifier/token',
      {
        schema: {
          tags,
          summary: "A bearer token for the verifier's programs, shown once; one made before ends",
          params,
          response: { 200: z.object({ token: z.string() }) },
        },
      },
      async ({ params: { verifier } }) => ({ token: await verifiers.makeVerifierToken(verifier, 'operator') }),
    );
    app.delete(
      '/api/verifiers/:verifier',
      { schema: { tags, summary: 'End a registration', params, response: { 204: z.null() } } },
      async ({ params: { verifier } }, reply) => {
        await verifiers.endVerifier(verifier, 'operator');
        return reply.code(204).send(null);
      },
    );
  };
}

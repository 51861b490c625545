// The VC-API façade: issue and verify W3C credentials over HTTP. Source: VC API 1.0, sections 3.2 and 3.3.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem, problemDocument } from '../../platform/problem.ts';
import type { VerifyCredentialService } from '../presenting/verify-credential-service.ts';
import type { IssueCredentialService } from './issue-credential-service.ts';

const tags = ['VC-API'];

const problemSchema = z.looseObject({ title: z.string(), status: z.number(), code: z.string() });
const checksSchema = z.array(
  z.looseObject({ step: z.string(), outcome: z.enum(['passed', 'failed', 'not_checked']), reason: z.string() }),
);

export interface VcApiOptions {
  issuing: IssueCredentialService;
  verifying: VerifyCredentialService;
  /** Lets only those issue who may: throws NOT_SIGNED_IN or NOT_ALLOWED. */
  mayIssue: preHandlerAsyncHookHandler;
}

export function vcApiRoutes({ issuing, verifying, mayIssue }: VcApiOptions): Routes {
  return async (app) => {
    app.post(
      '/vc-api/credentials/issue',
      {
        preHandler: mayIssue,
        schema: {
          tags,
          summary: 'Issue a VC 2.0 with an eddsa-rdfc-2022 proof and an entry in a status list',
          body: z.object({ credential: z.looseObject({}), options: z.looseObject({}).optional() }),
          response: { 201: z.object({ verifiableCredential: z.looseObject({}) }), 400: problemSchema },
        },
      },
      async (request, reply) => {
        const { credential } = await issuing.issueW3cCredential(request.body.credential);
        if (typeof credential === 'string') throw problem('INTERNAL', 'A format of envelopes has no proof.');
        return reply.code(201).send({ verifiableCredential: credential });
      },
    );

    app.post(
      '/vc-api/credentials/verify',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'Verify a VC 2.0 with an eddsa-rdfc-2022 proof; 400 with the trace where it does not verify',
          body: z.object({ verifiableCredential: z.looseObject({}), options: z.looseObject({}).optional() }),
          response: {
            200: z.object({ verified: z.literal(true), trace: checksSchema }),
            400: problemSchema.extend({ verified: z.literal(false).optional(), trace: checksSchema.optional() }),
          },
        },
      },
      async (request, reply) => {
        const { verified, trace } = await verifying.verifyW3cCredential(request.body.verifiableCredential);
        const steps = trace.map((step) => ({ ...step }));
        if (verified) return reply.send({ verified: true as const, trace: steps });
        const failed = trace.find(({ outcome }) => outcome === 'failed');
        const refusal = problem('CREDENTIAL_REFUSED', failed?.detail.en);
        return reply
          .code(400)
          .type('application/problem+json')
          .send({ ...problemDocument(refusal), verified: false as const, trace: steps });
      },
    );
  };
}

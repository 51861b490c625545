// The VC-API façade: issue and verify W3C credentials over HTTP. Source: VC API 1.0, sections 3.2 and 3.3.
// One address serves every suite: it is named in the path or in the options, else the issuer's key decides.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem, problemDocument } from '../../platform/problem.ts';
import type { DeriveCredentialService } from '../presenting/derive-credential-service.ts';
import type { VerifyCredentialService } from '../presenting/verify-credential-service.ts';
import type { IssueCredentialService } from './issue-credential-service.ts';

const tags = ['VC-API'];
const POINTERS = 64;
const POINTER_chars = 512;
const PROBLEM_TYPE = 'application/problem+json';

const problemSchema = z.looseObject({ title: z.string(), status: z.number(), code: z.string() });
const checksSchema = z.array(
  z.looseObject({ step: z.string(), outcome: z.enum(['passed', 'failed', 'not_checked']), reason: z.string() }),
);

export interface VcApiOptions {
  issuing: IssueCredentialService;
  verifying: VerifyCredentialService;
  deriving: DeriveCredentialService;
  /** Lets only those issue who may: throws NOT_SIGNED_IN or NOT_ALLOWED. */
  mayIssue: preHandlerAsyncHookHandler;
}

/** Source: RFC 6901, section 3. */
const jsonPointer = z
  .string()
  .max(POINTER_chars)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer');

// VC API 1.0 leaves open what else is in the options: it is passed over.
const issueOptions = z.looseObject({
  cryptosuite: z.string().max(64).optional(),
  mandatoryPointers: z.array(jsonPointer).max(POINTERS).optional(),
});
const verifyOptions = z.looseObject({
  expectedProofPurpose: z.string().max(64).optional(),
  domain: z.string().max(2_048).optional(),
  challenge: z.string().max(2_048).optional(),
});
const deriveOptions = z.looseObject({
  selectivePointers: z.array(jsonPointer).max(POINTERS).default([]),
});
const suiteInPath = z.object({ cryptosuite: z.string().max(64) });

export function vcApiRoutes({ issuing, verifying, deriving, mayIssue }: VcApiOptions): Routes {
  return async (app) => {
    const issueSchema = {
      tags,
      summary: 'Issue a VC 2.0 with a proof of the suite that is named, or that the issuer has a key for',
      body: z.object({ credential: z.looseObject({}), options: issueOptions.optional() }),
      response: { 201: z.object({ verifiableCredential: z.looseObject({}) }), 400: problemSchema },
    };
    async function issue(body: z.infer<typeof issueSchema.body>, cryptosuite?: string) {
      const { credential } = await issuing.issueW3cCredential(body.credential, {
        format: body.options?.cryptosuite ?? cryptosuite,
        mandatoryPointers: body.options?.mandatoryPointers,
      });
      if (typeof credential === 'string') throw problem('CREDENTIAL_FORMAT_UNKNOWN', 'That format has no proof.');
      return { verifiableCredential: credential };
    }
    app.post('/vc-api/credentials/issue', { preHandler: mayIssue, schema: issueSchema }, async (request, reply) =>
      reply.code(201).send(await issue(request.body)),
    );
    app.post(
      '/vc-api/:cryptosuite/credentials/issue',
      { preHandler: mayIssue, schema: { ...issueSchema, params: suiteInPath } },
      async (request, reply) => reply.code(201).send(await issue(request.body, request.params.cryptosuite)),
    );

    const verifySchema = {
      tags,
      summary: 'Verify a VC 2.0 by its Data Integrity proofs; 400 with the trace where it does not verify',
      body: z.object({ verifiableCredential: z.looseObject({}), options: verifyOptions.optional() }),
      response: {
        200: z.object({ verified: z.literal(true), trace: checksSchema }),
        400: problemSchema.extend({ verified: z.literal(false).optional(), trace: checksSchema.optional() }),
      },
    };
    async function verify({ verifiableCredential, options }: z.infer<typeof verifySchema.body>, cryptosuite?: string) {
      const { verified, trace } = await verifying.verifyW3cCredential(verifiableCredential, {
        proofPurpose: options?.expectedProofPurpose,
        domain: options?.domain,
        challenge: options?.challenge,
        cryptosuite,
      });
      const steps = trace.map((step) => ({ ...step }));
      if (verified) return { verified: true as const, trace: steps };
      const failed = trace.find(({ outcome }) => outcome === 'failed');
      const refusal = problem('CREDENTIAL_REFUSED', failed?.detail.en);
      return { ...problemDocument(refusal), verified: false as const, trace: steps };
    }
    const forPages = { config: { openToPages: true } };
    app.post('/vc-api/credentials/verify', { ...forPages, schema: verifySchema }, async (request, reply) => {
      const answer = await verify(request.body);
      return answer.verified ? reply.send(answer) : reply.code(400).type(PROBLEM_TYPE).send(answer);
    });
    app.post(
      '/vc-api/:cryptosuite/credentials/verify',
      { ...forPages, schema: { ...verifySchema, params: suiteInPath } },
      async (request, reply) => {
        const answer = await verify(request.body, request.params.cryptosuite);
        return answer.verified ? reply.send(answer) : reply.code(400).type(PROBLEM_TYPE).send(answer);
      },
    );

    app.post(
      '/vc-api/credentials/derive',
      {
        ...forPages,
        schema: {
          tags,
          summary: 'Derive a credential that shows only what is selected and what is mandatory; for holders',
          body: z.object({ verifiableCredential: z.looseObject({}), options: deriveOptions.optional() }),
          response: { 201: z.object({ verifiableCredential: z.looseObject({}) }), 400: problemSchema },
        },
      },
      async (request, reply) => {
        const { verifiableCredential, options } = request.body;
        const derived = await deriving.deriveCredential(verifiableCredential, options?.selectivePointers ?? []);
        return reply.code(201).send({ verifiableCredential: derived });
      },
    );
  };
}

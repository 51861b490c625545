// The verifier's side of the VC-API, for anybody: each answer has the trace of every step. Source: VC API, 3.3.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem, problemDocument } from '../../platform/problem.ts';
import { jsonPointer, vcLimits } from '../credentials/vc-terms.ts';
import type { DeriveCredentialService } from './derive-credential-service.ts';
import { problemDetails } from './vc-problem-details.ts';
import type { TraceStep } from './verdict.ts';
import type { VcVerdict, VerifyCredentialService } from './verify-credential-service.ts';
import type { VcPresentationVerdict, VerifyVcPresentationService } from './verify-vc-presentation-service.ts';

const tags = ['VC-API'];
const PROBLEM_TYPE = 'application/problem+json';

const traceSchema = z.array(
  z.looseObject({ step: z.string(), outcome: z.enum(['passed', 'failed', 'not_checked']), reason: z.string() }),
);
const detailsSchema = z.array(z.object({ type: z.string(), title: z.string(), detail: z.string() }));
const verdictSchema = z.object({
  verified: z.boolean(),
  trace: traceSchema,
  /** The credential, or the presentation, where that was asked for and it verifies. */
  credential: z.looseObject({}).optional(),
});
const answerSchema = verdictSchema.extend({ problemDetails: detailsSchema });
const presentationSchema = z.object({
  ...{ verified: z.boolean(), trace: traceSchema, problemDetails: detailsSchema },
  credentialResults: z.array(verdictSchema),
  presentation: z.looseObject({}).optional(),
});
const refused = { title: z.string(), status: z.number(), code: z.string(), type: z.string() };
const whyNot = z.union([
  z.looseObject({ ...refused, verified: z.literal(false), trace: traceSchema, problemDetails: detailsSchema }),
  // A body that does not have the form this address takes.
  z.looseObject(refused),
]);

/** Checks that may be named. All of them are made, whatever is named: one that isn't known can't be promised. */
const check = z.enum([
  'proof',
  'credentialStatus',
  'status',
  'validity',
  'validityPeriod',
  'issuer',
  'challenge',
  'domain',
]);
const text = z.string().min(1).max(vcLimits.url_chars);
const common = { checks: z.array(check).max(vcLimits.many).nullish(), returnCredential: z.boolean().optional() };

const credentialBody = z.object({
  verifiableCredential: z.union([z.looseObject({}), z.string().max(vcLimits.envelope_chars)]),
  options: z
    .looseObject({
      ...common,
      expectedProofPurpose: text.optional(),
      challenge: text.optional(),
      domain: text.optional(),
    })
    .nullish(),
});
const deriveBody = z.object({
  verifiableCredential: z.looseObject({}),
  options: z.looseObject({ selectivePointers: z.array(jsonPointer).max(vcLimits.many).default([]) }).nullish(),
});
const suiteInPath = z.object({ cryptosuite: z.string().max(64) });
const presentationBody = z.object({
  verifiablePresentation: z.looseObject({}),
  options: z
    .looseObject({
      ...common,
      challenge: text.optional(),
      domain: text.optional(),
      returnPresentation: z.boolean().optional(),
    })
    .nullish(),
});

export interface VcApiVerifyOptions {
  credentials: VerifyCredentialService;
  presentations: VerifyVcPresentationService;
  deriving: DeriveCredentialService;
}

export function vcApiVerifyRoutes({ credentials, presentations, deriving }: VcApiVerifyOptions): Routes {
  return async (app) => {
    const verifySchema = {
      tags,
      summary: 'Verify a VC 2.0; 400 with the trace where it does not verify',
      body: credentialBody,
      response: { 200: answerSchema, 400: whyNot },
    };
    async function verify(body: z.infer<typeof credentialBody>, cryptosuite?: string) {
      const { options } = body;
      const verdict = await credentials.verifyW3cCredential(body.verifiableCredential, {
        ...{ proofPurpose: options?.expectedProofPurpose, domain: options?.domain, challenge: options?.challenge },
        cryptosuite,
      });
      const answer = resultOf(verdict, options?.returnCredential === true);
      return verdict.verified
        ? { ...answer, problemDetails: [] }
        : { ...refusal(verdict.trace), ...answer, verified: false as const };
    }
    const forPages = { config: { openToPages: true } };
    app.post('/vc-api/credentials/verify', { ...forPages, schema: verifySchema }, async (request, reply) => {
      const answer = await verify(request.body);
      return 'code' in answer ? reply.code(400).type(PROBLEM_TYPE).send(answer) : reply.send(answer);
    });
    app.post(
      '/vc-api/:cryptosuite/credentials/verify',
      { ...forPages, schema: { ...verifySchema, params: suiteInPath } },
      async (request, reply) => {
        const answer = await verify(request.body, request.params.cryptosuite);
        return 'code' in answer ? reply.code(400).type(PROBLEM_TYPE).send(answer) : reply.send(answer);
      },
    );

    app.post(
      '/vc-api/credentials/derive',
      {
        ...forPages,
        schema: {
          tags,
          summary: 'Derive a credential that shows only what is selected and what is mandatory; for holders',
          body: deriveBody,
          response: { 201: z.object({ verifiableCredential: z.looseObject({}) }), 400: z.looseObject(refused) },
        },
      },
      async (request, reply) => {
        const { verifiableCredential, options } = request.body;
        const derived = await deriving.deriveCredential(verifiableCredential, options?.selectivePointers ?? []);
        return reply.code(201).send({ verifiableCredential: derived });
      },
    );

    app.post(
      '/vc-api/presentations/verify',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary:
            'Verify a VC 2.0 presentation and every credential in it; 400 with the traces where one does not verify',
          body: presentationBody,
          response: { 200: presentationSchema, 400: whyNot },
        },
      },
      async (request, reply) => {
        const { verifiablePresentation, options } = request.body;
        const asked = { challenge: options?.challenge, domain: options?.domain };
        const verdict = await presentations.verifyW3cPresentation(verifiablePresentation, asked);
        const answer = {
          ...{ verified: verdict.verified, trace: stepsOf(verdict.trace) },
          credentialResults: verdict.credentials.map((one) => resultOf(one, options?.returnCredential === true)),
          ...returned(verdict, options?.returnPresentation === true),
        };
        if (verdict.verified) return reply.send({ ...answer, problemDetails: [] });
        const traces = [verdict.trace, ...verdict.credentials.map(({ trace }) => trace)].flat();
        return reply
          .code(400)
          .type(PROBLEM_TYPE)
          .send({ ...refusal(traces), ...answer, verified: false as const });
      },
    );
  };
}

function resultOf({ verified, trace, content }: VcVerdict, isReturned: boolean) {
  return { verified, trace: stepsOf(trace), ...(isReturned && verified && content ? { credential: content } : {}) };
}

function returned({ verified, content }: VcPresentationVerdict, isReturned: boolean) {
  return isReturned && verified && content ? { presentation: content } : {};
}

function stepsOf(trace: readonly TraceStep[]) {
  return trace.map((step) => ({ ...step }));
}

function refusal(trace: readonly TraceStep[]) {
  const failed = trace.find(({ outcome }) => outcome === 'failed');
  return {
    ...problemDocument(problem('CREDENTIAL_REFUSED', failed?.detail.en)),
    problemDetails: problemDetails(trace),
  };
}

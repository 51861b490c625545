// The verifier's side of the VC-API, for anybody: each answer has the trace of every step. Source: VC API, 3.3.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { problem, problemDocument } from '../../platform/problem.ts';
import { vcLimits } from '../credentials/vc-terms.ts';
import { problemDetails } from './vc-problem-details.ts';
import type { TraceStep } from './verdict.ts';
import type { VcVerdict, VerifyCredentialService } from './verify-credential-service.ts';
import type { VcPresentationVerdict, VerifyVcPresentationService } from './verify-vc-presentation-service.ts';

const tags = ['VC-API'];

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
  options: z.looseObject(common).nullish(),
});
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
}

export function vcApiVerifyRoutes({ credentials, presentations }: VcApiVerifyOptions): Routes {
  return async (app) => {
    app.post(
      '/vc-api/credentials/verify',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'Verify a VC 2.0; 400 with the trace where it does not verify',
          body: credentialBody,
          response: { 200: answerSchema, 400: whyNot },
        },
      },
      async (request, reply) => {
        const { verifiableCredential, options } = request.body;
        const verdict = await credentials.verifyW3cCredential(verifiableCredential);
        const answer = resultOf(verdict, options?.returnCredential === true);
        if (verdict.verified) return reply.send({ ...answer, problemDetails: [] });
        return reply
          .code(400)
          .type('application/problem+json')
          .send({ ...refusal(verdict.trace), ...answer, verified: false as const });
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
          .type('application/problem+json')
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

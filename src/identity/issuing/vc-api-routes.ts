// The issuer's side of the VC-API: issues W3C credentials and sets their status, for the operator's programs.
// Source: VC API, 3.2.
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { Problem } from '../../platform/problem.ts';
import { credentialFormats } from '../credentials/credential-formats.ts';
import { type EnvelopeMediaType, envelope } from '../credentials/vc-presentation.ts';
import { jsonPointer, oneOrMany, vcLimits } from '../credentials/vc-terms.ts';
import type { ChangeVcStatusService } from './change-vc-status-service.ts';
import type { IssueCredentialService } from './issue-credential-service.ts';

const tags = ['VC-API'];

const w3cFormatIds = credentialFormats.filter(({ secures }) => secures === 'w3c').map(({ id }) => id);
const problemSchema = z.looseObject({ title: z.string(), status: z.number(), code: z.string() });

const issueBody = z.object({
  credential: z.looseObject({}),
  options: z
    .looseObject({
      /** A cryptosuite, `vc+jwt` or `vc+sd-jwt`; one that the issuer's key is made for where absent. */
      format: z.enum(w3cFormatIds).optional(),
      cryptosuite: z.enum(w3cFormatIds).optional(),
      mandatoryPointers: z.array(jsonPointer).max(vcLimits.many).optional(),
      /** What its status is changed by later; the credential's own id where absent. */
      credentialId: z.string().min(1).max(vcLimits.url_chars).optional(),
    })
    .nullish(),
});

const statusBody = z.object({
  credentialId: z.string().min(1).max(vcLimits.url_chars),
  credentialStatus: oneOrMany(
    z.looseObject({ type: z.literal('BitstringStatusListEntry'), statusPurpose: z.enum(['revocation', 'suspension']) }),
  ),
  /** Whether the status is to be set. */
  status: z.boolean().default(true),
});

export interface VcApiOptions {
  issuing: IssueCredentialService;
  statuses: ChangeVcStatusService;
  /** Lets only the operator's programs by: throws NOT_SIGNED_IN. */
  requireOperator(request: FastifyRequest): Promise<void>;
  /** Whether anybody may have issued what is not of one of the city's own types. */
  isOpen: boolean;
}

export function vcApiRoutes({ issuing, statuses, requireOperator, isOpen }: VcApiOptions): Routes {
  async function isOperator(request: FastifyRequest): Promise<boolean> {
    try {
      await requireOperator(request);
      return true;
    } catch (error) {
      if (isOpen && error instanceof Problem && error.code === 'NOT_SIGNED_IN') return false;
      throw error;
    }
  }

  return async (app) => {
    const issueSchema = {
      tags,
      summary:
        'Issue a VC 2.0 with a proof or in an envelope, of the format that is named or that the issuer has a key for',
      body: issueBody,
      response: {
        201: z.object({ verifiableCredential: z.looseObject({}), credentialId: z.string() }),
        400: problemSchema,
      },
    };
    const preValidation = async (request: FastifyRequest) => {
      await isOperator(request);
    };
    async function issue({ credential, options }: z.infer<typeof issueBody>, request: FastifyRequest, format?: string) {
      const issued = await issuing.issueW3cCredential(credential, {
        format: options?.format ?? options?.cryptosuite ?? format,
        mandatoryPointers: options?.mandatoryPointers,
        name: options?.credentialId,
        mayIssueOwnTypes: await isOperator(request),
      });
      const verifiableCredential =
        typeof issued.credential === 'string' ? enveloped(issued.credential) : issued.credential;
      return { verifiableCredential, credentialId: issued.credentialId };
    }
    app.post('/vc-api/credentials/issue', { schema: issueSchema, preValidation }, async (request, reply) =>
      reply.code(201).send(await issue(request.body, request)),
    );
    // The same, for programs that know an address and nothing of options.
    app.post(
      '/vc-api/:format/credentials/issue',
      { schema: { ...issueSchema, params: z.object({ format: z.enum(w3cFormatIds) }) }, preValidation },
      async (request, reply) => reply.code(201).send(await issue(request.body, request, request.params.format)),
    );

    app.post(
      '/vc-api/credentials/status',
      {
        schema: {
          tags,
          summary: 'Set the status of a credential by its id and a purpose',
          body: statusBody,
          response: {
            200: z.object({ credentialId: z.string() }),
            400: problemSchema,
            404: problemSchema,
            409: problemSchema,
          },
        },
        preValidation: requireOperator,
      },
      async (request, reply) => {
        const { credentialId, credentialStatus, status } = request.body;
        const purposes = [credentialStatus].flat().map(({ statusPurpose }) => statusPurpose);
        await statuses.changeStatus({ credentialId, purposes, status });
        return reply.send({ credentialId });
      },
    );
  };
}

/** Both kinds of token end in what their last character says: an SD-JWT in a tilde. */
function enveloped(token: string) {
  const mediaType: EnvelopeMediaType = token.endsWith('~') ? 'application/vc+sd-jwt' : 'application/vc+jwt';
  return envelope('EnvelopedVerifiableCredential', { mediaType, token });
}

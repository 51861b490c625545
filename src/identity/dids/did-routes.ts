// DIDs over HTTP: register one, read its log.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { didLogLimits, parseDidLogText } from './did-log.ts';
import type { DidService } from './did-service.ts';

const tags = ['DIDs'];
const JSONL = 'text/jsonl';

const anchorSchema = z
  .looseObject({ status: z.enum(['pending', 'included', 'final']) })
  .nullable()
  .describe('Where the hash of the DID log is fixed; null while nothing is known of it');
const saltSchema = z.string().nullable().describe("base64url; null for an institution's DID");
const logEntrySchema = z.looseObject({ versionId: z.string() });

export function didRoutes({ dids }: { dids: DidService }): Routes {
  return async (app) => {
    app.addContentTypeParser(
      [JSONL, 'application/jsonl'],
      { parseAs: 'string', bodyLimit: didLogLimits.text_bytes },
      async (_request: unknown, body: string) => parseDidLogText(body),
    );

    app.get(
      '/dids/configuration',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'What a wallet needs to make a DID that belongs here',
          response: { 200: z.object({ domain: z.string(), path_prefix: z.string() }) },
        },
      },
      async () => dids.configuration(),
    );

    app.post(
      '/dids',
      {
        config: { openToPages: true },
        bodyLimit: didLogLimits.text_bytes,
        schema: {
          tags,
          summary: 'Register a did:webvh DID by the first entry of its log (JSON, or JSONL as text/jsonl)',
          body: z.union([logEntrySchema, z.array(logEntrySchema)]),
          response: { 201: z.object({ did: z.string(), anchor: anchorSchema, salt: saltSchema }) },
        },
      },
      async (request, reply) => {
        const log = Array.isArray(request.body) ? request.body : [request.body];
        const { did, anchor, salt } = await dids.registerDid(log);
        return reply.code(201).send({ did, anchor: anchor && { ...anchor }, salt });
      },
    );

    const log = { summary: 'A DID log, one entry a line', response: { 200: z.string() }, tags };
    app.get('/.well-known/did.jsonl', { config: { openToPages: true }, schema: log }, async (_request, reply) =>
      reply.type(JSONL).send(await dids.didLogOf('issuer')),
    );
    app.get(
      '/people/:id/did.jsonl',
      { config: { openToPages: true }, schema: { ...log, params: z.object({ id: z.string().max(64) }) } },
      async (request, reply) => reply.type(JSONL).send(await dids.didLogOf({ personId: request.params.id })),
    );
  };
}

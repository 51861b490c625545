// DIDs over HTTP: register one, read its log, resolve it in the universal resolver's shape.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { didLogLimits, parseDidLogText } from './did-log.ts';
import type { DidService, ResolvedDid } from './did-service.ts';

const tags = ['DIDs'];
const JSONL = 'text/jsonl';
const RESOLUTION = 'application/ld+json;profile="https://w3id.org/did-resolution"';

const anchorSchema = z
  .looseObject({ status: z.enum(['pending', 'included', 'final']) })
  .nullable()
  .describe('Where the hash of the DID log is fixed; null while nothing is known of it');
const saltSchema = z.string().nullable().describe("base64url; null for an institution's DID");
const logEntrySchema = z.looseObject({ versionId: z.string() });
const resolutionSchema = z.looseObject({
  '@context': z.string(),
  didDocument: z.looseObject({}).nullable(),
  didResolutionMetadata: z.looseObject({}),
  didDocumentMetadata: z.looseObject({}),
});

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

    app.get(
      '/1.0/identifiers/:did',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: 'Resolve a DID that is registered here, with its anchor',
          params: z.object({ did: z.string() }),
          response: { 200: resolutionSchema, 404: resolutionSchema },
        },
      },
      async (request, reply) => {
        const resolved = await dids.resolveDid(request.params.did);
        reply.type(RESOLUTION);
        return resolved ? reply.send(resolution(resolved)) : reply.code(404).send(notFound(request.params.did));
      },
    );
  };
}

/** Source: DID Resolution 0.3, section 8; `anchor` and `salt` are Naru's own. */
function resolution({ verified, anchor, salt }: ResolvedDid) {
  return {
    '@context': 'https://w3id.org/did-resolution/v1',
    didDocument: verified.document && { ...verified.document },
    didResolutionMetadata: { contentType: 'application/did+ld+json' },
    didDocumentMetadata: {
      versionId: verified.versionId,
      created: verified.created,
      updated: verified.updated,
      deactivated: verified.deactivated,
      versions: verified.versions,
      anchor,
      salt,
    },
  };
}

function notFound(did: string) {
  const isOfOurMethod = did.startsWith('did:webvh:');
  return {
    '@context': 'https://w3id.org/did-resolution/v1',
    didDocument: null,
    didResolutionMetadata: { error: isOfOurMethod ? 'notFound' : 'methodNotSupported' },
    didDocumentMetadata: {},
  };
}

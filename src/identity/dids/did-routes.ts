// DIDs over HTTP: register one, change it, erase it, read its log.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { didLogLimits, parseEntryLines } from './did-log.ts';
import type { DidService } from './did-service.ts';
import type { ResolvedDid } from './resolved-did.ts';

const tags = ['DIDs'];
const JSONL = 'text/jsonl';

const anchorSchema = z
  .looseObject({ status: z.enum(['pending', 'included', 'final']) })
  .nullable()
  .describe('Where the hash of the DID log is fixed; null while nothing is known of it');
const saltSchema = z.string().nullable().describe("base64url; null for an institution's DID");
const logEntrySchema = z.looseObject({ versionId: z.string() });
const entriesSchema = z.array(logEntrySchema).max(didLogLimits.entries);
const sentSchema = z.union([
  z
    .strictObject({ entries: entriesSchema, witness_proofs: z.array(z.looseObject({ versionId: z.string() })) })
    .describe('Entries, and what did-witness.json is to hold for them'),
  logEntrySchema,
  entriesSchema,
]);
const writtenSchema = z.object({ did: z.string(), anchor: anchorSchema, salt: saltSchema });
const personSchema = z.object({ id: z.string().max(64) });

export function didRoutes({ dids }: { dids: DidService }): Routes {
  return async (app) => {
    app.addContentTypeParser(
      [JSONL, 'application/jsonl'],
      { parseAs: 'string', bodyLimit: didLogLimits.change_bytes },
      async (_request: unknown, body: string) => parseEntryLines(body),
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
        bodyLimit: didLogLimits.registration_bytes,
        schema: {
          tags,
          summary: 'Register a did:webvh DID by the first entry of its log (JSON, or JSONL as text/jsonl)',
          body: sentSchema,
          response: { 201: writtenSchema },
        },
      },
      async (request, reply) => {
        const { entries, witnessProofs } = sentOf(request.body);
        return reply.code(201).send(written(await dids.registerDid(entries, witnessProofs)));
      },
    );

    const log = { summary: 'A DID log, one entry a line', response: { 200: z.string() }, tags };
    app.get('/.well-known/did.jsonl', { config: { openToPages: true }, schema: log }, async (_request, reply) =>
      reply.type(JSONL).send(await dids.didLogOf('issuer')),
    );
    app.get(
      '/people/:id/did.jsonl',
      { config: { openToPages: true }, schema: { ...log, params: personSchema } },
      async (request, reply) => reply.type(JSONL).send(await dids.didLogOf({ personId: request.params.id })),
    );
    app.get(
      '/people/:id/did-witness.json',
      {
        config: { openToPages: true },
        schema: {
          tags,
          summary: "The approvals of a DID log's witnesses, where it has any",
          params: personSchema,
          response: { 200: z.array(z.looseObject({ versionId: z.string() })) },
        },
      },
      async (request) => dids.witnessProofsOf(request.params.id),
    );

    const change = {
      config: { openToPages: true, rateLimit: { max: didLogLimits.changesPerMinute, timeWindow: 60_000 } },
      bodyLimit: didLogLimits.change_bytes,
    };
    app.post(
      '/people/:id/did.jsonl',
      {
        ...change,
        schema: {
          tags,
          summary: 'Continue a DID log by its next entries: rotation, recovery, deactivation',
          params: personSchema,
          body: sentSchema,
          response: { 200: writtenSchema },
        },
      },
      async (request) => {
        const { entries, witnessProofs } = sentOf(request.body);
        return written(await dids.appendToDidLog(request.params.id, entries, witnessProofs));
      },
    );
    app.delete(
      '/people/:id/did.jsonl',
      {
        ...change,
        schema: {
          tags,
          summary: 'Erase a DID by the entries that deactivate it; none where it is deactivated already',
          params: personSchema,
          body: sentSchema,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { entries, witnessProofs } = sentOf(request.body);
        await dids.eraseDid(request.params.id, entries, witnessProofs);
        return reply.code(204).send(null);
      },
    );
  };
}

function sentOf(body: z.infer<typeof sentSchema>): { entries: unknown[]; witnessProofs: unknown } {
  if (Array.isArray(body)) return { entries: body, witnessProofs: undefined };
  if ('witness_proofs' in body && 'entries' in body) {
    return { entries: body.entries as unknown[], witnessProofs: body.witness_proofs };
  }
  return { entries: [body], witnessProofs: undefined };
}

function written({ did, anchor, salt }: ResolvedDid) {
  return { did, anchor: anchor && { ...anchor }, salt };
}

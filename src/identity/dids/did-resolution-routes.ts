// The resolver over HTTP, in the universal resolver's shape. Source: DID Resolution 1.0 (Candidate Recommendation), 12.1.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import {
  chooseRepresentation,
  type DidErrorName,
  didError,
  didErrorStatus,
  draftErrorName,
  RESULT_LD,
  type Representation,
} from './did-resolution.ts';
import type { ResolveDidService } from './resolve-did-service.ts';

const PREFIX = '/1.0/identifiers/';
const DOCUMENT_TYPE = 'application/did+ld+json';

export function didResolutionRoutes({ resolver }: { resolver: ResolveDidService }): Routes {
  return async (app) => {
    app.get(
      `${PREFIX}:did`,
      {
        config: { openToPages: true },
        schema: {
          tags: ['DIDs'],
          summary:
            'Resolve a DID: one registered here with its anchor, or a did:webvh, web, key, jwk or ethr of others',
          params: z.object({ did: z.string() }),
          querystring: z.object({
            versionId: z.string().max(128).optional(),
            versionTime: z.string().max(64).optional(),
            noCache: z.enum(['true', 'false']).optional(),
            publicKeyFormat: z.string().max(64).optional(),
            enableEncryptionKeyDerivation: z.enum(['true', 'false']).optional(),
          }),
        },
      },
      async (request, reply) => {
        const { noCache, publicKeyFormat, enableEncryptionKeyDerivation, ...version } = request.query;
        const chosen = chooseRepresentation(request.headers.accept);
        reply.header('vary', 'Accept');
        const asked = didOfPath(request.url);
        // A path or a query that got here was encoded: it is part of a DID URL.
        const isUrl = /[#/?]/.test(asked);
        const refuse = (name: DidErrorName, detail: string) =>
          reply
            .code(didErrorStatus[name])
            .type(chosen?.of === 'result' ? chosen.contentType : 'application/did-resolution')
            .send(asBytes(refusedResult(name, detail, { isUrl, isDraft: chosen?.contentType === RESULT_LD })));
        if (chosen === null) {
          return refuse('REPRESENTATION_NOT_SUPPORTED', 'Ask for application/did-resolution or application/did.');
        }
        const options = {
          ...version,
          noCache: noCache === 'true',
          keys: { publicKeyFormat, enableEncryptionKeyDerivation: enableEncryptionKeyDerivation === 'true' },
        };
        const answer = await (isUrl ? resolver.dereference(asked, options) : resolver.resolve(asked, options));
        if (answer.error !== null) return refuse(answer.error, answer.detail);
        const { document, metadata, facts } = answer;
        reply.code(metadata.deactivated === true ? 410 : 200).type(chosen.contentType);
        if (chosen.of === 'document') return reply.send(asBytes(document));
        const about = { contentType: documentType(chosen), ...facts };
        return reply.send(asBytes(result(document, about, metadata, isUrl)));
      },
    );
  };
}

/**
 * With the older media type of results comes the older form: the error's name alone, and an empty document. The did:key
 * method still asks for it.
 */
function refusedResult(name: DidErrorName, detail: string, { isUrl, isDraft }: { isUrl: boolean; isDraft: boolean }) {
  const error = isDraft ? draftErrorName(name) : didError(name, detail);
  return result(isDraft ? {} : null, { error }, {}, isUrl);
}

/** Bytes, because the shell adds a charset to text, and these media types have none. */
function asBytes(body: object | null): Buffer {
  return Buffer.from(JSON.stringify(body));
}

function documentType(chosen: Representation): string {
  return chosen.of === 'document' ? chosen.contentType : DOCUMENT_TYPE;
}

function result(didDocument: object | null, about: object, didDocumentMetadata: object, isUrl: boolean) {
  return {
    '@context': 'https://w3id.org/did-resolution/v1',
    didDocument,
    [isUrl ? 'didDereferencingMetadata' : 'didResolutionMetadata']: about,
    didDocumentMetadata,
  };
}

/**
 * A DID written into the path as it is keeps its own `%3A`; one that was encoded for the path is decoded once. That it
 * was encoded shows in its colons, in an encoded percent sign, or in a character that only a DID URL has.
 */
function didOfPath(url: string): string {
  const [path = ''] = url.slice(PREFIX.length).split('?');
  if (path.startsWith('did:') && !/%(25|23|2F|3F)/i.test(path)) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

// Where wallets read what this issuer issues: as JSON or signed, in the languages they want.
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import { issuerPaths } from './issuer-metadata.ts';
import { wantedLanguages, wantsSigned } from './metadata-presentation.ts';
import { type MetadataService, metadataLimits } from './publish-metadata-service.ts';

export function issuerMetadataRoutes(publishing: MetadataService): Routes {
  return async (app) => {
    app.get(
      issuerPaths.issuerMetadata,
      {
        config: { openToPages: true },
        schema: {
          summary: 'What this issuer issues and where: JSON, or signed for `Accept: application/jwt`',
          tags: ['OpenID4VCI'],
          response: { 200: z.string() },
        },
      },
      async (request, reply) => {
        const languages = wantedLanguages(request.headers['accept-language']);
        const signed = wantsSigned(request.headers.accept);
        return reply
          .headers({
            'cache-control': `public, max-age=${metadataLimits.cache_s}`,
            'content-language': languages.join(', '),
            vary: 'Accept, Accept-Language',
          })
          .type(signed ? 'application/jwt' : 'application/json')
          .send(signed ? await publishing.asJwt(languages) : publishing.inJson(languages));
      },
    );
  };
}

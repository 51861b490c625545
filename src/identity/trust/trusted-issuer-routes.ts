// Which issuers are trusted for which types: for anybody to read and check, for the operator's programs to change.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import { anchorKey } from '../../anchoring/anchor-keys.ts';
import { toHex } from '../../anchoring/hexadecimal.ts';
import type { Routes } from '../../platform/http/http-server.ts';
import { entryOf, type TrustService } from './trust-issuer-service.ts';
import { trustOrderSchema } from './trusted-issuers.ts';

const tags = ['Trusted issuers'];
const listed = z.object({
  issuer: z.string(),
  types: z.array(z.string()),
  from: z.string(),
  until: z.string().nullable(),
  root: z.string().nullable().describe('The root certificate, DER as base64; null for a DID'),
  anchor_key: z.string().describe('Where the map holds the hash of the entry: GET /api/anchors/{key} proves it'),
});

export function trustedIssuerRoutes(parts: {
  trust: TrustService;
  requireOperator: preHandlerAsyncHookHandler;
}): Routes {
  const { trust, requireOperator } = parts;
  return async (app) => {
    app.get(
      '/trusted-issuers',
      {
        config: { openToPages: true },
        schema: { tags, summary: 'Who is trusted for what', response: { 200: z.object({ issuers: z.array(listed) }) } },
      },
      async () => ({
        issuers: (await trust.listTrust()).map((record) => ({
          ...entryOf(record),
          root: record.root && Buffer.from(record.root).toString('base64'),
          anchor_key: toHex(anchorKey('trusted-issuer', record.issuer)),
        })),
      }),
    );
    app.post(
      '/api/trusted-issuers',
      {
        preHandler: requireOperator,
        schema: {
          tags,
          summary: 'Trust an issuer, or change for what',
          body: trustOrderSchema,
          response: { 200: z.object({ issuer: z.string(), changed: z.boolean() }) },
        },
      },
      async ({ body }) => trust.trustIssuer(body, 'operator'),
    );
    app.post(
      '/api/trusted-issuers/end',
      {
        preHandler: requireOperator,
        schema: {
          tags,
          summary: 'Trust an issuer no longer',
          body: z.strictObject({ issuer: z.string().max(2_048) }),
          response: { 204: z.null() },
        },
      },
      async ({ body }, reply) => {
        await trust.endTrust(body.issuer, 'operator');
        return reply.code(204).send(null);
      },
    );
  };
}

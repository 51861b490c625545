// Anchors over HTTP, for anybody: wallets and auditors on other origins ask here.
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import { problem } from '../platform/problem.ts';
import type { AnchorService } from './anchor-service.ts';
import { bytes32 } from './hexadecimal.ts';

const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/);
const status = z.enum(['pending', 'included', 'final']);
const place = { chain_id: z.int(), contract: z.string(), registry_id: hex32 };
const inclusion = {
  transaction: hex32.nullable(),
  block: z.int().nullable(),
  block_time: z.iso.datetime().nullable(),
};

const anchor = z.object({
  status,
  key: hex32,
  value: hex32.nullable().describe('null: the map holds nothing under this key'),
  ...place,
  epoch: z.int().nullable().describe('null: the change waits for its epoch'),
  root: hex32.nullable(),
  ...inclusion,
  proof: z.string().nullable().describe('base64url of the compact proof from key and value to the root'),
});

const head = z.object({
  ...place,
  epoch: z.int().nullable(),
  root: hex32.nullable(),
  status: status.nullable(),
  ...inclusion,
  changes_waiting: z.int(),
});

const epochFacts = z.object({
  epoch: z.int(),
  previous_root: hex32,
  root: hex32,
  made_at: z.iso.datetime(),
  status,
  ...inclusion,
  disowned_at: z.iso
    .datetime()
    .nullable()
    .describe('when the operator said that this epoch of the chain is not theirs'),
  changes: z
    .array(
      z.object({
        key: hex32,
        value: hex32.nullable(),
        link: hex32.nullable().describe('SHA-256(link before, or previous_root, ‖ key ‖ value or 32 zero bytes)'),
      }),
    )
    .describe('in key order'),
  next_after: hex32.nullable().describe('ask for the next page with ?after=; null at the end'),
});

export function anchorRoutes(service: AnchorService): Routes {
  const config = { openToPages: true };
  const tags = ['anchors'];
  return async (app) => {
    app.get(
      '/api/anchors/head',
      { config, schema: { summary: 'The newest epoch, and what waits behind it', tags, response: { 200: head } } },
      () => service.head(),
    );
    app.get(
      '/api/anchors/:key',
      {
        config,
        schema: {
          summary: 'What stands under a key, with a proof of it or of its absence',
          tags,
          params: z.object({ key: hex32 }),
          response: { 200: anchor },
        },
      },
      async ({ params }) => {
        const found = await service.anchorOf(bytes32(params.key));
        if (found === null) throw problem('NOT_FOUND', 'Nothing is anchored yet.');
        return found;
      },
    );
    app.get(
      '/api/anchors/epochs/:epoch',
      {
        config,
        schema: {
          summary: 'An epoch and what it changed: the public log',
          tags,
          params: z.object({ epoch: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
          querystring: z.object({ after: hex32.optional() }),
          response: { 200: epochFacts },
        },
      },
      ({ params, query }) => service.epoch(params.epoch, query.after === undefined ? null : bytes32(query.after)),
    );
    app.get(
      '/api/anchors/log',
      {
        config,
        schema: {
          summary:
            'The whole public log for auditors, a line of JSON each: the place, epochs with their changes, the end',
          tags,
          querystring: z.object({ from: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(1) }),
        },
      },
      async ({ query }, reply) => {
        const lines = await service.log(query.from);
        return reply.type('application/jsonl; charset=utf-8').send(Readable.from(lines, { objectMode: false }));
      },
    );
  };
}

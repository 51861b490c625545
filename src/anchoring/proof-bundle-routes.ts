// Proof bundles over HTTP, for anybody: what a counter or a wallet keeps to check later without this service.
import { z } from 'zod';
import type { Routes } from '../platform/http/http-server.ts';
import { bytes32 } from './hexadecimal.ts';
import { proofBundle } from './proof-bundle.ts';
import type { ProofBundleService } from './proof-bundle-service.ts';

export function proofBundleRoutes({ bundleOf }: ProofBundleService): Routes {
  return async (app) => {
    app.get(
      '/api/anchors/:key/bundle',
      {
        config: { openToPages: true },
        schema: {
          summary: 'A proof of what stands under a key, with all that checks it without this service',
          tags: ['anchors'],
          params: z.object({ key: z.string().regex(/^0x[0-9a-f]{64}$/) }),
          response: { 200: proofBundle },
        },
      },
      ({ params }) => bundleOf(bytes32(params.key)),
    );
  };
}

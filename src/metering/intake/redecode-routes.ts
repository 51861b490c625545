// Decoding the quarantine again over HTTP, for signed-in staff.
import type { preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../../platform/http/http-server.ts';
import type { Redecoded } from './redecode-service.ts';

export interface RedecodeRoutesOptions {
  redecode(): Promise<Redecoded>;
  requireStaff: preHandlerAsyncHookHandler;
}

export function redecodeRoutes({ redecode, requireStaff }: RedecodeRoutesOptions): Routes {
  return async (app) => {
    app.post(
      '/api/utility/quarantine/redecode',
      {
        preHandler: requireStaff,
        schema: {
          summary: 'Decode all of the quarantine again with the decoders, keys and meters there are now',
          tags: ['intake'],
          response: { 200: z.object({ mended: z.int(), left: z.int() }) },
        },
      },
      async () => {
        const { uplinks, cleared } = await redecode();
        return { mended: cleared, left: uplinks - cleared };
      },
    );
  };
}

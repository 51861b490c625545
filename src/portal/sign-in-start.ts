// How a page begins a sign-in with the wallet: the same for citizens and for staff.
import { z } from 'zod';

/** Options of the route that begins one. */
export function signInStart(tag: string, summary: string) {
  return {
    config: { rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      tags: [tag],
      summary,
      body: z.object({ mode: z.enum(['same_device', 'cross_device']) }),
      response: {
        200: z.object({
          request_id: z.string(),
          authorization_request: z.string(),
          wallet_link: z.string(),
          expires_at: z.string(),
        }),
      },
    },
  };
}

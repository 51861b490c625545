// Lets programs of the operator in by a bearer token.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { problem } from '../problem.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * A guard for routes that only the operator's programs may call. Source: RFC 6750 section 2.1.
 * @param token absent: every call is refused
 */
export function operatorGuard(token: string | undefined) {
  const expected = token === undefined ? null : digest(token);
  return async (request: FastifyRequest): Promise<void> => {
    const [scheme, given] = request.headers.authorization?.split(' ') ?? [];
    const known =
      expected !== null &&
      scheme?.toLowerCase() === 'bearer' &&
      given !== undefined &&
      timingSafeEqual(digest(given), expected);
    if (!known) throw problem('NOT_SIGNED_IN', 'Authorization: send `Bearer` and the token in NARU_OPERATOR_TOKEN.');
  };
}

// The service as a conformance suite meets it: on a socket, known by its URL and its issuer's ids, on a real database.
import { afterAll } from 'vitest';
import { didKeyOf, type SigningKeyKind } from '../../src/identity/trust/signing-key.ts';
import { identityWorld } from '../support/identity-world.ts';
import { testDatabase } from '../support/test-database.ts';

export type Json = Record<string, unknown>;
export type Secured = Json & { proof: Json & { proofValue: string; verificationMethod: string } };

export interface Answer {
  status: number;
  body: Json & { verifiableCredential?: Secured; trace?: { step: string; outcome: string; reason: string }[] };
}

/** Call at the top of a test file; it is stopped at its end. */
export async function conformingService() {
  const database = await testDatabase();
  const world = await identityWorld(database.pool);
  // Suites date their proofs now.
  world.clock.time_ms = Date.now();
  const server = await world.startHttp();
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  afterAll(() => server.close());

  async function post(path: string, payload: object): Promise<Answer> {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer clerk' },
      body: JSON.stringify(payload),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  return {
    url,
    world,
    post,
    /** The service's key of this kind under the name that suites can dereference. */
    didKey: (kind: SigningKeyKind) => didKeyOf(world.issuer.keys, kind),
    verify: (verifiableCredential: unknown, options: object = { checks: ['proof'] }, path = '/vc-api') =>
      post(`${path}/credentials/verify`, { verifiableCredential, options }),
  };
}

export type ConformingService = Awaited<ReturnType<typeof conformingService>>;

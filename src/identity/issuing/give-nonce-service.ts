// The nonce endpoint: fresh nonces for key proofs, of which nothing is kept until they are spent.
import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';
import { credentialLimits } from './credential-request.ts';
import { NONCE_CHANCE_bytes, type NonceSeal } from './proof-nonce.ts';

export type NonceService = ReturnType<typeof createNonceService>;

export function createNonceService({ clock, random, seal }: { clock: Clock; random: Random; seal: NonceSeal }) {
  return {
    /** Source: OpenID4VCI 1.0, 7.2. */
    giveNonce(): { c_nonce: string } {
      const until_s = Math.floor(clock.now_ms() / 1_000) + credentialLimits.nonceLifetime_s;
      return { c_nonce: seal.make(random.bytes(NONCE_CHANCE_bytes), until_s) };
    },
  };
}

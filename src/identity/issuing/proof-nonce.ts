// Nonces of holders' proofs: each carries its end and a seal of the service, so that giving one out writes nothing, and
// whoever asks for a million fills no table. That each serves once is the store's part. Source: OpenID4VCI 1.0, 7.
import { createHmac, hkdfSync } from 'node:crypto';
import { sameSecret, secretHash } from '../secrets.ts';
import { credentialLimits } from './credential-request.ts';

const END_bytes = 6;
export const NONCE_CHANCE_bytes = 16;
const SEAL_bytes = 16;
const NONCE_bytes = END_bytes + NONCE_CHANCE_bytes + SEAL_bytes;

export interface NonceSeal {
  /** @param chance 16 unpredictable bytes */
  make(chance: Uint8Array, until_s: number): string;
  /** Seconds since 1970 at which the nonce ends; null where this service never gave it out. */
  endOf(nonce: string): number | null;
}

/** @param secret shared by all copies of the service */
export function nonceSeal(secret: string): NonceSeal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'naru/proof-nonce/2', 32));
  const sealOf = (content: Uint8Array) => createHmac('sha256', key).update(content).digest().subarray(0, SEAL_bytes);
  return {
    make(chance, until_s) {
      const content = Buffer.alloc(END_bytes + NONCE_CHANCE_bytes);
      content.writeUIntBE(until_s, 0, END_bytes);
      content.set(chance.subarray(0, NONCE_CHANCE_bytes), END_bytes);
      return Buffer.concat([content, sealOf(content)]).toString('base64url');
    },
    endOf(nonce) {
      const bytes = Buffer.from(nonce, 'base64url');
      // One spelling alone, so that a nonce cannot come back as another text.
      if (bytes.length !== NONCE_bytes || bytes.toString('base64url') !== nonce) return null;
      const content = bytes.subarray(0, END_bytes + NONCE_CHANCE_bytes);
      return sameSecret(sealOf(content), bytes.subarray(content.length)) ? content.readUIntBE(0, END_bytes) : null;
    },
  };
}

/** As the store keeps them: hashed, and for as long as a nonce can live. */
export function noncesToSpend(nonces: readonly string[], now_ms: number): { nonceHashes: Buffer[]; noncesUntil: Date } {
  return {
    nonceHashes: nonces.map((nonce) => secretHash('naru/proof-nonce/2', nonce)),
    noncesUntil: new Date(now_ms + credentialLimits.nonceLifetime_s * 1_000),
  };
}
